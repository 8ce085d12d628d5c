"""Any questions of one's own: a dataset that `spatialvlm build` wrote, or a JSONL file.

One JSON object a line (docs/evaluate.md has the table):

    {"id": "1", "image": "desk.png", "question": "How wide is the desk?", "form": "length", "answer": "about 1.2 m"}
    {"id": "2", "image": "desk.png", "question": "Which is taller?", "form": "choice", "answer": "the lamp",
     "options": ["the mug", "the lamp"]}

`image` (or `images`, a list) is a path relative to the file. What `spatialvlm annotate` writes is such a file: of
several lines with the same id the last one counts; skipped images, questions that nobody could answer and answers of
the form "text", which only a judge could score, are left out.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import FORMS, Choice, Clock, Item, Length, Number, Region, Truth, YesNo
from spatialvlm.evaluate.reading.lengths import read_length
from spatialvlm.evaluate.reading.options import LETTERS, read_option
from spatialvlm.evaluate.reading.yes_no import read_yes_no
from spatialvlm.evaluate.tasks import Task
from spatialvlm.evaluate.tasks.asked import SAY_LENGTH, SAY_YES_NO, items_of
from spatialvlm.evaluate.tasks.data import picture, rows
from spatialvlm.pipeline.write.read import read_dataset

UNSCORED = "text"
_SAY = {
    "length": SAY_LENGTH,
    "yes_no": SAY_YES_NO,
    "number": "Answer with a number.",
    "clock": "Answer with an hour of the clock.",
    "region": "Answer with one point (x, y), both as shares of the image's width and height.",
}


def items(folder: Path) -> Iterator[Item]:
    """The questions of a dataset folder, of a JSONL file, or of all JSONL files in a folder."""
    if (folder / "manifest.jsonl").exists():
        return items_of(read_dataset(folder))
    return _lines(folder)


def _lines(path: Path) -> Iterator[Item]:
    """The lines of a file, the last of each id, in the order in which the ids appear."""
    found: dict[str, Mapping[str, Any]] = {}
    for number, row in enumerate(rows(path, "*.jsonl"), 1):
        id_ = row.get("id", str(number))
        if not isinstance(id_, str | int):
            raise UserError(f"{path} line {number}: got the id {id_!r}; expected text")
        found[str(id_)] = row
    for id_, row in found.items():
        if row.get("decision") != "skip" and row.get("answer") is not None and row.get("form") != UNSCORED:
            yield _item(path, id_, row)


def _item(path: Path, id_: str, row: Mapping[str, Any]) -> Item:
    question, form = row.get("question"), row.get("form")
    if not isinstance(question, str) or not question.strip():
        raise UserError(f"{path} id {id_!r}: has no question; expected a text under 'question'")
    if form not in FORMS:
        raise UserError(f"{path} id {id_!r}: got the form {form!r}; expected one of {', '.join(FORMS)}")
    cells = row.get("images") or [row.get("image")]
    try:
        pictures = tuple(picture(cell, path) for cell in cells)
    except UserError as error:
        raise UserError(f"{path} id {id_!r}: {error}") from None
    truth = _truth(path, id_, str(form), row)
    prompt = row.get("prompt") or f"{question} {_how(truth, str(form))}"
    kind = str(row.get("kind") or form)
    return Item(id_, kind, question, prompt, pictures, truth, {"annotator": row.get("annotator")})


def _how(truth: Truth, form: str) -> str:
    if not isinstance(truth, Choice):
        return _SAY[form]
    listed = " ".join(f"({letter}) {option}" for letter, option in zip(LETTERS, truth.options))
    return f"{listed} Answer with the letter of one option."


def _truth(path: Path, id_: str, form: str, row: Mapping[str, Any]) -> Truth:
    """What is right, from the answer of a line. Raises UserError where it does not fit the form."""
    answer = row["answer"]
    truth: Truth | None = None
    match form:
        case "length":
            metres = answer if _is_number(answer) else read_length(str(answer), row.get("unit")).value
            truth = Length(float(metres), unit=row.get("unit")) if isinstance(metres, float | int) else None
        case "number":
            truth = Number(float(answer), row.get("rule", "mra")) if _is_number(answer) else None
        case "clock":
            truth = Clock(int(answer)) if _is_number(answer) and 1 <= answer <= 12 else None
        case "yes_no":
            said = answer if isinstance(answer, bool) else read_yes_no(str(answer), YesNo(True)).value
            truth = YesNo(said) if isinstance(said, bool) else None
        case "choice":
            truth = _choice(answer, row.get("options"))
        case "region":
            truth = _region(answer)
    if truth is None:
        expected = {"length": "metres, or a text with a unit", "choice": "one of 'options', two or more texts"}
        raise UserError(
            f"{path} id {id_!r}: got the answer {json.dumps(answer)[:80]}, expected "
            f"{expected.get(form, 'an answer of the form ' + form)}; mend or remove the line"
        )
    return truth


def _is_number(answer: Any) -> bool:
    return isinstance(answer, float | int) and not isinstance(answer, bool)


def _choice(answer: Any, options: Any) -> Choice | None:
    if not isinstance(options, list) or len(options) < 2 or not all(isinstance(option, str) for option in options):
        return None
    truth = Choice(tuple(options), 0)
    place = answer if isinstance(answer, int) else read_option(str(answer), truth).value
    return Choice(truth.options, place) if isinstance(place, int) and 0 <= place < len(options) else None


def _region(answer: Any) -> Region | None:
    try:
        corners = tuple((float(x), float(y)) for x, y in answer)
    except (TypeError, ValueError):
        return None
    return Region(corners) if len(corners) >= 3 else None


TASK = Task(
    "folder",
    "your own questions: a dataset of `spatialvlm build`, or a JSONL file",
    None,
    items,
    source="docs/evaluate.md",
)
