"""SpatialMQA: where something is from the photographer's or somebody's point of view; one of two to six relations.

Enters: the hub's test.jsonl (1076 questions; dev.jsonl where it is alone, or any file of such rows), with image,
question, options and answer, and its images/. Leaves: a Choice item a row, options named by their words, its kind the
axis of the right one: x (left, right), y (on or above, below) or z (in front, behind), as the authors' table has it.

Data: https://huggingface.co/datasets/liuziyan/SpatialMQA; pictures: COCO 2017 test. Official rule: the authors' scripts
differ; Code/experiment/blip2-opt-2.7b.py at ce45d72 is the one here, which idefics_new.py shares, and
spatial_test_llava.py and spacellava_test.py but for the full stop. Close_models/gpt4_zero_shot.py at 09b72ea has the
first half of it only, and lets an empty answer count. Axes: Code/eval/calculate_xyz.py at 8363b01. All in
https://github.com/ziyan-xiaoyu/SpatialMQA. The prompt has the parts of spacellava_test.py at dd9b297, and an
instruction. The paper: arXiv 2505.19015.
"""

from collections.abc import Iterator
from pathlib import Path

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.tasks.cells import find_coco_picture, option_texts
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

SPLITS = ("test.jsonl", "dev.jsonl")
NEEDED = ("image", "question", "options")
ANSWERS = ("answer", ",answer")  # the hub's files name the column by the second in some row
INSTRUCTION = "Answer with one of the options, without a reason."
PICTURES = "http://images.cocodataset.org/test2017/"
AXES = {"left of": "x", "right of": "x", "on/above": "y", "below": "y", "in front of": "z", "behind": "z"}
NOTHING = "--"


def items(folder: Path) -> Iterator[Item]:
    """Read the questions in the order of the data. A picture that is missing is found missing when it is opened."""
    split = next((name for name in SPLITS if (folder / name).is_file()), SPLITS[0])
    for number, row in enumerate(rows(folder, split, needs=NEEDED), 1):
        name = f"SpatialMQA row {number} ({row['image']})"
        options = option_texts(row["options"], name)
        answer = next((row[column] for column in ANSWERS if row.get(column) is not None), None)
        if answer not in options:
            raise UserError(f"{name}: got the answer {answer!r}; expected one of {', '.join(options)}")
        yield Item(
            id=str(number),
            kind=AXES.get(answer, "other"),
            question=row["question"],
            prompt=f"Question: {row['question']}\nOptions: {'; '.join(options)}\n{INSTRUCTION}\nAnswer:",
            pictures=(find_coco_picture(row["image"], folder),),
            truth=Choice(options, options.index(answer)),
            meta={"answer": answer, "pictures_from": PICTURES + row["image"]},
            reading=AnswerReading(lettered=False),
        )


def official(item: Item, answer: str) -> Score:
    """Score by the authors' rule: the answer is part of the right option's words, or has them as a part."""
    right = str(item.meta["answer"])
    said = (answer.strip().rstrip(".") or NOTHING).lower()
    # Faults: a part of a word will do ("on" is in "in front of", "e" in "left of"), and so will an answer that lists
    # all options, or says "not left of".
    value = said in right or right in said
    read = None if said == NOTHING else said
    return Score(float(value), read, f"{said!r} and {right!r}: {'one is' if value else 'none is'} part of the other")


TASK = Task(
    name="spatialmqa",
    asks="where something is from somebody's point of view, in words",
    hub=Hub(
        "liuziyan/SpatialMQA",
        "2c297135743209b91fe0729c033b49bb1d72f788",
        ("test.jsonl", "images/*"),
        "CC-BY-4.0",
    ),
    items=items,
    official=official,
    licence="CC-BY-4.0",
    source="https://huggingface.co/datasets/liuziyan/SpatialMQA",
)
