"""How many things of a class are in view: a row for each class, about the objects that count.

What is one class, and whether its captions leave a doubt, the captions say (`captions.classes_of`).
"""

import numpy as np

from spatialvlm.captions import ObjectClass, classes_of
from spatialvlm.pipeline.measure.balance import balance
from spatialvlm.pipeline.measure.column import Column, Quantity, Table
from spatialvlm.records import Scene

MOST = 5
"""People count more than these one by one, and err; a fact holds the objects that it counts."""
LEAST_SIDE = 0.03
"""Of the image: what is less wide and less high may be overlooked."""
LEAST_LEFT = 0.1
"""The same of what the border of the image cuts off: from a corner alone nobody tells what it is."""
_REASONS = ("class_uncounted", "class_doubtful", "class_disputed", "class_large")


def _count(table: Table) -> Column:
    scenes: list[int] = []
    classes: list[ObjectClass] = []
    doubts: list[str | None] = []
    for place, scene in enumerate(table.scenes):
        for one in classes_of(scene):
            scenes.append(place)
            classes.append(one)
            doubts.append(one.doubt or _own_doubt(scene, one))
    counts = np.array([len(one.members) for one in classes], np.int64)
    first = np.cumsum([0, *(len(scene.objects) for scene in table.scenes)])[np.array(scenes, np.intp)]
    subjects = np.full((len(classes), MOST), -1)
    for row, one in enumerate(classes):
        shown = one.members[:MOST]
        subjects[row, : len(shown)] = first[row] + np.array(shown)
    column = Column(subjects, counts.astype(np.float64), np.zeros(len(counts)))
    column.outcome = np.minimum(counts, MOST + 1).astype(np.int8)
    for reason in _REASONS:
        column.refuse(reason, np.array([doubt == reason for doubt in doubts], bool))
    _outweigh_ones(column, np.array(scenes, np.intp), len(table.scenes))
    balance(column, table, (1, 2))
    return column


def _own_doubt(scene: Scene, one: ObjectClass) -> str | None:
    if len(one.members) > MOST:
        return "class_large"
    members = [scene.objects[place] for place in one.members]
    boxes = np.array([o.instance.box_xyxy for o in members])
    shares = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) / max(scene.camera.width, scene.camera.height)
    return "class_doubtful" if (shares < [LEAST_LEFT if o.truncated else LEAST_SIDE for o in members]).any() else None


def _outweigh_ones(column: Column, scene: np.ndarray, scenes: int) -> None:
    """Refuse to ask about lone things where nothing comes in twos: nearly everything in a room is one of its class."""
    asked = column.code == 0
    twos = np.bincount(scene[asked & (column.outcome == 2)], minlength=scenes)
    column.refuse("outweighed", (column.outcome == 1) & (twos[scene] == 0))


QUANTITIES = (
    Quantity(
        "class_count",
        "how many objects have that noun for the head of their captions; all that is in view was lifted, is large "
        "enough to be seen, and nothing else may be called so",
        _count,
        (*_REASONS, "outweighed"),
    ),
)
