"""EmbSpatial-Bench: which of some things is close, far, left, ..., as seen by a robot; its rows -> Items.

Enters: the folder of FlagEval/EmbSpatial-Bench, data/test-*.parquet, or embspatial_bench.json of the authors' own
Phineas476/EmbSpatial-Bench (a list of the same rows, images in base64). Columns: question_id, question, relation,
image, answer_options, answer (the place of the right option, from 0), data_source, objects. Leaves: Items, a choice
each.

There is no official parser: the authors publish no scoring code, and say no more than that the metric is accuracy, of
generated answers or of likelihoods. Harnesses take a letter, each in its way, so there is one score here, ours.

Columns: README of https://github.com/mengfeidu/EmbSpatial-Bench. The use of the FlagEval copy:
https://github.com/EvolvingLMMs-Lab/lmms-eval at 2bb5e98, lmms_eval/tasks/embspatial/. Paper: arXiv 2406.05756.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task

COLUMNS = ("question_id", "question", "relation", "image", "answer_options", "answer", "data_source")

_END = "Answer with the letter of one option and nothing else."


def items(folder: Path) -> Iterator[Item]:
    """Read the questions in the order of the data. Raises UserError for a row that cannot be used."""
    parquet = any(folder.glob("data/test-*.parquet"))
    for row in rows(folder, "data/test-*.parquet" if parquet else "embspatial_bench.json", needs=COLUMNS):
        try:
            item = _item(row, folder)
        except UserError as error:
            raise UserError(f"EmbSpatial-Bench row {row['question_id']}: {error}") from None
        yield item


def _item(row: Mapping[str, Any], folder: Path) -> Item:
    options, right = row["answer_options"], row["answer"]
    if not isinstance(options, list) or not 2 <= len(options) <= len(ascii_uppercase):
        raise UserError(f"answer_options {options!r}: expected 2 options or more; get the file again")
    if not isinstance(right, int) or not 0 <= right < len(options):
        raise UserError(f"answer {right!r}: expected 0 to {len(options) - 1}; get the file again")
    question = str(row["question"]).strip()
    listed = [f"({letter}) {option}" for letter, option in zip(ascii_uppercase, options)]
    return Item(
        id=str(row["question_id"]),
        kind=str(row["relation"]),
        question=question,
        prompt="\n".join((question, *listed, _END)),
        pictures=(read_picture(row["image"], folder),),
        truth=Choice(tuple(map(str, options)), right),
        meta={"relation": row["relation"], "source": row["data_source"]},
    )


TASK = Task(
    name="embspatial",
    asks="six relations between things in photos and renderings of rooms, as a choice of options",
    hub=Hub(
        repo="FlagEval/EmbSpatial-Bench",
        revision="3c0e6b34b632de666a51091727c0128d07a54a6a",
        patterns=("data/test-*.parquet",),
        licence="CC-BY-4.0",
    ),
    items=items,
    licence="CC-BY-4.0",
    source="arXiv 2406.05756, https://github.com/mengfeidu/EmbSpatial-Bench",
)
