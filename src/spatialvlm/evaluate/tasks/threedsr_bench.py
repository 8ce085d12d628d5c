"""3DSRBench: heights, locations, orientations and relations of several objects in photographs; by letter, and in turns.

Every question is asked of a picture and, where it has one, of its mirror image, each with its options in every
rotation: the published file holds them all (about 11,700 rows), so nothing is made here. A `qid` is eight characters,
"-flip" for the mirror image, "-1", "-2", "-3" for a rotation.

Enters: the hub's 3dsrbench_v1_vlmevalkit_circular.tsv with the columns index, qid, question, A, B, C, D, answer "B",
category, image (base64), image_source, image_url; or Parquet with the same columns. Leaves: a Choice item a row.

Data: https://huggingface.co/datasets/ccvl/3DSRBench at 24bc485. The authors score with VLMEvalKit and take all
rotations of a question together (compute_3drbench_results_circular.py there): our figure "circular". Prompt, rule for
one answer and figures: vlmeval/dataset/image_mcq.py and vlmeval/utils/matching_util.py,
https://github.com/open-compass/VLMEvalKit at 18fc37a. The paper: arXiv 2412.07825.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.metrics.choices import accuracy, circular, flip
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.cells import option_texts, place_of_letter, read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

TABLE = "3dsrbench_v1_vlmevalkit_circular.tsv"
PARQUET = ("*circular*.parquet", "*circular*/*.parquet")
LETTERS = "ABCD"
NEEDED = ("qid", "question", *LETTERS, "answer", "category", "image")
INSTRUCTION = "Please select the correct answer from the options above."
QID = re.compile(r"[^-]{8}(-flip)?(-\d)?")
PUNCTUATION = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
FAILED = "Failed to obtain answer via API"
REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)


def items(folder: Path) -> Iterator[Item]:
    """Read the questions with their mirror images and rotations, in the order of the data."""
    for number, row in enumerate(_rows(folder), 1):
        qid = str(row["qid"])
        where = f"3DSRBench row {number} ({qid})"
        if QID.fullmatch(qid) is None:
            raise UserError(f"{where}: expected a qid of 8 characters, then -flip or -N or both")
        options = option_texts([row[letter] for letter in LETTERS if row[letter] not in (None, "", "nan")], where)
        listed = "".join(f"{letter}. {option}\n" for letter, option in zip(LETTERS, options))
        yield Item(
            id=qid,
            kind=row["category"],
            question=row["question"],
            prompt=f"Question: {row['question']}\nOptions:\n{listed}{INSTRUCTION}",
            pictures=(read_picture(row["image"], folder),),
            truth=Choice(options, place_of_letter(row["answer"], options, where)),
            meta={"answer": row["answer"]},
        )


def _rows(folder: Path) -> Iterator[dict[str, Any]]:
    table = folder / TABLE if folder.is_dir() else folder
    if table.is_file():
        return rows(table, needs=NEEDED)
    if not any(chain.from_iterable(folder.glob(pattern) for pattern in PARQUET)):
        raise UserError(f"3DSRBench data in {str(folder)!r}: found no {TABLE}; it holds pictures and rotations, get it")
    return rows(folder, *PARQUET, needs=NEEDED)


def official(item: Item, answer: str) -> Score:
    """Score by VLMEvalKit's rule without a judge: the one letter among the words, else the one option in the text."""
    options = item.truth.options if isinstance(item.truth, Choice) else ()
    said = _letter(answer, len(options)) or _by_text(answer, options)
    right = item.meta["answer"]
    if said is None:
        # With a judge, the authors ask it, and draw a letter by lot where it fails three times.
        return Score(0.0, None, "no letter and no single option in the text: wrong without a judge")
    return Score(float(said == right), said, f"read {said}, right is {right}")


def _letter(answer: str, count: int) -> str | None:
    if FAILED in answer:
        return None
    if any(refusal in answer for refusal in REFUSALS):
        return "Z"
    words = answer.translate(PUNCTUATION).split()
    found = [letter for letter in LETTERS[:count] if letter in words]
    if len(found) == 1:
        return found[0]  # Fault: the article in "A dog is closer" counts as option A.
    return "Z" if not found and "Z" in words else None


def _by_text(answer: str, options: Sequence[str]) -> str | None:
    text = answer.lower()
    # Fault: a part of a word counts ("cart" says "car"), and "not the car" says "car" too.
    found = [letter for letter, option in zip(LETTERS, options) if option.lower() in text]
    return found[0] if len(found) == 1 else None


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute the share of groups that are right as a whole.

    circular, the authors' own: the rotations of a question, its mirror image apart; vanilla: each row for itself; flip:
    a row and its mirror image; flip and circular: everything of a question.
    """
    if not values:
        return {}
    right, ids = np.array(values) == 1.0, [one.item.id for one in scored]
    return {
        "circular": circular(right, [qid[:13] if "-flip" in qid else qid[:8] for qid in ids]),
        "vanilla": accuracy(right),
        "flip": flip(right, [qid.replace("-flip", "") for qid in ids]),
        "flip and circular": flip(right, [qid[:8] for qid in ids]),
    }


TASK = Task(
    name="threedsr_bench",
    asks="heights, locations, orientations and relations in 3D, each question in all rotations and mirrored, by letter",
    hub=Hub("ccvl/3DSRBench", "24bc4854ead64eb7d1442da7e4789d2c807816b2", (TABLE,), "CC-BY-4.0"),
    items=items,
    official=official,
    figures=figures,
    licence="CC-BY-4.0",
    source="https://huggingface.co/datasets/ccvl/3DSRBench",
)
