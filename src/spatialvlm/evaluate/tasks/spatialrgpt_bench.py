"""SpatialRGPT-Bench: relations and lengths of regions of a photo; its rows -> Items. There is no official rule here.

Enters: the folder of a8cheng/SpatialRGPT-Bench, data/val-*.parquet (1,406 rows). Columns: id, image, text_q (the
question with "Region [0]" and so on), and as text of Python literals qa_info {"type", "category", "class"},
conversations (the question and its answer) and bbox (x1, y1, x2, y2 in pixels, one for each region in order). Leaves:
Items: a length, an hour, yes or no, or which of two regions.

Regions. The authors feed masks to a model made for them, which others cannot take. Here each region is a coloured box
drawn onto the picture, without loss, and the prompt says which is which: scores of other renderings cannot be compared.

Truth. Answers are sentences, filled into published templates: a measure with its unit, "3 o'clock", a region, or a
sentence whose first words say yes ("Yes", "Indeed", "Correct", "That is True") or no ("No", "In fact", "Actually",
"Incorrect", "That is False"). Each is read from the sentence; what does not fit is an error, never a guess.

Official rule: gpt-4-turbo converts both sentences to metres or hours, or judges them; right is 0.75 to 1.25 of the
truth, an hour next to it, or a judge's 1. A judge cannot be had without a key, nor twice the same, so `official` is
None: our rules are the same windows, on what is read from the answer.

https://github.com/AnjieCheng/SpatialRGPT at cfa293c: scripts/srgpt/eval/evaluate_spatial_with_gpt4.py (rule),
llava/eval/eval_spatial.py (columns), dataset_pipeline/osdsynth/processor/prompt_template.py and prompt_utils.py
(sentences, hours). Columns as text: https://github.com/microsoft/HiSpatial at f7f7ea1, eval/eval_spatialrgpt.py. Paper:
arXiv 2406.01584.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from spatialvlm.answers import Answer, Choice, Clock, Length, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.metrics.choices import group_means
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.quantities import CENTIMETER, FOOT, INCH, METER

COLUMNS = ("id", "image", "text_q", "qa_info", "conversations", "bbox")

COLOURS = {
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "green": (0, 255, 0),
    "yellow": (255, 255, 0),
    "magenta": (255, 0, 255),
    "cyan": (0, 255, 255),
    "orange": (255, 128, 0),
    "white": (255, 255, 255),
}
"""RGB, by the number of the region."""

LENGTHS = {
    "distance_data": "direct distance",
    "horizontal_distance_data": "horizontal distance",
    "vertical_distance_data": "vertical distance",
    "width_data": "width",
    "height_data": "height",
}
"""Categories of lengths, and their rows in the authors' table."""

PAIRS = {
    "below/above": ("below", "above"),
    "left/right": ("left", "right"),
    "big/small": ("big", "small"),
    "tall/short": ("tall", "short"),
    "wide/thin": ("wide", "thin"),
    "behind/front": ("behind", "front"),
}
"""Rows of the authors' table of relations. A category is one of the words with "_predicate" or "_choice" behind it."""

_METRES = {unit.name: unit.metres for unit in (METER, CENTIMETER, INCH, FOOT)} | {"feet": FOOT.metres}
_MEASURE = re.compile(r"(\d+(?:\.\d+)?) (meter|centimeter|inch|foot|feet)(?:e?s)?\b")
_HOUR = re.compile(r"(\d+) o'clock")
_REGION = re.compile(r"Region \[(\d+)\]")
_YES = ("yes", "indeed", "correct", "that is true")
_NO = ("no", "in fact", "actually", "incorrect", "that is false")

_ASK_LENGTH = "Answer with one length and its unit."
_ASK_HOUR = (
    "Answer with an hour of the clock, as seen from above: 12 o'clock is straight away from the camera, 3 o'clock is "
    "to its right."
)
_ASK_YES_NO = "Answer yes or no."


def items(folder: Path) -> Iterator[Item]:
    """Read the questions in the order of the data. Raises UserError for a row that cannot be used."""
    for row in rows(folder, "data/val-*.parquet", needs=COLUMNS):
        try:
            item = _item(row, folder)
        except UserError as error:
            raise UserError(f"SpatialRGPT-Bench row {row['id']}: {error}") from None
        yield item


def _item(row: Mapping[str, Any], folder: Path) -> Item:
    info, boxes = _literal(row, "qa_info"), _boxes(_literal(row, "bbox"))
    question, told = str(row["text_q"]).strip(), _answer(_literal(row, "conversations"))
    category = str(info.get("category")) if isinstance(info, Mapping) else ""
    regions = [int(number) for number in dict.fromkeys(_REGION.findall(question))]
    if not regions or max(regions) >= len(boxes):
        raise UserError(f"text_q {question!r} with {len(boxes)} boxes: expected regions that have a box")
    kind, truth, reading, ask = _truth(category, told, regions)
    names = list(COLOURS)
    marks = ", ".join(f"Region [{number}] is the {names[number]} box" for number in sorted(regions))
    return Item(
        id=str(row["id"]),
        kind=kind,
        question=question,
        prompt=f"{marks}.\n{question}\n{ask}",
        pictures=(draw_boxes(_bytes(row["image"], folder), {number: boxes[number] for number in regions}),),
        truth=truth,
        meta={
            "type": info.get("type"),
            "category": category,
            "class": info.get("class"),
            "answer": told,
            "bbox": [list(box) for box in boxes],
        },
        reading=reading,
    )


