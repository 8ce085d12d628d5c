"""Q-Spatial Bench: distances and sizes in a photo; its rows -> Items, its official rule.

Enters: the folder of andrewliao11/Q-Spatial-Bench, data/QSpatial_plus-*.parquet (101 rows, with images) and
data/QSpatial_scannet-*.parquet (170 rows, without: ScanNet allows its frames to those alone who ask for them). Columns:
question, answer_value, answer_unit, question_type, image_path, image. The second split is read where its frames lie as
`image_path` has it, below QSpatial_scannet/images/ in the same folder; where that folder is missing the split is left
out, and the figures say so by naming the splits that there are. Leaves: Items, a length each.

The prompt asks for what the authors' standard prompt asks for, \\scalar{} and \\distance_unit{} at the end, in words of
ours, and gives no hint how to estimate; theirs are prompt_templates/ of the code below.

Rule: https://github.com/andrewliao11/Q-Spatial-Bench-code at 723d6e4, examples/evaluate_success_rate.ipynb. Layout and
counts: the dataset card at 17b92e4. Paper: arXiv 2409.09788, which counts a ratio of 2 as right where the code does
not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.answers import Length
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, Picture
from spatialvlm.evaluate.metrics.choices import group_means
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

SPLITS = ("QSpatial_plus", "QSpatial_scannet")
COLUMNS = ("question", "answer_value", "answer_unit", "question_type", "image_path", "image")
BELOW = 2.0

_CENTIMETRES = {
    "meters": 100.0,
    "meter": 100.0,
    "m": 100.0,
    "metre": 100.0,
    "metres": 100.0,
    "centimeters": 1.0,
    "centimeter": 1.0,
    "cm": 1.0,
    "feet": 30.48,
    "foot": 30.48,
    "ft": 30.48,
    "inch": 2.54,
    "inches": 2.54,
    "in": 2.54,
    "mm": 0.1,
}
"""The units that the official script knows, in centimetres."""

_SCALAR = re.compile(r"scalar\{([^}]*)\}")
_UNIT = re.compile(r"distance_unit\{([^}]*)\}")
_NUMBER = re.compile(r"\d+\.?\d*")

_ASK = (
    "The question asks for a length in the real scene that the picture shows.\n"
    "Question: {question}\n"
    "End your answer with the number and its unit, in this form: \\scalar{{NUMBER}} \\distance_unit{{UNIT}}"
)


def items(folder: Path) -> Iterator[Item]:
    """Read the questions, split by split. Raises UserError for a row that cannot be used."""
    patterns = [f"data/{split}-*.parquet" for split in SPLITS if split == SPLITS[0] or (folder / split).is_dir()]
    numbers = dict.fromkeys(SPLITS, 0)
    for row in rows(folder, *patterns, needs=COLUMNS):
        split = str(row["image_path"]).partition("/")[0]
        if split not in numbers:
            raise UserError(
                f"Q-Spatial: image_path {row['image_path']!r}: expected it to begin with {' or '.join(SPLITS)}; "
                "get the files again"
            )
        name = f"{split}/{numbers[split]}"
        numbers[split] += 1
        try:
            item = _item(row, name, split, folder)
        except UserError as error:
            raise UserError(f"Q-Spatial row {name}: {error}") from None
        yield item


def _item(row: Mapping[str, Any], name: str, split: str, folder: Path) -> Item:
    value, unit = row["answer_value"], str(row["answer_unit"])
    centimetres = _CENTIMETRES.get(unit.lower())
    if centimetres is None:
        raise UserError(f"answer_unit {unit!r}: expected one of {', '.join(_CENTIMETRES)}; get the files again")
    if not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise UserError(f"answer_value {value!r}: expected a number above 0; get the files again")
    question = str(row["question"]).strip()
    return Item(
        id=name,
        kind=str(row["question_type"]),
        question=question,
        prompt=_ASK.format(question=question),
        pictures=(_picture(row, folder),),
        truth=Length(value * centimetres / 100.0),
        meta={"split": split, "answer_value": value, "answer_unit": unit, "image_path": row["image_path"]},
    )


def _picture(row: Mapping[str, Any], folder: Path) -> Picture:
    """Find the image that the row holds, or the file that it names."""
    held = row["image"]
    if held and (held.get("bytes") or held.get("path")):
        return read_picture(held, folder)
    root = folder if folder.is_dir() else folder.parent
    if (file := root / row["image_path"]).is_file():
        return file
    raise UserError(
        f"no image {row['image_path']!r} below {str(root)!r}; ask ScanNet for access, make the frames with "
        "QSpatial_scannet/download_and_render_scannet_images.py of the authors' code, and put QSpatial_scannet/ there"
    )


def official(item: Item, answer: str) -> Score:
    """Score as the authors' script: right where the ratio of answer and truth, in centimetres, is below 2."""
    scalars, units = _SCALAR.findall(answer), _UNIT.findall(answer)
    if not scalars or not units:
        # The script ends with an IndexError here; the item has to stay in the denominator.
        missing = r"\scalar{}" if not scalars else r"\distance_unit{}"
        return Score(0.0, None, f"no {missing}: the official script fails on it, counted as wrong")
    # Faults, kept: signs, exponents, thousands separators and fractions are not read, so that "1,200" is the mean of 1
    # and 200, "1/2" is 1.5 and ".5" is 5.
    numbers = [float(number) for number in _NUMBER.findall(scalars[-1])]
    if not numbers:
        return Score(0.0, None, r"no number in the last \scalar{}: its mean is not a number, which is not below 2")
    # Fault, kept: a unit that the script does not know counts as centimetres, also " m", "yards" and "\text{m".
    unit = units[-1].lower()
    said = float(np.mean(numbers)) * _CENTIMETRES.get(unit, 1.0)
    truth = item.meta["answer_value"] * _CENTIMETRES[item.meta["answer_unit"].lower()]
    ratio = max(said / truth, truth / said) if said else float("inf")
    known = "" if unit in _CENTIMETRES else f"; unit {unit!r} unknown, taken as cm"
    verdict = "below 2" if ratio < BELOW else "not below 2"
    return Score(float(ratio < BELOW), f"{said:g} cm", f"ratio {ratio:.4g} to {truth:g} cm is {verdict}{known}")


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute the mean of each split that is there, and the mean of the splits where both are."""
    found = group_means(np.array(values, np.float64), [str(one.item.meta["split"]) for one in scored])
    means = {split: found[split] for split in SPLITS if split in found}
    return means if len(means) < len(SPLITS) else {"mean of splits": float(np.mean(list(means.values())))} | means


TASK = Task(
    name="qspatial",
    asks="distances between things and sizes of things in photos of rooms, as lengths",
    hub=Hub(
        repo="andrewliao11/Q-Spatial-Bench",
        revision="17b92e470d58fa46859ebd48ff35a1669828c9be",
        patterns=("data/*.parquet",),
        licence="Apache-2.0",
    ),
    items=items,
    official=official,
    figures=figures,
    licence="Apache-2.0; the frames of QSpatial_scannet under ScanNet's terms",
    source="arXiv 2409.09788, https://github.com/andrewliao11/Q-Spatial-Bench-code",
)
