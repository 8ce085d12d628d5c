"""Numbers with their errors, through sums, differences and ratios.

An uncertain number knows how far it moves when each measured length moves: its slopes. The error of scale stretches all
lengths of a scene together, so it cancels in a ratio, and in a difference it counts for the difference alone. What is
left of each length's error is its own; where two lengths share an object it may be the same error twice, and is added
in full.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spatialvlm.answers import Length
from spatialvlm.chains.chain_records import Combine
from spatialvlm.errors import ContractError
from spatialvlm.records import Fact


@dataclass(frozen=True, slots=True)
class UncertainNumber:
    """A number, and how far it moves per unit of each measured length."""

    value: float
    slopes: tuple[float, ...]

    def minus(self, other: "UncertainNumber") -> "UncertainNumber":
        """Subtract another one."""
        return _weighted(self.value - other.value, [(1.0, self), (-1.0, other)])

    def plus_constant(self, constant: float, sign: int = 1) -> "UncertainNumber":
        """Add a constant to it, or to its opposite where `sign` is -1."""
        return _weighted(sign * self.value + constant, [(float(sign), self)])


class Working:
    """The steps of a chain as they are computed, in their order, on a scene with this relative error of scale."""

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._numbers: list[float] = []
        self._stretched: list[float] = []
        self._own: list[float] = []
        self._subjects: list[frozenset[str]] = []
        self.steps: list[UncertainNumber] = []

    def measured(self, fact: Fact) -> UncertainNumber:
        """Take a measured length as the next step."""
        number = length_of(fact)
        own = math.sqrt(max(fact.error**2 - (self._scale * number) ** 2, 0.0))
        return self._taken(number, own, frozenset(fact.subjects), stretched=number)

    def told(self, number: float, error: float, subjects: Sequence[str] = ()) -> UncertainNumber:
        """Take a number that does not stretch with the scene, such as an angle, as the next step."""
        return self._taken(number, error, frozenset(subjects), stretched=0.0)

    def combined(self, combine: Combine) -> UncertainNumber:
        """Combine earlier steps into the next one."""
        return self._next(combined(combine, [self.steps[step - 1] for step in combine.of]))

    def error(self, number: UncertainNumber) -> float:
        """Compute the 1-sigma error of a number."""
        slopes = number.slopes
        moves = [slope * own for slope, own in zip(slopes, self._own)]
        shared = self._scale * sum(slope * number for slope, number in zip(slopes, self._stretched))
        variance = shared**2
        for i, one in enumerate(moves):
            for j, other in enumerate(moves):
                if i == j or self._subjects[i] & self._subjects[j]:
                    variance += abs(one * other)
        return math.sqrt(variance)

    def _taken(self, number: float, own: float, subjects: frozenset[str], stretched: float) -> UncertainNumber:
        place = len(self._numbers)
        self._numbers.append(number)
        self._stretched.append(stretched)
        self._own.append(own)
        self._subjects.append(subjects)
        return self._next(UncertainNumber(number, (*[0.0] * place, 1.0)))

    def _next(self, number: UncertainNumber) -> UncertainNumber:
        self.steps.append(number)
        return number


def length_of(fact: Fact) -> float:
    """Return the metres of a fact that is a length."""
    if not isinstance(fact.answer, Length):
        raise ContractError(f"fact {fact.kind} about {fact.subjects}: got {fact.answer!r}, chains are made of lengths")
    return fact.answer.metres


def combined(combine: Combine, of: Sequence[UncertainNumber]) -> UncertainNumber:
    """Combine numbers as is said."""
    value = combined_value(combine, [one.value for one in of])
    match combine.op:
        case "given":
            return UncertainNumber(value, ())
        case "times":
            return _weighted(value, [(combine.factor, of[0])])
        case "sum":
            return _weighted(value, [(1.0, one) for one in of])
        case "difference":
            return _weighted(value, [(1.0, of[0]), (-1.0, of[1])])
        case "ratio":
            return _weighted(value, [(1.0 / of[1].value, of[0]), (-value / of[1].value, of[1])])


def combined_value(combine: Combine, of: Sequence[float]) -> float:
    """Combine plain numbers as is said."""
    match combine.op:
        case "given":
            return combine.factor
        case "times":
            return combine.factor * of[0]
        case "sum":
            return sum(of)
        case "difference":
            return of[0] - of[1]
        case "ratio":
            return of[0] / of[1]


def _weighted(value: float, parts: Sequence[tuple[float, UncertainNumber]]) -> UncertainNumber:
    width = max((len(one.slopes) for _, one in parts), default=0)
    slopes = [0.0] * width
    for weight, one in parts:
        for place, slope in enumerate(one.slopes):
            slopes[place] += weight * slope
    return UncertainNumber(value, tuple(slopes))
