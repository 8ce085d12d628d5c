"""Scenes in, arrays over all their objects out: the boxes, what was seen of them, and what each one's scene says.

Vectors go by axis, (3, n). Whatever is computed from these arrays is computed element by element, sums over axes too,
and pairs never mix scenes: so a scene has the same facts, to the bit, alone and among any others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int

from spatialvlm.pipeline.measure.modes import Mode, modes_of
from spatialvlm.pipeline.measure.wholes import ends_of, unseen
from spatialvlm.records import Scene

PerObject = Float64[np.ndarray, " n"]
PerPair = Float64[np.ndarray, " p"]
Index = Int[np.ndarray, " p"]


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What the scene of each of n objects says: its number, what is known of it, the viewer's place, and its errors.

    Or what each of n scenes says, where no object matters. `upright`: up is known; `metric`: lengths are in metres;
    `on_plane`: there is a support plane. The rest is the `SceneErrors`.
    """

    scene: Int[np.ndarray, " n"]
    upright: Bool[np.ndarray, " n"]
    metric: Bool[np.ndarray, " n"]
    on_plane: Bool[np.ndarray, " n"]
    viewer: Float64[np.ndarray, "3 n"]
    forward: Float64[np.ndarray, "3 n"]
    scale: PerObject
    tilt_rad: PerObject
    support_m: PerObject
    local: PerObject
    local_reach_px: PerObject

    def at(self, rows: Index) -> "Setting":
        """Take some rows, any of them several times."""
        return Setting(**{column.name: getattr(self, column.name).take(rows, axis=-1) for column in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The n objects of some scenes, scene by scene.

    `setting` is what the scene of each one says, `by_scene` what each scene says. `place` is the number of each one
    within its scene, `middle_px` the middle of its box in the picture. `pull` is how
    far a centre moves per unit of relative depth error at its place, `low_pull` the bottom, `stretch` the extent.
    `end_to_end` is the extent between the outermost points, and the hidden lengths how far the whole may reach beyond,
    1 sigma, which is part of `extent_error`. `modes` are the other errors that whole scenes share. `back_by` and
    `on_by` are how far on the ground, towards lower and towards higher coordinates, the centre of a whole thing may be
    from that of its visible part, where something cuts it.
    """

    setting: Setting
    by_scene: Setting
    place: Int[np.ndarray, " n"]
    points_in_world: Sequence[Float32[np.ndarray, "_ 3"]]
    low: Float64[np.ndarray, "3 n"]
    high: Float64[np.ndarray, "3 n"]
    centre: Float64[np.ndarray, "3 n"]
    centre_error: Float64[np.ndarray, "3 n"]
    extent: Float64[np.ndarray, "3 n"]
    extent_error: Float64[np.ndarray, "3 n"]
    end_to_end: Float64[np.ndarray, "3 n"]
    low_hidden_m: Float64[np.ndarray, "3 n"]
    high_hidden_m: Float64[np.ndarray, "3 n"]
    low_error: Float64[np.ndarray, "3 n"]
    high_error: Float64[np.ndarray, "3 n"]
    depth_m: PerObject
    middle_px: Float64[np.ndarray, "2 n"]
    back_by: Float64[np.ndarray, "2 n"]
    on_by: Float64[np.ndarray, "2 n"]
    truncated: Bool[np.ndarray, " n"]
    occluded: Bool[np.ndarray, " n"]
    bottom_known: Bool[np.ndarray, " n"]
    standing: Bool[np.ndarray, " n"]
    pull: Float64[np.ndarray, "3 n"]
    low_pull: PerObject
    stretch: Float64[np.ndarray, "3 n"]
    modes: tuple[Mode, ...]


def objects_of(scenes: Sequence[Scene], *, box_only: bool = False) -> Objects:
    """Gather the arrays of the scenes' objects; with `box_only` no end sticks out of a box."""
    found = [o for scene in scenes for o in scene.objects]
    low, high, low_error, high_error = (
        _by_axis([getattr(o.box, name) for o in found], 3)
        for name in ("low_in_world", "high_in_world", "low_error_m", "high_error_m")
    )
    edges = _by_axis([o.instance.box_xyxy for o in found], 4)
    counts = [len(scene.objects) for scene in scenes]
    by_scene = _setting(scenes)
    setting = by_scene.at(np.repeat(by_scene.scene, counts))
    standing = np.array([o.bottom == "support" for o in found], bool)
    nearer, farther = low - setting.viewer, high - setting.viewer
    flat = 0.0 if box_only else np.clip(1.0 - (high - low)[2] / np.maximum((high - low)[0], 1e-9), 0.0, 1.0)
    pull, low_pull, stretch = _moves(nearer, farther, standing, edges, setting.local_reach_px, flat)
    back_by, on_by = unseen(scenes, found, edges, np.repeat(by_scene.scene, counts), high - low)
    focal_px = np.array([float(one.camera.image_from_camera[0, 0]) for one in scenes])[setting.scene]
    ends = ends_of([] if box_only else found, low, high, (low_error, high_error), setting.viewer, focal_px)
    if box_only:
        back_by, on_by = np.zeros_like(back_by), np.zeros_like(on_by)
    return Objects(
        setting=setting,
        by_scene=by_scene,
        place=np.array([place for scene in scenes for place in range(len(scene.objects))], np.int64),
        points_in_world=[o.points_in_world for o in found],
        low=low,
        high=high,
        centre=(low + high) / 2,
        centre_error=np.sqrt(low_error**2 + high_error**2) / 2,
        extent=high - low,
        extent_error=np.sqrt(low_error**2 + high_error**2 + ends.low_hidden_m**2 + ends.high_hidden_m**2),
        end_to_end=ends.extent,
        low_hidden_m=ends.low_hidden_m,
        high_hidden_m=ends.high_hidden_m,
        low_error=low_error,
        high_error=high_error,
        depth_m=dot(setting.forward, (nearer + farther) / 2),
        middle_px=(edges[:2] + edges[2:]) / 2,
        back_by=back_by,
        on_by=on_by,
        truncated=np.array([o.truncated for o in found], bool),
        occluded=np.array([o.occluded for o in found], bool),
        bottom_known=np.array([o.bottom != "hidden" for o in found], bool),
        standing=standing,
        pull=pull,
        low_pull=low_pull,
        stretch=stretch,
        modes=modes_of(scenes, counts, low, high, setting.viewer, setting.forward, standing),
    )


def _setting(scenes: Sequence[Scene]) -> Setting:
    flags = [(s.gravity is not None, s.scale == "metric", s.support.surface is not None) for s in scenes]
    upright, metric, on_plane = np.array(flags, bool).reshape(-1, 3).T
    errors = [(e.scale, e.tilt_rad, e.support_m, e.local, e.local_reach_px) for e in (s.errors for s in scenes)]
    scale, tilt_rad, support_m, local, local_reach_px = np.array(errors, np.float64).reshape(-1, 5).T
    world_from_camera = _by_axis([scene.world_from_camera.ravel() for scene in scenes], 16)
    viewer, forward = (world_from_camera[column:12:4] for column in (3, 2))
    return Setting(
        scene=np.arange(len(scenes)),
        upright=upright,
        metric=metric,
        on_plane=on_plane,
        viewer=viewer,
        forward=forward,
        scale=scale,
        tilt_rad=tilt_rad,
        support_m=support_m,
        local=local,
        local_reach_px=local_reach_px,
    )


def _by_axis(arrays: Sequence[np.ndarray], width: int) -> Float64[np.ndarray, "width n"]:
    rows = np.concatenate(arrays) if arrays else np.empty(0)
    return np.ascontiguousarray(rows.reshape(-1, width).T, dtype=np.float64)


def _moves(
    nearer: Float64[np.ndarray, "3 n"],
    farther: Float64[np.ndarray, "3 n"],
    standing: Bool[np.ndarray, " n"],
    edges: Float64[np.ndarray, "4 n"],
    local_reach_px: PerObject,
    flat: PerObject | float,
) -> tuple[Float64[np.ndarray, "3 n"], PerObject, Float64[np.ndarray, "3 n"]]:
    """Say how far centre, bottom and extent move per unit of relative depth error; see `Objects`.

    `nearer` and `farther` are the faces of the boxes as the viewer has them. What stands on the support plane stays on
    it. Opposite faces are as far apart in the picture as the object is wide, or high; the near and the far one half as
    much. The ends of what is `flat` (1: without any height, 0: no wider than high) lie anywhere on it.
    """
    pull = (nearer + farther) / 2
    pull[2] = np.where(standing, (farther[2] - nearer[2]) / 2, pull[2])
    across, down = edges[2] - edges[0], edges[3] - edges[1]
    shared = shared_drift(np.stack([across, (across + down) / 4, np.hypot(down, flat * across)]), local_reach_px)
    return pull, np.where(standing, 0.0, nearer[2]), combined(nearer, farther, shared)


def shared_drift(
    apart_px: Float64[np.ndarray, "*k n"], local_reach_px: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "*k n"]:
    """Compute the correlation of depth's drift at places so far apart; see `SceneErrors`."""
    return np.exp(-0.5 * (apart_px / np.maximum(local_reach_px, 1e-9)) ** 2)


def combined(
    one: Float64[np.ndarray, "..."], other: Float64[np.ndarray, "..."], shared: Float64[np.ndarray, "..."]
) -> Float64[np.ndarray, "..."]:
    """Compute the spread of `other` - `one` when each goes with a unit error and the two errors share that much."""
    return np.sqrt(np.maximum(one**2 + other**2 - 2.0 * shared * one * other, 0.0))


def dot(one: Float64[np.ndarray, "k p"], other: Float64[np.ndarray, "k p"]) -> PerPair:
    """Compute the inner products of columns, axis after axis: numpy's own sums depend on how many columns there are."""
    total = one[0] * other[0]
    for axis in range(1, len(one)):
        total += one[axis] * other[axis]
    return total


def together(objects: Objects, a: Index, b: Index) -> PerPair:
    """Say how much of the drift of depth the two of each pair share: 1 all, 0 nothing."""
    apart = objects.middle_px[:, a] - objects.middle_px[:, b]
    return shared_drift(np.sqrt(dot(apart, apart)), objects.setting.local_reach_px[a])


def pairs_of(scenes: Sequence[Scene], *, ordered: bool) -> tuple[Index, Index]:
    """List the pairs of objects of the same scene, scene by scene; `ordered`: either way round, else once."""
    both, first = [_pairs(0, ordered)], 0
    for scene in scenes:
        both.append(_pairs(len(scene.objects), ordered) + first)
        first += len(scene.objects)
    a, b = np.concatenate(both, axis=1)
    return a, b


@lru_cache(maxsize=128)
def _pairs(count: int, ordered: bool) -> Int[np.ndarray, "2 p"]:
    return np.stack(np.nonzero(~np.eye(count, dtype=bool)) if ordered else np.triu_indices(count, 1))


MOST_GROUPS = 120
"""Of so many groups of a scene is anything asked; of more, those are taken that are spread evenly over all."""


def groups_of(scenes: Sequence[Scene], size: int) -> Int[np.ndarray, "g s"]:
    """List groups of so many objects of the same scene, each once, scene by scene."""
    found, first = [_groups(0, size)], 0
    for scene in scenes:
        found.append(_groups(len(scene.objects), size) + first)
        first += len(scene.objects)
    return np.concatenate(found)


@lru_cache(maxsize=128)
def _groups(count: int, size: int) -> Int[np.ndarray, "g s"]:
    return _not_too_many(_combinations(count, size))


def fans_of(scenes: Sequence[Scene], size: int) -> Int[np.ndarray, "g s"]:
    """List groups of so many ways from an object to others of the same scene, as rows of the ordered pairs."""
    found, first = [_fans(0, size)], 0
    for scene in scenes:
        count = len(scene.objects)
        found.append(_fans(count, size) + first)
        first += count * (count - 1)
    return np.concatenate(found)


@lru_cache(maxsize=128)
def _fans(count: int, size: int) -> Int[np.ndarray, "g s"]:
    others = _combinations(max(count - 1, 0), size)
    starts = np.arange(count)[:, None, None] * (count - 1)
    return _not_too_many((starts + others).reshape(-1, size))


def _combinations(count: int, size: int) -> Int[np.ndarray, "g s"]:
    return np.array(list(combinations(range(count), size)), np.int64).reshape(-1, size)


def _not_too_many(groups: Int[np.ndarray, "g s"]) -> Int[np.ndarray, "_ s"]:
    if len(groups) <= MOST_GROUPS:
        return groups
    return groups[np.linspace(0, len(groups) - 1, MOST_GROUPS).astype(np.int64)]
