"""Whether something nearer cuts a thing: its mask and the picture's depth enter, the sides that are cut leave.

A mask is followed from its four sides inwards: row by row from the left and the right, column by column from above and
below. Where what lies just outside is nearer, the outline may go on behind that. A side is cut where this is so of its
outermost places, or of many of them, and where what is nearer reaches further out than the mask: a mug before a table
hides nothing that sticks out of the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int, Int16

from spatialvlm.pipeline.lift.world import World
from spatialvlm.records import Frame, Instance

MOST_PLACES = 48  # of a side are looked at
STEADY = 0.1  # relative; two depths that differ by more are not of one surface
STEP = 0.03  # relative to inverse depth: nearer by more is something else
OUTERMOST = 0.04  # of the extent in the picture, from the side
OUTERMOST_SHARE, SIDE_SHARE = 0.25, 0.18  # of the places that are cut
STICKS_OUT, STICKS_OUT_PX = 0.02, 2.5  # of the extent; less hides nothing to speak of
FAR_OUT = 0.5  # of the extent: what reaches so far hides something even from places further in
ON_PLANE = 1.5  # times the band in which things stand on the support plane

Sides = Bool[np.ndarray, " 4"]
Places = Int[np.ndarray, " n"]
_LOOKS = np.array([-1, -3, 2, 4])  # pixels beside the outline: two inwards and two outwards
DOWN, ACROSS = np.array([0, -1, 0, 1]), np.array([-1, 0, 1, 0])  # outwards: left, top, right, bottom


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """A picture as its things have it around them: depth, whose each pixel is, the boxes of all, and what is a height.

    An instance has its number in `numbers`, from 1 on, and 0 is nobody. `rise` times (column, row, 1) is z per metre of
    depth. `step` is how much nearer something else is at least.
    """

    depth_m: Float32[np.ndarray, "h w"]
    owner: Int16[np.ndarray, "h w"]
    boxes: Float64[np.ndarray, "n 4"]
    numbers: Mapping[str, int]
    rise: Float64[np.ndarray, " 3"]
    height_m: float
    on_plane: bool
    step: float

    def heights(self, rows: Places, columns: Places, depth_m: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
        """Find how high above the plane is what some pixels see at a depth."""
        x, y, constant = self.rise
        return self.height_m + (x * (columns + 0.5) + y * (rows + 0.5) + constant) * depth_m


def neighbours_of(frame: Frame, world: World, noise: float) -> Neighbours:
    """Gather what lies around the things in a frame with depth, camera and instances."""
    assert frame.depth is not None
    assert frame.camera is not None
    owner = np.zeros(frame.depth.shape, np.int16)
    boxes = np.zeros((1 + len(frame.instances or ()), 4))
    for number, instance in enumerate(frame.instances or (), 1):
        mask = np.asarray(instance.mask)
        boxes[number] = _box(mask)
        left, top, right, bottom = boxes[number].astype(int).tolist()
        owner[top:bottom, left:right][mask[top:bottom, left:right]] = number
    boxes[0, 2:] = frame.depth.shape[::-1]  # what nobody marked may reach anywhere
    matrix = world.world_from_camera
    return Neighbours(
        depth_m=frame.depth,
        owner=owner,
        boxes=boxes,
        numbers={instance.id: number for number, instance in enumerate(frame.instances or (), 1)},
        rise=matrix[2, :3] @ np.linalg.inv(frame.camera.image_from_camera),
        height_m=float(matrix[2, 3]),
        on_plane=world.support.surface is not None,
        step=max(STEP, 6.0 * noise),
    )


def cut_sides(instance: Instance, near: Neighbours, band_m: float) -> Sides:
    """Say which sides (left, top, right, bottom) of an instance's mask are cut by something nearer.

    `band_m` is how far from the plane the lowest visible points may be of things that stand on it.
    """
    mask, box = np.asarray(instance.mask), near.boxes[near.numbers[instance.id]]
    rows, columns, side = outline_places(mask, box)
    own, other, rows_out, columns_out = _beside(mask, near.depth_m, rows, columns, side)
    with np.errstate(invalid="ignore"):
        cut = other > own * (1.0 + near.step)
    if near.on_plane and cut.any():
        cut[cut] = _not_the_ground(near, rows_out[cut], columns_out[cut], other[cut], own[cut], band_m)
    if not cut.any():
        return np.zeros(4, bool)
    sign = np.array([-1.0, -1.0, 1.0, 1.0])
    sizes = np.maximum(np.tile(box[2:] - box[:2], 2), 1.0)
    owners = near.boxes[near.owner[rows_out, columns_out], side]
    sticks_out = sign[side] * (owners - box[side])
    cut &= sticks_out > np.maximum(STICKS_OUT_PX, STICKS_OUT * sizes)[side]
    far = cut & (sticks_out > FAR_OUT * sizes[side])
    inwards = np.abs(np.where(side % 2 == 0, columns, rows) + (side > 1) - box[side])
    outermost = inwards <= np.maximum(1.5, OUTERMOST * sizes)[side]
    counts = [np.bincount(side[where], minlength=4) for where in (cut & outermost, outermost, far, side >= 0)]
    return (counts[0] > OUTERMOST_SHARE * counts[1]) | (counts[2] > SIDE_SHARE * counts[3])


def _box(mask: Bool[np.ndarray, "h w"]) -> Float64[np.ndarray, " 4"]:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([left, top, left + width, top + height], np.float64)


def outline_places(mask: Bool[np.ndarray, "h w"], box: Float64[np.ndarray, " 4"]) -> tuple[Places, Places, Places]:
    """Find where a mask ends, row by row and column by column: rows, columns, and the side from which it was met."""
    left, top, right, bottom = box.astype(int).tolist()
    window = mask[top:bottom, left:right]
    down, across = _spread(bottom - top), _spread(right - left)
    in_rows, in_columns = window[down], np.ascontiguousarray(window[:, across].T)
    down, across = down[in_rows.any(axis=1)], across[in_columns.any(axis=1)]
    in_rows, in_columns = in_rows[in_rows.any(axis=1)], in_columns[in_columns.any(axis=1)]
    first, last = in_rows.argmax(axis=1), right - left - 1 - in_rows[:, ::-1].argmax(axis=1)
    upper, lower = in_columns.argmax(axis=1), bottom - top - 1 - in_columns[:, ::-1].argmax(axis=1)
    side = np.repeat(np.arange(4), [len(down), len(across)] * 2)
    return top + np.concatenate([down, upper, down, lower]), left + np.concatenate([first, across, last, across]), side


def _spread(count: int) -> Places:
    """Spread at most so many places over a length."""
    return np.arange(count) if count <= MOST_PLACES else np.arange(MOST_PLACES) * count // MOST_PLACES


def _beside(
    mask: Bool[np.ndarray, "h w"], depth_m: Float32[np.ndarray, "h w"], rows: Places, columns: Places, side: Places
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"], Places, Places]:
    """Find inverse depth at an outline, as the thing has it and as what is outside has it, and where that was seen.

    A surface is continued up to the outline; of what is outside the farther of the continued and the seen depth counts,
    and NaN stands for more of the same mask.
    """
    height, width = mask.shape
    row = (rows + _LOOKS[:, None] * DOWN[side]).clip(0, height - 1)
    column = (columns + _LOOKS[:, None] * ACROSS[side]).clip(0, width - 1)
    inverse, on_mask = 1.0 / depth_m[row, column].astype(np.float64), mask[row, column]
    inside = np.where(on_mask[0], inverse[0], 1.0 / depth_m[rows, columns])  # some are too thin to look into
    outside, (near_in, far_in, near_out, far_out) = inverse[2], np.abs(_LOOKS)
    with np.errstate(invalid="ignore"):
        own_is_one = on_mask[0] & on_mask[1] & (np.abs(inverse[1] - inside) < STEADY * inside)
        other_is_one = ~on_mask[3] & (np.abs(inverse[3] - outside) < STEADY * outside)
    own = np.where(own_is_one, inside + (inside - inverse[1]) * near_in / (far_in - near_in), inside)
    continued = np.where(other_is_one, outside + (outside - inverse[3]) * near_out / (far_out - near_out), outside)
    return own, np.where(on_mask[2], np.nan, np.minimum(outside, continued)), row[2], column[2]


def _not_the_ground(
    near: Neighbours,
    rows: Places,
    columns: Places,
    other: Float64[np.ndarray, " n"],
    own: Float64[np.ndarray, " n"],
    band_m: float,
) -> Bool[np.ndarray, " n"]:
    """Tell what is above the support plane, or is its edge before a thing that is lower."""
    limit = ON_PLANE * band_m
    theirs, mine = (near.heights(rows, columns, 1.0 / inverse) for inverse in (other, own))
    return (theirs > limit) | ((np.abs(theirs) <= limit) & (mine < -ON_PLANE * limit))
