"""Columns over the objects of some scenes in, the Facts of each scene out."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.pipeline.measure.facts import REASONS, Column
from spatialvlm.pipeline.measure.objects import Objects
from spatialvlm.records import Facts, Scene

_REFUSALS = [(kind, reason) for kind in KIND_NAMES for reason in REASONS]


def facts_of(scenes: Sequence[Scene], objects: Objects, columns: Mapping[str, Column]) -> list[Facts]:
    """Join the columns of all kinds into Facts, and count the refusals of each unordered pair once."""
    sheets: dict[tuple[int, int], _Sheet] = {}  # kinds share columns: left and right, taller and shorter
    chosen, outcomes = [], []
    for name in KIND_NAMES:
        kind, column = KINDS[name], columns[name]
        key = id(column), kind.sign if kind.form == "length" else 0
        if key not in sheets:
            sheets[key] = _Sheet(column, key[1], objects, len(scenes))
        sheet = sheets[key]
        chosen.append(sheet)
        outcomes.append(sheet.outcome * np.int8(kind.sign if kind.form != "length" else 0))
    kinds = np.repeat(np.arange(len(chosen), dtype=np.int16), [len(sheet.scene) for sheet in chosen])
    scene_of_row = np.concatenate([sheet.scene for sheet in chosen])
    order = np.argsort(scene_of_row, kind="stable")
    rows = [np.concatenate([getattr(sheet, name) for sheet in chosen]) for name in ("a", "b", "number", "error")]
    sorted_rows = [column[order] for column in (kinds, *rows, np.concatenate(outcomes))]
    ends = np.cumsum(np.bincount(scene_of_row, minlength=len(scenes))).tolist()
    refusals = _refusals(np.stack([sheet.refused for sheet in chosen], axis=1))
    facts = []
    for scene, start, stop, refused in zip(scenes, [0, *ends], ends, refusals):
        kind, a, b, number, error, outcome = (column[start:stop] for column in sorted_rows)
        ids = tuple(o.instance.id for o in scene.objects)
        frame = "camera" if scene.gravity is None else "world"
        facts.append(Facts(KIND_NAMES, ids, kind, a, b, number, error, outcome, frame, refused))
    return facts


def _refusals(counts: Int[np.ndarray, "scenes kinds reasons"]) -> list[dict[tuple[str, str], int]]:
    """Count, for each scene, how often each kind was refused for each reason."""
    refusals: list[dict[tuple[str, str], int]] = [{} for _ in counts]
    counts = counts.reshape(len(counts), -1)
    scenes, which = np.nonzero(counts)
    for scene, place, count in zip(scenes.tolist(), which.tolist(), counts[scenes, which].tolist()):
        refusals[scene][_REFUSALS[place]] = count
    return refusals


class _Sheet:
    """The rows of a column that are asked (only those of outcome `sign`, if it is not 0), and what was refused.

    `a` and `b` are places within the scene; `refused` has a row per scene and a column per reason.
    """

    def __init__(self, column: Column, sign: int, objects: Objects, scenes: int) -> None:
        asked = column.code == 0
        if sign:
            asked &= column.outcome == sign
        a, b = column.a[asked], column.b[asked]
        scene = objects.setting.scene[column.a]
        self.scene = scene[asked].astype(np.int16)  # 16 bits sort 10 times as fast
        self.a = objects.place[a].astype(np.int16)
        self.b = np.where(b < 0, -1, objects.place[b]).astype(np.int16)
        self.number, self.error, self.outcome = (
            values[asked] for values in (column.number, column.error, column.outcome)
        )
        once = (column.a < column.b) | (column.b < 0)
        cells = scene[once] * len(REASONS) + column.code[once]
        self.refused = np.bincount(cells, minlength=scenes * len(REASONS)).reshape(scenes, len(REASONS))
        self.refused[:, 0] = 0
