"""CV-Bench: 2638 multiple-choice questions on counts and relations (2D), order in depth and distance (3D).

Enters: the hub's test*.parquet (columns idx, type, task, image, question, choices, answer "(C)", prompt, filename,
source and more), or its test*.jsonl beside img/. Leaves: a Choice item a row, its kind the column `task`.

Data and overall figure: https://huggingface.co/datasets/nyu-visionx/CV-Bench (card and rows as of bc284db; the
revision below is the last whose full hash is known, with both parts in one file). Prompt: `prompt` and the instruction
of eval/eval/omni/omni_eval.py. Official rule: eval/eval/coco/coco_test.py for the sources ADE20K and COCO, and
eval/eval/omni/omni_test.py for Omni3D, https://github.com/cambrian-mllm/cambrian at a220b3f. The paper: arXiv
2406.16860.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from spatialvlm.answers import Choice
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.metrics.choices import group_means
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.cells import option_texts, place_of_letter, read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

INSTRUCTION = "Answer with the option's letter from the given choices directly."
PARQUET, JSON_LINES = "test*.parquet", "test*.jsonl"
NEEDED = ("idx", "type", "task", "question", "choices", "answer", "prompt", "filename", "source")
LEAD_INS = ("answer is", "answer is:", "answer:")


def items(folder: Path) -> Iterator[Item]:
    """Read the questions in the order of the data; the rows of Parquet where both forms are there."""
    if folder.is_dir():
        source = rows(folder, PARQUET if any(folder.glob(PARQUET)) else JSON_LINES, needs=NEEDED)
    else:
        source = rows(folder, needs=NEEDED)
    for number, row in enumerate(source, 1):
        where = f"CV-Bench row {number} (idx {row['idx']})"
        options = option_texts(row["choices"], where)
        cell = row["image"] if row.get("image") is not None else row["filename"]
        yield Item(
            id=str(row["idx"]),
            kind=row["task"],
            question=row["question"],
            prompt=f"{row['prompt']}\n{INSTRUCTION}",
            pictures=(read_picture(cell, folder),),
            truth=Choice(options, place_of_letter(row["answer"], options, where)),
            meta={"type": row["type"], "source": row["source"], "answer": row["answer"]},
        )


def official(item: Item, answer: str) -> Score:
    """Score by the authors' rule: the first character of what follows the last "answer is" or "answer:"."""
    right = str(item.meta["answer"]).lower()[1]
    omni = item.meta["source"] == "Omni3D"
    said = _first_character(answer, ".:," if omni else ".")
    # Faults: any word that begins with the right letter is right ("about three" where A is), a letter in asterisks is
    # wrong, and so is "answer is: B", whose colon stays in front of the letter.
    value = said == right
    if omni and isinstance(item.truth, Choice):
        # One character is compared with the whole option, so this helps only where an option is one small character.
        value = value or said == item.truth.chosen
    read = said.upper() if said else None
    return Score(float(value), read, f"first character {said!r}, right is {right!r}")


def _first_character(answer: str, trailing: str) -> str:
    text = answer.lower().strip()
    for lead_in in LEAD_INS:
        if lead_in in text:
            text = text.split(lead_in)[-1]
    return text.strip().rstrip(trailing).lstrip("(").rstrip(")")[:1]


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute overall = (2D + 3D) / 2 with 2D = (ADE20K + COCO) / 2 and 3D = Omni3D: those whose sources are there."""
    sources = group_means(np.array(values, np.float64), [str(one.item.meta["source"]) for one in scored])
    parts: dict[str, float] = {}
    if {"ADE20K", "COCO"} <= sources.keys():
        parts["2D"] = (sources["ADE20K"] + sources["COCO"]) / 2
    if "Omni3D" in sources:
        parts["3D"] = sources["Omni3D"]
    return {"overall": (parts["2D"] + parts["3D"]) / 2} | parts if len(parts) == 2 else parts


TASK = Task(
    name="cv_bench",
    asks="counts, relations, order in depth and distance in photographs, by letter",
    hub=Hub("nyu-visionx/CV-Bench", "22409a927ab5cf68e3655023d51694587455fc99", (PARQUET,), "Apache-2.0"),
    items=items,
    official=official,
    figures=figures,
    licence="Apache-2.0",
    source="https://huggingface.co/datasets/nyu-visionx/CV-Bench",
)
