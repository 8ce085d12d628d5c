"""RoboSpatial-Home: relations, what would fit, and points in free space, in photos of homes; its rows -> Items.

Enters: the folder of chanhee-luke/RoboSpatial-Home, data/{context,compatibility,configuration}-*.parquet (122, 105 and
123 rows). Columns: category, question, answer, img, depth_image, mask. `answer` is Yes or No, or for context a list of
points "[(x, y), ...]" as shares of width and height. Leaves: Items: yes or no, a place for context. Questions say
themselves in which form they want the answer, so the prompt is the question, as in the authors' script.

Rule: https://github.com/chanhee-luke/RoboSpatial-Eval at 3af8ceb, evaluation.py. Of points it takes the first; others
count any point, or use `mask`: those scores cannot be compared. The total is the mean of the categories (its README).
Columns and splits: download_benchmark.py there. Paper: arXiv 2411.16537.

The script takes the points of `answer` for the corners of a polygon in their order, but they are points of the free
space in no order: such polygons cross themselves, and points within are told to be outside (pull request 6 there, not
taken over: 18.9 % of a model's places right, 26.2 % with the convex hull). The place asked for here is the convex hull;
the official rule keeps the polygon.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from spatialvlm.answers import Region, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, Picture
from spatialvlm.evaluate.metrics.choices import group_means
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import Hub, rows
from spatialvlm.evaluate.tasks.task import Task
from spatialvlm.records import Score

Point = tuple[float, float]

CATEGORIES = ("context", "compatibility", "configuration")
COLUMNS = ("category", "question", "answer", "img")

_TUPLE = re.compile(r"\(\s*(\d+\.?\d*)\s*,\s*(\d+\.?\d*)\s*\)")
_LIST = re.compile(r"\[\s*(\d+\.?\d*)\s*,\s*(\d+\.?\d*)\s*\]")
_BRACKETS = re.compile(r"\[(.*?)\]", re.DOTALL)


def items(folder: Path) -> Iterator[Item]:
    """Read the questions, category by category as files are named. Raises UserError for a row that cannot be used."""
    numbers: dict[str, int] = {}
    for row in rows(folder, *(f"data/{category}-*.parquet" for category in CATEGORIES), needs=COLUMNS):
        category = str(row["category"]).strip().lower()
        number = numbers.get(category, 0)
        numbers[category] = number + 1
        name = f"{category}/{number}"
        try:
            item = _item(row, name, category, folder)
        except UserError as error:
            raise UserError(f"RoboSpatial-Home row {name}: {error}") from None
        yield item


def _item(row: Mapping[str, Any], name: str, category: str, folder: Path) -> Item:
    answer, question = str(row["answer"]).strip(), str(row["question"]).strip()
    if category not in CATEGORIES:
        raise UserError(f"category {category!r}: expected one of {', '.join(CATEGORIES)}; get the files again")
    meta: dict[str, Any] = {"category": category, "answer": answer}
    if answer.lower() in ("yes", "no"):
        truth = YesNo(answer.lower() == "yes")
    else:
        points = _points(answer)
        truth = Region(_hull(points))
        meta["polygon"] = [list(point) for point in points]
    held = read_picture(row["img"], folder)
    return Item(name, category, question, question, (held,), truth, meta | {"size": _size(held)})


def _size(held: Picture) -> list[int]:
    """Read width and height of an image, for answers in pixels."""
    try:
        with Image.open(BytesIO(held) if isinstance(held, bytes) else held) as image:
            return list(image.size)
    except UnidentifiedImageError:
        raise UserError("img: is no image that can be read; get the files again") from None


def _points(answer: str) -> list[Point]:
    """Read the points of a row's answer. Raises UserError for anything but three pairs of shares or more."""
    try:
        found = ast.literal_eval(answer)
        points = [(float(x), float(y)) for x, y in found]
    except (SyntaxError, ValueError, TypeError):
        points = []
    # A point may lie a little outside of the image; pixels or percent would lie far from it.
    if len(points) < 3 or not all(-1 <= share <= 2 for point in points for share in point):
        raise UserError(
            f"answer {answer[:80]!r}: expected yes, no, or a list of 3 or more (x, y) as shares; get the files again"
        )
    return points


