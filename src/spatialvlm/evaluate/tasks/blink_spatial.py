"""BLINK, two of its spatial parts: relative depth and spatial relation; by letter.

Enters: the hub's SUBTASK/val-*.parquet, columns idx, question, sub_task, image_1 ... image_4, choices, answer "(A)",
prompt, explanation. The test split hides its answers. Leaves: a Choice item a row with its one to four pictures, its
kind the subtask that `idx` names.

Data: https://huggingface.co/datasets/BLINK-Benchmark/BLINK. Prompt: the column `prompt`. Official rule:
eval/test_benchmark.py (the letter) and eval/evaluate.py (right where it equals the answer; the total is the mean of the
subtasks), https://github.com/zeyofu/BLINK_Benchmark at 0cca9a3. The paper: arXiv 2404.12390.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.metrics.choices import macro_mean
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.cells import option_marks, option_texts, place_of_letter, read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

SUBTASKS = ("Relative_Depth", "Spatial_Relation")
PATTERNS = tuple(f"{name}/val-*.parquet" for name in SUBTASKS)
NEEDED = ("idx", "question", "choices", "answer", "prompt", "image_1")
HIDDEN = "hidden"


def items(folder: Path) -> Iterator[Item]:
    """Read the questions of the validation split, subtask after subtask."""
    for number, row in enumerate(rows(folder, *PATTERNS, needs=NEEDED), 1):
        where = f"BLINK row {number} ({row['idx']})"
        if row["answer"] == HIDDEN:
            raise UserError(f"{where}: its answer is hidden, as in the test split; expected the val split")
        options = option_texts(row["choices"], where)
        cells = [row.get(f"image_{place}") for place in range(1, 5)]
        yield Item(
            id=row["idx"],
            kind=subtask(row["idx"]),
            question=row["question"],
            prompt=row["prompt"],
            pictures=tuple(read_picture(cell, folder) for cell in cells if cell is not None),
            truth=Choice(options, place_of_letter(row["answer"], options, where)),
            meta={"answer": row["answer"]},
        )


def subtask(idx: str) -> str:
    """Find the subtask that an idx names: "Relative_Depth" of "val_Relative_Depth_7"."""
    _, _, rest = idx.partition("_")
    name, _, number = rest.rpartition("_")
    if not name or not number.isdigit():
        raise UserError(f"BLINK idx {idx!r}: expected SPLIT_SUBTASK_NUMBER, as published")
    return name


def official(item: Item, answer: str) -> Score:
    """Score by the authors' rule without their judge: right where the text alone decides for the right letter."""
    count = len(item.truth.options) if isinstance(item.truth, Choice) else 0
    said = decided(answer, count)
    right = item.meta["answer"]
    if said is None:
        # The authors ask gpt-3.5-turbo here, and take what it writes as it is; we have no judge.
        return Score(0.0, None, "no letter that the text alone decides: wrong without a judge")
    return Score(float(said == right), said, f"read {said}, right is {right}")


def decided(answer: str, count: int) -> str | None:
    """Find the mark, as "(B)", that the text decides among `count` options; None where the authors ask a judge."""
    # Faults: only a mark between blanks counts, so "(A)." and "A." go to the judge, as does "a"; and a lone letter
    # from A to E is taken even where there is no such option.
    if answer in "ABCDE" and len(answer) == 1:
        return f"({answer})"
    if answer in option_marks(5):
        return answer
    options = set(option_marks(count))
    anywhere = options & set(answer.split())
    at_the_end = options & set(answer.split("\n\n")[-1].split())
    if len(at_the_end) == 1:
        return at_the_end.pop()
    return anywhere.pop() if len(anywhere) == 1 else None


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute the authors' total: the mean of the means of the subtasks, here of those that are there."""
    subtasks = [one.item.kind for one in scored]
    return {"mean of subtasks": macro_mean(np.array(values, np.float64), subtasks)} if values else {}


TASK = Task(
    name="blink_spatial",
    asks="which of two points is closer, and whether a relation of two things holds, by letter",
    hub=Hub("BLINK-Benchmark/BLINK", "cbb5717ea541ba92bbf9a63b99972493a1a133b8", PATTERNS, "Apache-2.0"),
    items=items,
    official=official,
    figures=figures,
    licence="Apache-2.0",
    source="https://huggingface.co/datasets/BLINK-Benchmark/BLINK",
)
