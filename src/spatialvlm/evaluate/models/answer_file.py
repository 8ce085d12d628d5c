"""Take answers that were recorded elsewhere: JSON lines {"id", "answer"}, or a table, scored like those of any model.

Enters: .jsonl, .json, .parquet, .tsv or .xlsx. Leaves: the answer of each item. Which item a row answers is said by its
"id" or "question_id"; by the row that our task of lmms-eval logs beside the scores, or its "doc"; by the question; else
by the place of the item, "doc_id" in lmms-eval (`process_results` of lmms_eval/api/task.py, 0.7.3), "index" in
VLMEvalKit (vlmeval/inference.py at 895762d): see `answer_matching`. The answer is in one of ANSWERS; the last of them,
"answer", holds the truth where there is another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models import ModelAnswer, Report, Track, silent
from spatialvlm.evaluate.models.answer_matching import Addressee, addressee_of, match_rows
from spatialvlm.evaluate.tasks.data import rows

ANSWERS = ("prediction", "response", "full_prediction", "filtered_resps", "resps", "answer")


@dataclass(frozen=True, slots=True)
class _AnswerRow:
    """One answer, and whom it is to."""

    whom: Addressee
    answer: ModelAnswer


class AnswerFile:
    """An Answerer that reads a file; an item that the file lacks has no answer. `note` hears of rows without an item.

    Raises UserError for a file that is missing or cannot be read, and for a row without an id or an answer.
    """

    track: Track = "recorded"

    def __init__(self, path: Path | None, note: Report = silent) -> None:
        if path is None:
            raise UserError("answers: names no file; expected answers:FILE, with JSON lines {'id', 'answer'}")
        if not path.is_file():
            raise UserError(f"answers {str(path)!r}: no such file; expected JSON lines with 'id' and 'answer'")
        self.name = path.stem
        self.version: str | None = None
        self._path, self._note = path, note
        self._rows = [self._row(row, number) for number, row in enumerate(rows(path), 1)]

    def answers(self, task: str, items: Sequence[Item]) -> list[ModelAnswer]:
        """Look up the recorded answer of each item.

        Raises UserError where the file has none of them, or two different answers to one item, and where it cannot be
        told which item a row answers.
        """
        where = f"answers {str(self._path)!r}"
        matched = match_rows([row.whom for row in self._rows], items, where)
        found: dict[str, ModelAnswer] = {}
        unknown: list[str | int] = []
        for row, id_ in zip(self._rows, matched, strict=True):
            if id_ is None:
                unknown.append(row.whom.said)
            elif found.setdefault(id_, row.answer) != row.answer:
                raise UserError(
                    f"{where}: {id_!r} has two different answers; expected one per item, "
                    "remove the lines that do not count"
                )
        if items and not found:
            raise UserError(
                f"{where}: has no answer to any item of {task}, whose ids look like "
                f"{items[0].id!r}; its own look like {unknown[0] if unknown else ''!r}"
            )
        if unknown:
            self._note(
                f"{where}: {len(unknown)} of {len(self._rows)} rows are about no item of {task} "
                f"that is asked, the first is {unknown[0]!r}"
            )
        return [found.get(item.id, ModelAnswer(None, failure="not in the file")) for item in items]

    def _row(self, row: Mapping[str, Any], number: int) -> _AnswerRow:
        where = f"answers {str(self._path)!r} line {number}"
        said = _first(row, ANSWERS)
        if said is None:
            raise UserError(f"{where}: got {', '.join(row)}; expected 'answer'")
        return _AnswerRow(addressee_of(row, where), _answer(row[said], row))


def _first(row: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in row), None)


def _answer(said: Any, row: Mapping[str, Any]) -> ModelAnswer:
    """Take the text; of nested lists, as harnesses log them, the first."""
    while isinstance(said, list) and said:
        said = said[0]
    text = None if said is None or isinstance(said, list) else str(said)
    cut = str(row.get("truncated") or "").lower() in ("true", "1")
    return ModelAnswer(text, truncated=cut, failure=None if text is not None else "null")
