"""The quantities behind all facts: lengths of objects and differences and distances of pairs, each with 1 sigma.

Errors are of three sorts: those of each object's box faces, independent between objects; those the whole scene shares
(depth scale: proportional to the length; tilt of up: mixes the horizontal into the vertical); and the drift of depth,
which moves what is seen in one place of the picture along its rays, and which neighbours in the picture share.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.geometry import invert, transform
from spatialvlm.records import Scene

PerObject = Float64[np.ndarray, " n"]
PerPair = Float64[np.ndarray, " p"]


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """The boxes of a scene as arrays over its n objects.

    `pull` is how far a centre moves per unit of relative depth error at its place, `low_pull` the bottom, `stretch` the
    extent. `together` is how much of the drift of depth two objects share: 1 all, 0 nothing.
    """

    low: Float64[np.ndarray, "n 3"]
    high: Float64[np.ndarray, "n 3"]
    centre: Float64[np.ndarray, "n 3"]
    centre_error: Float64[np.ndarray, "n 3"]
    extent: Float64[np.ndarray, "n 3"]
    extent_error: Float64[np.ndarray, "n 3"]
    low_error: Float64[np.ndarray, "n 3"]
    high_error: Float64[np.ndarray, "n 3"]
    depth_m: PerObject
    column_px: PerObject
    truncated: Bool[np.ndarray, " n"]
    occluded: Bool[np.ndarray, " n"]
    bottom_known: Bool[np.ndarray, " n"]
    standing: Bool[np.ndarray, " n"]
    pull: Float64[np.ndarray, "n 3"]
    low_pull: PerObject
    stretch: Float64[np.ndarray, "n 3"]
    together: Float64[np.ndarray, "n n"]


def objects_of(scene: Scene) -> Objects:
    """The arrays of a scene's objects."""
    boxes = [o.box for o in scene.objects]
    low, high, low_error, high_error = (
        np.array([getattr(box, name) for box in boxes]).reshape(-1, 3)
        for name in ("low_in_world", "high_in_world", "low_error_m", "high_error_m")
    )
    centre = (low + high) / 2
    edges = np.array([o.instance.box_xyxy for o in scene.objects], np.float64).reshape(-1, 4)
    extent_error = np.sqrt(low_error**2 + high_error**2)
    standing = np.array([o.bottom == "support" for o in scene.objects], bool)
    pull, low_pull, stretch = _moves(scene, low, high, standing, edges)
    return Objects(
        low=low,
        high=high,
        centre=centre,
        centre_error=extent_error / 2,
        extent=high - low,
        extent_error=extent_error,
        low_error=low_error,
        high_error=high_error,
        depth_m=transform(invert(scene.world_from_camera), centre)[:, 2],
        column_px=(edges[:, 0] + edges[:, 2]) / 2,
        truncated=np.array([o.truncated for o in scene.objects], bool),
        occluded=np.array([o.occluded for o in scene.objects], bool),
        bottom_known=np.array([o.bottom != "hidden" for o in scene.objects], bool),
        standing=standing,
        pull=pull,
        low_pull=low_pull,
        stretch=stretch,
        together=_together(scene, (edges[:, :2] + edges[:, 2:]) / 2),
    )


def _moves(
    scene: Scene,
    low: Float64[np.ndarray, "n 3"],
    high: Float64[np.ndarray, "n 3"],
    standing: Bool[np.ndarray, " n"],
    edges: Float64[np.ndarray, "n 4"],
) -> tuple[Float64[np.ndarray, "n 3"], PerObject, Float64[np.ndarray, "n 3"]]:
    """How far centre, bottom and extent move per unit of relative depth error; see `Objects`.

    What stands on the support plane stays on it. Opposite faces are as far apart in the picture as the object is wide,
    or high; the near and the far one half as much.
    """
    viewer = scene.world_from_camera[:3, 3]
    nearer, farther = low - viewer, high - viewer
    pull = (nearer + farther) / 2
    pull[standing, 2] = (high - low)[standing, 2] / 2
    across, down = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]
    shared = shared_drift(scene, np.stack([across, (across + down) / 4, down], axis=1))
    return pull, np.where(standing, 0.0, nearer[:, 2]), combined(nearer, farther, shared)


def _together(scene: Scene, places_px: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n n"]:
    """The share of drift that each pair of places in the picture has in common."""
    apart = places_px[:, None] - places_px
    return shared_drift(scene, np.sqrt((apart**2).sum(axis=2)))


def shared_drift(scene: Scene, apart_px: Float64[np.ndarray, "..."]) -> Float64[np.ndarray, "..."]:
    """The correlation of depth's drift at places so far apart; see `SceneErrors`."""
    return np.exp(-0.5 * (apart_px / max(scene.errors.local_reach_px, 1e-9)) ** 2)


def combined(
    one: Float64[np.ndarray, "..."], other: Float64[np.ndarray, "..."], shared: Float64[np.ndarray, "..."]
) -> Float64[np.ndarray, "..."]:
    """The spread of `other` - `one` when each goes with a unit error and the two errors share that much."""
    return np.sqrt(np.maximum(one**2 + other**2 - 2.0 * shared * one * other, 0.0))


def size_of(objects: Objects) -> tuple[PerObject, PerObject, PerObject]:
    """The edge of a cube of the box's volume, its error, and how depth's drift stretches it.

    Volume compared on a scale of metres.
    """
    extent = np.maximum(objects.extent, 1e-4)
    size = np.cbrt(extent.prod(axis=1))
    error = size / 3 * np.sqrt(((objects.extent_error / extent) ** 2).sum(axis=1))
    return size, error, size / 3 * (objects.stretch / extent).sum(axis=1)


def between_centres(
    scene: Scene,
    objects: Objects,
    a: Int[np.ndarray, " p"],
    b: Int[np.ndarray, " p"],
    axes: slice,
    tilt_rad: PerPair | float,
) -> tuple[PerPair, PerPair]:
    """The distance of two centres over some axes, and its error without scale; tilt turns up into across and back."""
    apart = objects.centre[a, axes] - objects.centre[b, axes]
    length = np.sqrt((apart**2).sum(axis=1))
    direction = apart / np.maximum(length, 1e-9)[:, None]
    variance = objects.centre_error[a, axes] ** 2 + objects.centre_error[b, axes] ** 2
    total = np.sqrt(((objects.centre[a] - objects.centre[b]) ** 2).sum(axis=1))
    across = np.sqrt(np.maximum(total**2 - length**2, 0.0))
    pull_a, pull_b = ((direction * objects.pull[i, axes]).sum(axis=1) for i in (a, b))
    drift = scene.errors.local * combined(pull_a, pull_b, objects.together[a, b])
    return length, np.sqrt((direction**2 * variance).sum(axis=1) + (tilt_rad * across) ** 2 + drift**2)