def _truth(category: str, told: str, regions: Sequence[int]) -> tuple[str, Answer, AnswerReading, str]:
    """Find the row of the table, the truth, how answers are read, and what to answer with."""
    if category in LENGTHS:
        return LENGTHS[category], Length(_metres(told)), AnswerReading(rule="within_25"), _ASK_LENGTH
    if category == "direction":
        return "direction", Clock(_hour(told)), AnswerReading(), _ASK_HOUR
    word, _, form = category.rpartition("_")
    kind = next((row for row, words in PAIRS.items() if word in words), None)
    if kind is None or form not in ("predicate", "choice") or len(regions) != 2:
        raise UserError(
            f"category {category!r} of regions {regions}: expected a length, direction, or as predicate or choice one "
            f"of {', '.join(PAIRS)} of two regions"
        )
    first, second = (f"Region [{number}]" for number in regions)
    (opposite,) = set(PAIRS[kind]) - {word}
    colours = list(COLOURS)
    names = [f"Region [{number}]|{colours[number]} box" for number in regions]
    reading = AnswerReading(lettered=False, relation=(names[0], names[1], word, opposite))
    if form == "predicate":  # "Is [first] left of [second]?"
        return kind, YesNo(_says_yes(told)), reading, _ASK_YES_NO
    chosen = [int(number) for number in dict.fromkeys(_REGION.findall(told))]
    if len(chosen) != 1 or chosen[0] not in regions:
        raise UserError(f"answer {told!r} to a choice of {first} and {second}: expected one of them")
    truth = Choice((first, second), regions.index(chosen[0]))
    return kind, truth, reading, f"Answer with {first} or {second} and nothing else."


def _metres(told: str) -> float:
    found = _MEASURE.findall(told)
    if len(found) != 1:
        raise UserError(f"answer {told!r}: expected one number in meters, centimeters, feet or inches")
    number, unit = found[0]
    return float(number) * _METRES[unit]


def _hour(told: str) -> int:
    found = [int(hour) for hour in _HOUR.findall(told)]
    if len(found) != 1 or not 1 <= found[0] <= 12:
        raise UserError(f"answer {told!r}: expected one hour from 1 to 12 o'clock")
    return found[0]


def _says_yes(told: str) -> bool:
    said = told.lower()
    for words, yes in ((_YES, True), (_NO, False)):
        if any(re.match(rf"{opening}\b", said) for opening in words):
            return yes
    raise UserError(f"answer {told!r}: expected it to begin with one of {', '.join(_YES + _NO)}")


def _literal(row: Mapping[str, Any], column: str) -> Any:
    """Read a column that holds a Python literal as text, or the thing itself."""
    held = row[column]
    if not isinstance(held, str):
        return held
    try:
        return ast.literal_eval(held)
    except (SyntaxError, ValueError):
        raise UserError(f"{column} {held[:80]!r}: expected a Python literal; get the files again") from None


def _answer(conversations: Any) -> str:
    try:
        return str(conversations[1]["value"]).strip()
    except (TypeError, KeyError, IndexError):
        raise UserError(f"conversations {str(conversations)[:80]!r}: expected a question and its answer") from None


def _boxes(found: Any) -> list[tuple[float, float, float, float]]:
    try:
        boxes = [(float(left), float(top), float(right), float(bottom)) for left, top, right, bottom in found]
    except (TypeError, ValueError):
        raise UserError(f"bbox {str(found)[:80]!r}: expected a list of (x1, y1, x2, y2)") from None
    if len(boxes) > len(COLOURS):
        raise UserError(f"bbox with {len(boxes)} boxes: there are {len(COLOURS)} colours; add one to COLOURS")
    return boxes


def _bytes(cell: Any, folder: Path) -> bytes:
    found = read_picture(cell, folder)
    return found if isinstance(found, bytes) else found.read_bytes()


def draw_boxes(image: bytes, boxes: Mapping[int, tuple[float, float, float, float]]) -> bytes:
    """Draw boxes onto an image file, as PNG. Boxes are x1, y1, x2, y2 in pixels, in the colours of COLOURS.

    Raises UserError where the bytes are no image.
    """
    # Boxes are in the pixels as they are stored, as PIL reads them, whatever turn EXIF asks for.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), flags) if image else None
    if pixels is None:
        raise UserError("image: cannot be decoded; get the files again")
    height, width = pixels.shape[:2]
    colours = list(COLOURS.values())
    thick = max(2, round(min(height, width) / 200))
    # Small boxes last: a line of a large one may not hide them.
    for number, box in sorted(boxes.items(), key=lambda one: -abs((one[1][2] - one[1][0]) * (one[1][3] - one[1][1]))):
        left, right = (int(np.clip(round(x), 0, width - 1)) for x in box[::2])
        top, bottom = (int(np.clip(round(y), 0, height - 1)) for y in box[1::2])
        cv2.rectangle(pixels, (left, top), (right, bottom), colours[number][::-1], thick)
    return cv2.imencode(".png", pixels)[1].tobytes()


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute the authors' two overall figures: the mean of all relations, and of all lengths and hours."""
    means = group_means(np.array(values, np.float64), [str(one.item.meta["type"]) for one in scored])
    return {kind: means[kind] for kind in ("qualitative", "quantitative") if kind in means}


TASK = Task(
    name="spatialrgpt_bench",
    asks="relations, sizes, distances and directions of regions marked in photos, indoors and outdoors",
    hub=Hub(
        repo="a8cheng/SpatialRGPT-Bench",
        revision="main",
        patterns=("data/*.parquet",),
        licence="none named on the hub",
    ),
    items=items,
    figures=figures,
    licence="none on the hub; a badge in the code's README says Apache-2.0; images under the terms of Omni3D's sources",
    source="arXiv 2406.01584, https://github.com/AnjieCheng/SpatialRGPT",
)
