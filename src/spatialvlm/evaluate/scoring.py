"""Scoring: an Item and an answer -> a Scored, by the robust rule and by the benchmark's official one.

Pure functions: the same answer gets the same score, at any time, on any machine. An answer that cannot be read, is
empty, or was never given is wrong, and stays in the denominator.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from spatialvlm.evaluate.items import Choice, Clock, Item, Length, Number, Region, Rule, Truth, YesNo
from spatialvlm.evaluate.metrics.clock import clock_ok
from spatialvlm.evaluate.metrics.numbers import RULES
from spatialvlm.evaluate.metrics.points import in_polygon
from spatialvlm.evaluate.parsing.choice_answers import parse_choice
from spatialvlm.evaluate.parsing.extraction import ParsedAnswer
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.parsing.number_answers import parse_clock, parse_number
from spatialvlm.evaluate.parsing.point_answers import parse_points
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no
from spatialvlm.records import Score

PARSER = "robust-1"
"""The robust parser's name and version: it changes whenever an answer may be parsed otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """An item with its answer, how that was parsed, and its scores: values in [0, 1], never None.

    `answer` is None where none could be had. `official` is None where the benchmark has no official rule without a
    judge. `truncated` says that the answer was cut off at the longest length allowed.
    """

    item: Item
    answer: str | None
    parsed: ParsedAnswer
    robust: Score
    official: Score | None
    truncated: bool = False


OfficialRule = Callable[[Item, str], Score]


def score(item: Item, answer: str | None, official: OfficialRule | None = None, *, truncated: bool = False) -> Scored:
    """Parse an answer and score it by both rules; `answer` None means that none could be had."""
    if answer is None:
        lost = Score(0.0, None, "no answer could be had")
        return Scored(item, None, ParsedAnswer(None, "no answer"), lost, lost if official else None, truncated)
    parsed = parse_answer(answer, item)
    robust = score_parsed(parsed, item.truth)
    return Scored(item, answer, parsed, robust, official(item, answer) if official else None, truncated)


def parse_answer(answer: str, item: Item) -> ParsedAnswer:
    """Parse an answer by the form of the item's truth."""
    match item.truth:
        case Length(unit=unit):
            return parse_length(answer, unit)
        case Number():
            return parse_number(answer)
        case Choice() as truth:
            return parse_choice(answer, truth)
        case YesNo() as truth:
            return parse_yes_no(answer, truth)
        case Clock():
            return parse_clock(answer)
        case Region():
            size = item.meta.get("size")
            return parse_points(answer, None if size is None else (int(size[0]), int(size[1])))


def score_parsed(parsed: ParsedAnswer, truth: Truth) -> Score:
    """Score what was parsed by the robust rule: 1 right, 0 wrong, in between for rules that grade (MRA)."""
    value = parsed.value
    if value is None:
        return Score(0.0, None, parsed.how)
    match truth:
        case Length(metres=true, rule=rule) | Number(value=true, rule=rule):
            assert isinstance(value, float | int)
            return Score(_graded(rule, value, true), f"{value:.6g}", f"{parsed.how}: {value:.6g} against {true:.6g}")
        case Choice(options=options, right=right):
            assert isinstance(value, int)
            said = options[value]
            return Score(float(value == right), said, f"{parsed.how}: {said!r} against {options[right]!r}")
        case YesNo(right=right):
            said = "yes" if value else "no"
            return Score(float(value == right), said, f"{parsed.how}: {said} against {'yes' if right else 'no'}")
        case Clock(hour=hour):
            return Score(
                float(clock_ok(_one(value), _one(hour))[0]),
                f"{value} o'clock",
                f"{parsed.how}: {value} against {hour}",
            )
        case Region(polygon=polygon):
            assert isinstance(value, tuple)
            x, y = value[0]
            inside = bool(in_polygon(np.array([[x, y]]), np.array(polygon, np.float64).reshape(-1, 2))[0])
            where = "inside" if inside else "outside"
            return Score(float(inside), f"({x:.4g}, {y:.4g})", f"{parsed.how}: the first point is {where}")


def _graded(rule: Rule, value: float, true: float) -> float:
    return float(RULES[rule](_one(value), _one(true))[0])


def _one(value: object) -> Float64[np.ndarray, " 1"]:
    return np.array([value], np.float64)
