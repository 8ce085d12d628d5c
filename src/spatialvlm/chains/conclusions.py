"""From the numbers of steps to an Answer, and the margins by which it holds.

A margin is a number whose sign the answer rests on: it must be away from zero by `SIGMAS` of its error.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from spatialvlm.answers import Answer, Choice, Count, Length, Order, YesNo
from spatialvlm.chains.chain_records import Conclusion
from spatialvlm.chains.uncertain_numbers import UncertainNumber, Working

SIGMAS = 3.0


def conclude(conclusion: Conclusion, numbers: Sequence[float]) -> Answer | None:
    """Draw the conclusion from the numbers of all steps; None where they are not what it takes for one."""
    of, options = [numbers[step - 1] for step in conclusion.of], conclusion.options
    match conclusion.rule:
        case "greater":
            return YesNo(of[0] > of[1])
        case "any_less":
            return YesNo(any(one < other for one, other in zip(of[::2], of[1::2])))
        case "greatest":
            return Choice(options, of.index(max(of)))
        case "least":
            return Choice(options, of.index(min(of)))
        case "ascending":
            return Order(tuple(options[place] for place in _sorted(of)))
        case "descending":
            return Order(tuple(options[place] for place in reversed(_sorted(of))))
        case "chained":
            return Order(options) if min(of) > 0.0 else None
        case "amount":
            return Length(of[0])
        case "whole":
            return Count(rounded(of[0]))


def rounded(number: float) -> int:
    """Round to the nearest whole number, halves up."""
    return math.floor(number + 0.5)


def margins(conclusion: Conclusion, numbers: Sequence[UncertainNumber]) -> list[UncertainNumber]:
    """List what the conclusion rests on."""
    of = [numbers[step - 1] for step in conclusion.of]
    match conclusion.rule:
        case "greater":
            return [of[0].minus(of[1])]
        case "any_less":
            every = [one.minus(other) for one, other in zip(of[::2], of[1::2])]
            least = min(every, key=lambda margin: margin.value)  # one that is less is enough; for no, all must be more
            return [least] if least.value < 0.0 else every
        case "greatest":
            best = max(of, key=lambda one: one.value)
            return [best.minus(one) for one in of if one is not best]
        case "least":
            best = min(of, key=lambda one: one.value)
            return [one.minus(best) for one in of if one is not best]
        case "ascending" | "descending":
            return [of[after].minus(of[before]) for before, after in pairwise(_sorted([one.value for one in of]))]
        case "chained":
            return of
        case "amount":
            return []
        case "whole":
            nearest = rounded(of[0].value)
            return [of[0].plus_constant(0.5 - nearest), of[0].plus_constant(nearest + 0.5, -1)]


def sigmas(conclusion: Conclusion, working: Working) -> float:
    """Say by how many sigmas the conclusion holds, by its tightest margin."""
    return min((sigmas_of(margin, working) for margin in margins(conclusion, working.steps)), default=math.inf)


def sigmas_of(margin: UncertainNumber, working: Working) -> float:
    """Say how many of its sigmas a margin is away from zero."""
    return abs(margin.value) / max(working.error(margin), 1e-12)


def _sorted(numbers: Sequence[float]) -> list[int]:
    return sorted(range(len(numbers)), key=lambda place: numbers[place])
