"""Answers that were recorded elsewhere: JSON lines {"id", "answer"}, scored like those of any model.

Other harnesses' logs fit where their items were ours: lines with "doc_id" or "index" in place of "id", and with
"prediction", "response" or "resps" in place of "answer" (docs/evaluate.md).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models import Answer, Track
from spatialvlm.evaluate.tasks.data import rows

_IDS = ("id", "question_id", "index", "doc_id")
_ANSWERS = ("answer", "prediction", "response", "full_prediction", "filtered_resps", "resps")


class Recorded:
    """An Answerer that reads a file; an item that the file lacks has no answer."""

    track: Track = "recorded"

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise UserError(f"answers {str(path)!r}: no such file; expected JSON lines with 'id' and 'answer'")
        self.name = path.stem
        self.version: str | None = None
        self._path = path
        self._answers: dict[str, Answer] = {}
        for number, row in enumerate(rows(path), 1):
            self._answers[str(self._field(row, _IDS, number))] = _answer(self._field(row, _ANSWERS, number), row)

    def answers(self, task: str, items: Sequence[Item]) -> list[Answer]:
        """The recorded answer of each item. Raises UserError where the file has none of them."""
        found = [self._answers.get(item.id, Answer(None, failure="not in the file")) for item in items]
        if items and all(answer.text is None for answer in found):
            raise UserError(
                f"answers {str(self._path)!r}: has no answer to any item of {task}, whose ids look like "
                f"{items[0].id!r}; its own look like {next(iter(self._answers), '')!r}"
            )
        return found

    def _field(self, row: dict[str, Any], names: tuple[str, ...], number: int) -> Any:
        name = next((name for name in names if name in row), None)
        if name is None:
            raise UserError(f"answers {str(self._path)!r} line {number}: got {', '.join(row)}; expected {names[0]!r}")
        return row[name]


def _answer(said: Any, row: dict[str, Any]) -> Answer:
    """Text; of nested lists, as harnesses log them, the first."""
    while isinstance(said, list) and said:
        said = said[0]
    text = None if said is None or isinstance(said, list) else str(said)
    return Answer(text, truncated=bool(row.get("truncated", False)), failure=None if text is not None else "null")
