"""How objects are called without their captions: the objects of an image in, a name for each out.

mark    "object 3", "the object marked 3"         where the picture shows numbered marks: the place in the scene + 1
box     "the object at [120, 340, 455, 780]"      left, top, right, bottom
point   "the object at (288, 560)"                a point that lies on it, as far from its edge as any

Questions about points say "the point at (288, 560)", whatever they are to refer by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm.geometry import decode_mask, edge_distance, points_on_objects, tight_box
from spatialvlm.quantities import Coordinates, ImageScale
from spatialvlm.records import Object, Scene

Referring = Literal["caption", "mark", "box", "point"]
REFERRING: tuple[Referring, ...] = get_args(Referring)
PLACES: frozenset[Referring] = frozenset(("box", "point"))
"""What says where in the image an object is."""

_DEEP = 0.5
"""A point may lie nearer to the edge than the deepest one by this share, where rounding moves it."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of objects by their ids, all of one sort; `reference` is what `QA.reference` says of it.

    A question with such names ends with the `note`, which says how to read them.
    """

    reference: str
    names: Mapping[str, str]
    note: str = ""


def pointers(scene: Scene, sort: Referring, coordinates: Coordinates) -> tuple[Naming, ...]:
    """Name the objects of a scene in each wording of a sort, captions apart; what no point surely hits has no name."""
    objects, scale = scene.objects, ImageScale(coordinates, scene.camera.width, scene.camera.height)
    match sort:
        case "caption":
            return ()
        case "mark":
            numbers = {o.instance.id: place for place, o in enumerate(objects, 1)}
            wordings = ("object {}", "the object marked {}")
            return tuple(Naming(sort, {id_: w.format(n) for id_, n in numbers.items()}) for w in wordings)
        case "box":
            said = {o.instance.id: _box(o, scale) for o in objects}
            return (Naming(f"{sort}/{coordinates}", {id_: f"the object at [{box}]" for id_, box in said.items()}),)
        case "point":
            found = {o.instance.id: _point(o, scale) for o in objects}
            named = {id_: f"the object at ({point})" for id_, point in found.items() if point is not None}
            return (Naming(f"{sort}/{coordinates}", named),)


def point_names(scene: Scene, coordinates: Coordinates) -> Naming:
    """Name the point of each object that questions about points are about; what has no sure point has no name."""
    found, scale = points_on_objects([scene]), ImageScale(coordinates, scene.camera.width, scene.camera.height)
    places = _rounded(found.pixels, scale).tolist()
    names = {
        o.instance.id: f"the point at ({scale.write(place)})"
        for o, place, sure in zip(scene.objects, places, found.sure.tolist())
        if sure
    }
    return Naming(f"point/{coordinates}", names, scale.note)


def draw_naming(
    namings: Mapping[Referring, Sequence[Naming]],
    sorts: Sequence[Referring],
    subjects: Sequence[str],
    rng: np.random.Generator,
) -> Naming:
    """Draw a sort and its wording, by which all subjects are called; boxes where a point is sure to hit not all."""
    for place in rng.permutation(len(sorts)).tolist():
        wordings = namings[sorts[place]]
        naming = wordings[int(rng.integers(len(wordings)))]
        if all(subject in naming.names for subject in subjects):
            return naming
    return namings["box"][0]


def _box(thing: Object, scale: ImageScale) -> str:
    corners = thing.instance.box_xyxy.astype(np.float64).reshape(2, 2) / (scale.width, scale.height)
    return scale.say(np.clip(corners, 0.0, 1.0).ravel().tolist())


def _point(thing: Object, scale: ImageScale) -> str | None:
    """Say the deepest point of an object's mask that still lies on it when it is rounded."""
    mask = decode_mask(thing.instance.mask)
    left, top, right, bottom = tight_box(mask).astype(int).tolist()
    depth = edge_distance(mask[top:bottom, left:right])
    deepest = float(depth.max(initial=0.0))
    if deepest == 0.0:
        return None
    rows, columns = np.nonzero(depth >= _DEEP * deepest)
    pixels = np.stack([columns + left, rows + top], axis=1)
    rounded = _rounded(pixels, scale)
    landed = np.floor(rounded / scale.steps * (scale.width, scale.height) + 1e-9).astype(int) - (left, top)
    inside = np.all((landed >= 0) & (landed < depth.shape[::-1]), axis=1)
    kept = np.where(inside, depth[tuple((landed * inside[:, None]).T[::-1])], 0.0)
    best = int(np.argmax(kept))
    return scale.write(rounded[best].tolist()) if kept[best] >= _DEEP * deepest else None


def _rounded(pixels: Int[np.ndarray, "n 2"], scale: ImageScale) -> Float64[np.ndarray, "n 2"]:
    """Give the places of pixels (column, row) in steps of a scale."""
    if scale.coordinates == "pixels":
        return pixels.astype(np.float64)
    return np.rint((pixels + 0.5) / (scale.width, scale.height) * scale.steps)
