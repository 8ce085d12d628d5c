"""Read any questions of one's own: a dataset that `spatialvlm build` wrote, or a JSONL file.

One JSON object a line (docs/evaluate.md has the table):

    {"id": "1", "image": "desk.png", "question": "How wide is the desk?", "form": "length", "answer": "about 1.2 m"}
    {"id": "2", "image": "desk.png", "question": "Which is taller?", "form": "choice", "answer": "the lamp",
     "options": ["the mug", "the lamp"]}

`image` (or `images`, a list) is a path relative to the file. What `spatialvlm annotate` writes is such a file: of
several lines with the same id the last one counts; skipped images, questions that nobody could answer and answers of
the form "text", which only a judge could score, are left out, and `left_out` counts them. A line without an id has the
number of its line for one.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast

from spatialvlm.dataset import read_dataset
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import FORMS, Choice, Clock, Item, Length, Number, Region, Rule, Truth, YesNo
from spatialvlm.evaluate.metrics.numbers import RULES
from spatialvlm.evaluate.parsing.choice_answers import LETTERS, parse_choice
from spatialvlm.evaluate.parsing.length_answers import parse_length
from spatialvlm.evaluate.parsing.units import unit_of
from spatialvlm.evaluate.parsing.yes_no_answers import parse_yes_no
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import files_of, numbered
from spatialvlm.evaluate.tasks.dataset_items import SAY_LENGTH, SAY_YES_NO, items_from_dataset
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.quantities import UNITS

UNSCORED = "text"
_SAY = {
    "length": SAY_LENGTH,
    "yes_no": SAY_YES_NO,
    "number": "Answer with a number.",
    "clock": "Answer with an hour of the clock.",
    "region": "Answer with one point (x, y), both as shares of the image's width and height.",
}


_EXPECTED = {
    "length": "metres, or a text with a unit, not negative",
    "number": "a number, not negative",
    "clock": "a whole hour, 1 to 12",
    "yes_no": "true, false, yes or no",
    "choice": "one of 'options', its letter, or its place from 0",
    "region": "three or more corners [x, y]",
}


@dataclass(frozen=True, slots=True)
class _JsonLine:
    file: Path
    number: int
    row: Mapping[str, Any]

    @property
    def where(self) -> str:
        return f"{self.file} line {self.number}"


def items(folder: Path) -> Iterator[Item]:
    """Read the questions of a dataset folder, of a JSONL file, or of all JSONL files in a folder."""
    if _is_dataset(folder):
        return items_from_dataset(read_dataset(folder))
    return (
        _item(folder, id_, line.row) for id_, line in _lines(folder)[0].items() if _reason_left_out(line.row) is None
    )


def left_out(path: Path) -> dict[str, int]:
    """Count by reason the lines of a JSONL file, or of all in a folder, that are no items; of a dataset none.

    Raises UserError where `items` does for the lines as such.
    """
    if _is_dataset(path):
        return {}
    kept, superseded = _lines(path)
    reasons = Counter({"superseded by a later line": superseded})
    reasons.update(reason for line in kept.values() if (reason := _reason_left_out(line.row)) is not None)
    return {reason: count for reason, count in sorted(reasons.items()) if count}


def _is_dataset(path: Path) -> bool:
    return (path / "manifest.jsonl").exists()


def _reason_left_out(row: Mapping[str, Any]) -> str | None:
    if row.get("decision") == "skip":
        return "skipped"
    if row.get("answer") is None:
        return "without an answer"
    return "free text, which no rule can score" if row.get("form") == UNSCORED else None


def _lines(path: Path) -> tuple[dict[str, _JsonLine], int]:
    """Read the last line of each id, in the order in which ids appear; and count those before another one."""
    found: dict[str, _JsonLine] = {}
    unnamed: dict[str, _JsonLine] = {}
    superseded = 0
    for file in files_of(path, "*.jsonl"):
        for number, row in numbered(file):
            line, id_ = _JsonLine(file, number, row), row.get("id")
            if id_ is None:
                id_ = str(number)
                if id_ in found:
                    raise _same_id_error(id_, found[id_], line)
                unnamed[id_] = line
            elif isinstance(id_, bool) or not isinstance(id_, str | int) or not str(id_).strip():
                raise UserError(f"{line.where}: got the id {id_!r}; expected text")
            elif str(id_) in unnamed or (str(id_) in found and found[str(id_)].file != file):
                raise _same_id_error(str(id_), found[str(id_)], line)
            superseded += str(id_) in found
            found[str(id_)] = line
    return found, superseded


def _same_id_error(id_: str, first: _JsonLine, second: _JsonLine) -> UserError:
    return UserError(
        f"id {id_!r}: of {first.where} and of {second.where}; a line without an id has its number for one: give every "
        "line an id of its own, or name one file"
    )


def _item(path: Path, id_: str, row: Mapping[str, Any]) -> Item:
    where = f"{path} id {id_!r}"
    question, form, prompt = row.get("question"), row.get("form"), row.get("prompt")
    if not isinstance(question, str) or not question.strip():
        raise UserError(f"{where}: has no question; expected a text under 'question'")
    if form not in tuple(FORMS):
        raise UserError(f"{where}: got the form {form!r}; expected one of {', '.join(FORMS)}")
    if prompt is not None and not isinstance(prompt, str):
        raise UserError(f"{where}: got the prompt {_shown(prompt)}; expected a text, or leave 'prompt' out")
    cells = row["images"] if row.get("images") else [row.get("image")]
    if not isinstance(cells, list):
        raise UserError(f"{where}: got the images {_shown(cells)}; expected a list of paths, or one under 'image'")
    try:
        pictures = tuple(read_picture(cell, path) for cell in cells)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    truth = _truth(where, str(form), row)
    if prompt is None or not prompt.strip():
        prompt = f"{question} {_instruction(truth, str(form))}"
    kind = str(row.get("kind") or form)
    return Item(id_, kind, question, prompt, pictures, truth, {"annotator": row.get("annotator")})


def _instruction(truth: Truth, form: str) -> str:
    if not isinstance(truth, Choice):
        return _SAY[form]
    listed = " ".join(f"({letter}) {option}" for letter, option in zip(LETTERS, truth.options, strict=False))
    return f"{listed} Answer with the letter of one option."


def _truth(where: str, form: str, row: Mapping[str, Any]) -> Truth:
    """Read what is right from the answer of a line. Raises UserError where it does not fit the form."""
    answer = row["answer"]
    match form:
        case "length":
            unit = _unit(where, row.get("unit"))
            said = answer if _is_number(answer) else parse_length(str(answer), unit).value
            if (metres := _not_negative(said)) is not None:
                return Length(metres, _rule(where, row.get("rule"), "within_2"), unit)
        case "number":
            if (value := _not_negative(answer)) is not None:
                return Number(value, _rule(where, row.get("rule"), "mra"))
        case "clock":
            if _is_number(answer) and answer in range(1, 13):
                return Clock(int(answer))
        case "yes_no":
            said = answer if isinstance(answer, bool) else parse_yes_no(str(answer), YesNo(True)).value
            if isinstance(said, bool):
                return YesNo(said)
        case "choice":
            options = _options(where, row.get("options"))
            if (place := _place(answer, options)) is not None:
                return Choice(options, place)
        case _:
            return Region(_corners(where, answer))
    _refuse(where, answer, _EXPECTED[form])


def _refuse(where: str, answer: Any, expected: str) -> NoReturn:
    raise UserError(f"{where}: got the answer {_shown(answer)}, expected {expected}; mend or remove the line")


def _shown(value: Any) -> str:
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
        raise UserError(f"{where}: got the unit {_shown(unit)}; expected one of {names}, or leave 'unit' out")
    return known.name


def _rule(where: str, rule: Any, usual: Rule) -> Rule:
    if rule is None:
        return usual
    if rule not in tuple(RULES):
        raise UserError(f"{where}: got the rule {_shown(rule)}; expected one of {', '.join(RULES)}")
    return cast(Rule, rule)


def _options(where: str, options: Any) -> tuple[str, ...]:
    texts = isinstance(options, list) and all(isinstance(option, str) and option.strip() for option in options)
    if not texts or len(options) < 2:
        raise UserError(f"{where}: got the options {_shown(options)}; expected two or more texts under 'options'")
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
    place = exact[0] if exact else parse_choice(answer, Choice(options, 0)).value
    return place if isinstance(place, int) else None


def _number_of(option: str) -> float | None:
    try:
        return float(option)
    except ValueError:
        return None


def _corners(where: str, answer: Any) -> tuple[tuple[float, float], ...]:
    try:
        corners = tuple((float(x), float(y)) for x, y in answer)
    except (TypeError, ValueError, OverflowError):
        corners = ()
    if len(corners) < 3:
        _refuse(where, answer, _EXPECTED["region"])
    wrong = [corner for corner in corners if not all(math.isfinite(value) and 0 <= value <= 1 for value in corner)]
    if wrong:
        expected = "corners as shares of width and height, 0 to 1"
        _refuse(where, answer, f"{expected}, not {list(wrong[0])}: in pixels? divide by the size")
    return corners


TASK = Task(
    "folder",
    "your own questions: a dataset of `spatialvlm build`, or a JSONL file",
    None,
    items,
    source="docs/evaluate.md",
    left_out=left_out,
)
