"""Scoring: an answer against the one that is right -> a Score; an Item and an answer -> a Scored, which has the
benchmark's official score too.

Pure functions: the same answer gets the same score, at any time, on any machine. An answer that cannot be read, is
empty, or was never given is wrong, and stays in the denominator.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from spatialvlm.answers import (
    Angle,
    Answer,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
)
from spatialvlm.evaluate.items import AnswerReading, Item, Rule
from spatialvlm.evaluate.metrics.angles import angle_ok
from spatialvlm.evaluate.metrics.boxes import LEAST_OVERLAP, overlap
from spatialvlm.evaluate.metrics.hours import clock_ok
from spatialvlm.evaluate.metrics.numbers import RULES
from spatialvlm.evaluate.metrics.points import in_polygon
from spatialvlm.evaluate.parsing.angle_answers import parse_angle
from spatialvlm.evaluate.parsing.box_answers import parse_box
from spatialvlm.evaluate.parsing.choice_answers import parse_choice
from spatialvlm.evaluate.parsing.extraction import UNFINISHED, ParsedAnswer
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.parsing.number_answers import parse_area, parse_clock, parse_count
from spatialvlm.evaluate.parsing.order_answers import parse_order
from spatialvlm.evaluate.parsing.point_answers import parse_points
from spatialvlm.evaluate.parsing.refusals import parse_refusal
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no
from spatialvlm.models import split_thinking
from spatialvlm.records import Score

PARSER = "robust-4"
"""The robust parser's name and version: it changes whenever an answer may be parsed otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """An item with its answer, how that was parsed, and its scores: values in [0, 1], never None.

    `answer` is None where none could be had. `official` is None where the benchmark has no official rule without a
    judge. `truncated` says that the answer was cut off at the longest length allowed, or its thinking never ended.
    """

    item: Item
    answer: str | None
    parsed: ParsedAnswer
    robust: Score
    official: Score | None
    truncated: bool = False


OfficialRule = Callable[[Item, str], Score]


def score_item(
    item: Item,
    answer: str | None,
    official: OfficialRule | None = None,
    *,
    truncated: bool = False,
    coordinates: str | None = None,
    size: tuple[int, int] | None = None,
) -> Scored:
    """Parse an answer and score it by both rules; `answer` None means that none could be had.

    `coordinates` is what numbers of places count in (`parsing.coordinates`), `size` that of the picture in pixels, each
    where it is known; `meta` of the item may tell the size too.
    """
    if answer is None:
        lost = Score(0.0, None, "no answer could be had")
        return Scored(item, None, ParsedAnswer(None, "no answer"), lost, lost if official else None, truncated)
    parsed = parse_answer(answer, item.truth, item.reading, size or item.size, coordinates)
    robust = score_parsed(parsed, item.truth, item.reading.rule)
    cut = truncated or parsed.how == UNFINISHED
    return Scored(item, answer, parsed, robust, official(item, answer) if official else None, cut)


def parse_answer(
    answer: str,
    truth: Answer,
    reading: AnswerReading,
    size: tuple[int, int] | None = None,
    coordinates: str | None = None,
) -> ParsedAnswer:
    """Parse an answer by the form of the one that is right; `size` is that of the image in pixels, if known.

    `coordinates` is what numbers of places count in that do not say it themselves, if that is known.
    """
    if split_thinking(answer).unfinished:
        return ParsedAnswer(None, UNFINISHED)
    match truth:
        case Length():
            return parse_length(answer, reading.unit)
        case Angle():
            return parse_angle(answer, reading.relation, reading.names)
        case Count():
            return parse_count(answer, reading.names)
        case Area():
            return parse_area(answer)
        case YesNo():
            return parse_yes_no(answer, reading.relation, restated=reading.restated)
        case Choice(options=options):
            return parse_choice(answer, options, reading)
        case Order(items=items):
            return parse_order(answer, items)
        case Clock():
            return parse_clock(answer, reading.names)
        case Region():
            return parse_points(answer, size, coordinates)
        case BoundingBox():
            return parse_box(answer, reading.unit, size, coordinates)
        case CannotTell():
            return parse_refusal(answer)


def score_parsed(parsed: ParsedAnswer, truth: Answer, rule: Rule | None = None) -> Score:
    """Score what was parsed: 1 right, 0 wrong, in between for rules that grade.

    `rule` None is the usual one: of lengths half to twice the truth, of counts and areas mean relative accuracy, of
    angles 10 degrees or 25 %, of hours one off, of boxes an overlap of half.
    """
    said = parsed.value
    if said is None:
        return Score(0.0, None, parsed.how)
    match truth:
        case Length(true):
            return _score_number(parsed, rule or "within_2", true)
        case Count(true) | Area(true):
            return _score_number(parsed, rule or "mra", true)
        case Angle(true):
            assert isinstance(said, float)
            value = float(angle_ok(_one(said), _one(true))[0]) if rule is None else _graded(rule, said, true)
            return _scored(value, parsed, _degrees(said), _degrees(true))
        case YesNo(yes):
            return _scored(said == yes, parsed, "yes" if said else "no", "yes" if yes else "no")
        case Choice(options, right):
            assert isinstance(said, int)
            return _scored(said == right, parsed, options[said], options[right])
        case Order(items):
            assert isinstance(said, tuple)
            named = ", ".join(items[place] for place in said if isinstance(place, int))
            return _scored(said == tuple(range(len(items))), parsed, named, ", ".join(items))
        case Clock(hour):
            right = bool(clock_ok(_one(said), _one(hour))[0])
            return _scored(right, parsed, f"{said} o'clock", f"{hour} o'clock")
        case Region(polygon):
            assert isinstance(said, tuple)
            return _score_point(parsed, np.array(said[:1], np.float64), polygon)
        case BoundingBox() as box:
            return _score_box(parsed, box)
        case CannotTell():
            return Score(float(said is True), "cannot tell", parsed.how)


def _score_number(parsed: ParsedAnswer, rule: Rule, true: float | int) -> Score:
    said = parsed.value
    assert isinstance(said, float | int)
    return _scored(_graded(rule, said, true), parsed, f"{said:.6g}", f"{true:.6g}")


def _score_point(
    parsed: ParsedAnswer, point: Float64[np.ndarray, "1 2"], polygon: tuple[tuple[float, float], ...]
) -> Score:
    inside = bool(in_polygon(point, np.array(polygon, np.float64).reshape(-1, 2))[0])
    where = "inside" if inside else "outside"
    return Score(float(inside), f"({point[0, 0]:.4g}, {point[0, 1]:.4g})", f"{parsed.how}: the first point is {where}")


def _score_box(parsed: ParsedAnswer, box: BoundingBox) -> Score:
    sides = np.array(parsed.value, np.float64).ravel().tolist()
    share = overlap(sides, box.corners)
    said = f"[{', '.join(f'{side:.4g}' for side in sides)}]"
    return Score(float(share >= LEAST_OVERLAP), said, f"{parsed.how}: overlaps by {share:.2f}")


def _scored(value: float | bool, parsed: ParsedAnswer, said: str, true: str) -> Score:
    return Score(float(value), said, f"{parsed.how}: {said} against {true}")


def _degrees(radians: float) -> str:
    return f"{math.degrees(radians):.4g}°"


def _graded(rule: Rule, value: float | int, true: float | int) -> float:
    return float(RULES[rule](_one(value), _one(true))[0])


def _one(value: object) -> Float64[np.ndarray, " 1"]:
    return np.array([value], np.float64)
