"""Read any questions of one's own: a dataset that `spatialvlm build` wrote, or a JSONL file.

One JSON object a line (docs/evaluate.md has the table):

    {"id": "1", "image": "desk.png", "question": "How wide is the desk?", "form": "length", "answer": "about 1.2 m"}
    {"id": "2", "image": "desk.png", "question": "Which is taller?", "form": "choice", "answer": "the lamp",
     "options": ["the mug", "the lamp"]}

`form` is one of `answers.FORMS`; `number`, as people call it, is a count. `image` (or `images`, a list) is a path
relative to the file. What `spatialvlm annotate` writes is such a file: of several lines with the same id the last one
counts; skipped images, questions that nobody could answer and answers of the form "text", which only a judge could
score, are left out, and `left_out` counts them. A line without an id has the number of its line for one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm.dataset import read_dataset
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import files_of, numbered
from spatialvlm.evaluate.tasks.dataset_items import items_from_dataset
from spatialvlm.evaluate.tasks.line_truths import instruction, reading_of_line, shown, truth_of_line
from spatialvlm.evaluate.tasks.task import Task

UNSCORED = "text"


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
    question, prompt = row.get("question"), row.get("prompt")
    if not isinstance(question, str) or not question.strip():
        raise UserError(f"{where}: has no question; expected a text under 'question'")
    if prompt is not None and not isinstance(prompt, str):
        raise UserError(f"{where}: got the prompt {shown(prompt)}; expected a text, or leave 'prompt' out")
    cells = row["images"] if row.get("images") else [row.get("image")]
    if not isinstance(cells, list):
        raise UserError(f"{where}: got the images {shown(cells)}; expected a list of paths, or one under 'image'")
    try:
        pictures = tuple(read_picture(cell, path) for cell in cells)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    reading = reading_of_line(where, row)
    truth = truth_of_line(where, row, reading.unit)
    if prompt is None or not prompt.strip():
        prompt = f"{question} {instruction(truth)}"
    kind = str(row.get("kind") or row["form"])
    return Item(id_, kind, question, prompt, pictures, truth, {"annotator": row.get("annotator")}, reading)


TASK = Task(
    "folder",
    "your own questions: a dataset of `spatialvlm build`, or a JSONL file",
    None,
    items,
    source="docs/evaluate.md",
    left_out=left_out,
)
