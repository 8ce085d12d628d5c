"""Answers that come up about equally often in each scene: of those that are more frequent, some are left out."""

from collections.abc import Sequence

import numpy as np

from spatialvlm.pipeline.measure.column import Column, Table

_CODES = 16  # outcomes lie between -1 and 12


def balance(column: Column, table: Table, outcomes: Sequence[int]) -> None:
    """Keep each outcome of a scene as often as the rarest of all that can be, or once; refuse the others.

    Which ones stay depends on the ids of their objects, as if by chance, and not on the order of the objects.
    """
    asked = np.flatnonzero(column.code == 0)
    if not len(asked):
        return
    scene = table.objects.setting.scene[column.first[asked]]
    group = scene * _CODES + column.outcome[asked] + 1
    counts = np.bincount(group, minlength=(int(scene.max()) + 1) * _CODES)
    rarest = counts.reshape(-1, _CODES)[:, np.array(outcomes) + 1].min(axis=1)
    most = np.maximum(rarest, 1)[scene]
    many = counts[group] > most
    asked, group, most = asked[many], group[many], most[many]
    order = np.argsort((group << 32) + table.marks_of(column.subjects[asked]))
    group, most = group[order], most[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    rank = np.arange(len(group)) - np.repeat(starts, np.diff(starts, append=len(group)))
    left_out = np.zeros(len(column.number), bool)
    left_out[asked[order]] = rank >= most
    column.refuse("outweighed", left_out)
