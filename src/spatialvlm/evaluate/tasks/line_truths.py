"""Read what is right from a line of JSON: its `form` and `answer`, with `options`, `unit` and `rule`, -> an Answer.

docs/evaluate.md has the table of what each form takes.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from spatialvlm.answers import (
    FORMS,
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
    form_of,
)
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Rule
from spatialvlm.evaluate.metrics.numbers import RULES
from spatialvlm.evaluate.parsing.angle_answers import parse_angle
from spatialvlm.evaluate.parsing.choice_answers import LETTERS, parse_choice
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.parsing.units import unit_of
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no
from spatialvlm.quantities import UNITS

NUMBER = "number"
"""What people call a count."""
_SAY = {
    "length": "Answer with a number and its unit.",
    "angle": "Answer with a number of degrees.",
    "count": "Answer with a number.",
    "area": "Answer with a number of square meters.",
    "yes_no": "Answer yes or no.",
    "order": "Answer with all of their names in order, separated by commas.",
    "clock": "Answer with an hour of the clock.",
    "cannot_tell": "Answer in a few words.",
    "region": "Answer with one point (x, y), both as shares of the image's width and height.",
    "bounding_box": "Answer with a box [x1, y1, x2, y2], as shares of the image's width and height.",
}


_EXPECTED = {
    "length": "metres, or a text with a unit, not negative",
    "angle": "degrees, or a text with a unit",
    "count": "a whole number, not negative; a length or an area has a form of its own",
    "area": "square metres, not negative",
    "clock": "a whole hour, 1 to 12",
    "yes_no": "true, false, yes or no",
    "choice": "one of 'options', its letter, or its place from 0",
    "order": "a list of two or more names that differ",
    "cannot_tell": "a text, the reason",
    "region": "three or more corners [x, y]",
    "bounding_box": "left, top, right, bottom",
}


def instruction(truth: Answer) -> str:
    """Say what to answer with."""
    if not isinstance(truth, Choice):
        return _SAY[form_of(truth)]
    listed = " ".join(f"({letter}) {option}" for letter, option in zip(LETTERS, truth.options, strict=False))
    return f"{listed} Answer with the letter of one option."


def reading_of_line(where: str, row: Mapping[str, Any]) -> AnswerReading:
    """Read how answers are read and graded. Raises UserError for an unknown rule or unit."""
    return AnswerReading(_rule(where, row.get("rule")), _unit(where, row.get("unit")))


def truth_of_line(where: str, row: Mapping[str, Any], unit: str | None) -> Answer:
    """Read what is right from the answer of a line. Raises UserError where it does not fit the form."""
    form, answer = row.get("form"), row["answer"]
    if form not in (*FORMS, NUMBER):
        raise UserError(f"{where}: got the form {form!r}; expected one of {', '.join(FORMS)}, or {NUMBER}")
    form = "count" if form == NUMBER else str(form)
    match form:
        case "length":
            said = answer if _is_number(answer) else parse_length(str(answer), unit).value
            if (metres := _not_negative(said)) is not None:
                return Length(metres)
        case "angle":
            said = math.radians(answer) if _is_number(answer) else parse_angle(str(answer)).value
            if isinstance(said, float) and math.isfinite(said):
                return Angle(said)
        case "count":
            if (number := _not_negative(answer)) is not None and number.is_integer():
                return Count(int(number))
        case "area":
            if (square_metres := _not_negative(answer)) is not None:
                return Area(square_metres)
        case "clock":
            if _is_number(answer) and answer in range(1, 13):
                return Clock(int(answer))
        case "yes_no":
            said = answer if isinstance(answer, bool) else parse_yes_no(str(answer)).value
            if isinstance(said, bool):
                return YesNo(said)
        case "choice":
            options = _options(where, row.get("options"))
            if (place := _place(answer, options)) is not None:
                return Choice(options, place)
        case "order":
            if isinstance(answer, list) and _texts_differ(answer):
                return Order(tuple(answer))
        case "cannot_tell":
            if isinstance(answer, str):
                return CannotTell(answer)
        case "bounding_box":
            if isinstance(answer, list) and len(answer) == 4:
                (left, top), (right, bottom) = _places(where, form, [answer[:2], answer[2:]])
                if left < right and top < bottom:
                    return BoundingBox(left, top, right, bottom)
        case _:
            return Region(_corners(where, answer))
    _refuse(where, answer, _EXPECTED[form])


def _texts_differ(texts: list[Any]) -> bool:
    """Return whether there are two or more texts, none of them twice."""
    given = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    return len(texts) >= 2 and len(set(given)) == len(texts)


def _refuse(where: str, answer: Any, expected: str) -> NoReturn:
    raise UserError(f"{where}: got the answer {shown(answer)}, expected {expected}; mend or remove the line")


def shown(value: Any) -> str:
    """Show a value of a line, shortened."""
    return json.dumps(value)[:80]


def _is_number(answer: Any) -> bool:
    return isinstance(answer, float | int) and not isinstance(answer, bool)


def _not_negative(value: Any) -> float | None:
    """Convert a number, finite and not below 0; None for anything else. An integer may be too large for a float."""
    return float(value) if _is_number(value) and 0 <= value < 1e300 else None


def _unit(where: str, unit: Any) -> str | None:
    if unit is None:
        return None
    known = unit_of(unit) if isinstance(unit, str) else None
    if known is None:
        names = ", ".join(one.name for one in UNITS)
        raise UserError(f"{where}: got the unit {shown(unit)}; expected one of {names}, or leave 'unit' out")
    return known.name


def _rule(where: str, rule: Any) -> Rule | None:
    if rule is None:
        return None
    if rule not in tuple(RULES):
        raise UserError(f"{where}: got the rule {shown(rule)}; expected one of {', '.join(RULES)}")
    return cast(Rule, rule)


def _options(where: str, options: Any) -> tuple[str, ...]:
    texts = isinstance(options, list) and all(isinstance(option, str) and option.strip() for option in options)
    if not texts or len(options) < 2:
        raise UserError(f"{where}: got the options {shown(options)}; expected two or more texts under 'options'")
    if len(options) > len(LETTERS):
        raise UserError(f"{where}: got {len(options)} options, more than {len(LETTERS)}, which is as far as letters go")
    twice = [option for option, count in Counter(option.strip() for option in options).items() if count > 1]
    if twice:
        raise UserError(f"{where}: got the option {twice[0]!r} more than once; expected options that differ")
    return tuple(options)


def _place(answer: Any, options: tuple[str, ...]) -> int | None:
    """Find the right option: of that number, at that place from 0, of that letter or of those words."""
    if _is_number(answer):
        same = [place for place, option in enumerate(options) if _number_of(option) == answer]
        at = [answer] if not same and isinstance(answer, int) and 0 <= answer < len(options) else []
        found = same or at
        return found[0] if len(found) == 1 else None
    if not isinstance(answer, str):
        return None
    exact = [place for place, option in enumerate(options) if option.strip() == answer.strip()]
    place = exact[0] if exact else parse_choice(answer, options, AnswerReading()).value
    return place if isinstance(place, int) else None


def _number_of(option: str) -> float | None:
    try:
        return float(option)
    except ValueError:
        return None


def _corners(where: str, answer: Any) -> tuple[tuple[float, float], ...]:
    corners = _places(where, "region", answer)
    if len(corners) < 3:
        _refuse(where, answer, _EXPECTED["region"])
    return corners


def _places(where: str, form: str, answer: Any) -> tuple[tuple[float, float], ...]:
    try:
        corners = tuple((float(x), float(y)) for x, y in answer)
    except (TypeError, ValueError, OverflowError):
        _refuse(where, answer, _EXPECTED[form])
    wrong = [corner for corner in corners if not all(math.isfinite(value) and 0 <= value <= 1 for value in corner)]
    if wrong:
        expected = "corners as shares of width and height, 0 to 1"
        _refuse(where, answer, f"{expected}, not {list(wrong[0])}: in pixels? divide by the size")
    return corners