def _hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """Find the corners of the convex hull in order (Andrew's monotone chain). Raises UserError where it has no area."""
    chains: list[list[Point]] = []
    for ordered in (sorted(points), sorted(points, reverse=True)):
        chain: list[Point] = []
        for point in ordered:
            while len(chain) > 1 and not _turns(chain[-2], chain[-1], point):
                chain.pop()
            chain.append(point)
        chains.append(chain[:-1])
    corners = tuple(chains[0] + chains[1])
    if len(corners) < 3:
        raise UserError(f"answer: the {len(points)} points lie on one line; get the files again")
    return corners


def _turns(a: Point, b: Point, c: Point) -> bool:
    """Return whether the way from a over b to c turns towards the same side as from x to y."""
    return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])


def official(item: Item, answer: str) -> Score:
    """Score as the authors' script: how the answer begins for yes and no, its first point against the polygon."""
    if isinstance(item.truth, YesNo):
        # Fault, kept: "not sure", "none" and "north" begin with "no"; "The answer is yes" and "**Yes**" with neither.
        begins = answer.strip().lower()
        said = next((word for word in ("yes", "no") if begins.startswith(word)), None)
        wanted = "yes" if item.truth.yes else "no"
        return Score(float(said == wanted), said, f"the answer begins with {said or 'neither yes nor no'}")
    point = _first_point(answer)
    if point is None:
        return Score(0.0, None, "no point that the script reads")
    inside = _in_polygon(point, item.meta["polygon"])
    return Score(float(inside), f"({point[0]:g}, {point[1]:g})", f"{'inside' if inside else 'outside'} the polygon")


def _first_point(answer: str) -> Point | None:
    """Find the point that the script takes.

    Faults, kept: any (x, y) goes before any [x, y]; in both, numbers have to begin with a digit, so that (-0.1, 0.5) is
    skipped and what follows is taken. Percent and pixels are read as shares.
    """
    for pattern in (_TUPLE, _LIST):
        if found := pattern.search(answer):
            return float(found[1]), float(found[2])
    listed = _BRACKETS.search(answer)
    if listed is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python on text that is hardly Python
            # A list may end in a comma. The script looks for an (x, y) once more where this fails; there can be none.
            values = ast.literal_eval("[" + listed[1].strip().removesuffix(",") + "]")
        first = values if len(values) == 2 and all(isinstance(one, int | float) for one in values) else values[0]
        if not isinstance(first, list | tuple) or len(first) != 2:
            return None
        return float(first[0]), float(first[1])
    except (SyntaxError, ValueError, TypeError, IndexError, OverflowError, MemoryError, RecursionError):
        return None


def _in_polygon(point: Point, polygon: Sequence[Sequence[float]]) -> bool:
    """Cast a ray, even-odd, edge by edge as in the script: which points of an edge are inside depends on its side."""
    x, y = point
    inside = False
    for n, (corner_x, corner_y) in enumerate(polygon):
        before_x, before_y = polygon[n - 1]
        if (corner_y > y) != (before_y > y):
            inside ^= x < (before_x - corner_x) * (y - corner_y) / (before_y - corner_y) + corner_x
    return inside


def figures(scored: Sequence[Scored], values: Sequence[float]) -> Mapping[str, float]:
    """Compute the mean of the categories, and that of the two of yes or no, where all of them are there."""
    means = group_means(np.array(values, np.float64), [one.item.meta["category"] for one in scored])
    groups = {"mean of categories": CATEGORIES, "mean of yes-no categories": CATEGORIES[1:]}
    return {
        name: float(np.mean([means[category] for category in group]))
        for name, group in groups.items()
        if means.keys() >= set(group)
    }


TASK = Task(
    name="robospatial_home",
    asks="relations and whether things fit, by yes or no, and points in free space, in photos of homes",
    hub=Hub(
        repo="chanhee-luke/RoboSpatial-Home",
        revision="main",
        patterns=("data/*.parquet",),
        licence="Apache-2.0",
    ),
    items=items,
    official=official,
    figures=figures,
    licence="Apache-2.0",
    source="arXiv 2411.16537, https://github.com/chanhee-luke/RoboSpatial-Eval",
)
