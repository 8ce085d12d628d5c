"""Where nothing stands: a lifted frame enters, the level surfaces that things stand on leave, each with its free cells.

All is done on a coarse grid over the picture. A cell is free where its depth lies on the surface, nothing that stands
there covers it, and no lifted object is over it (the floor under a table is not). What nobody segmented shows in its
depth alone: it is off the surface, or turns away from it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int16, Int32, Int64

from spatialvlm.geometry import DRIFT_SIGMAS, GRID_COLUMNS, encode_mask, invert, middle
from spatialvlm.pipeline.lift.world import World
from spatialvlm.records import DepthErrors, Frame, Instance, LevelSurface, Object, Rle

WITHIN = 0.008  # relative depth off the surface, at least: what lenses bend
BLUR = 5  # cells across; of so many a mean has 2.5 times less noise, since neighbours share theirs
BLURRED_NOISE = 1 / 2.5
SLOPE_CELLS = 4  # to either side; between them depth that drifts turns less than a wall does
RISES_M = 0.03  # lower things hide no place
NEAREST_M = 0.05  # what is nearer to the camera, or behind it, is in no picture
FAR_CELLS = 10_000  # no picture reaches so far
CONTACT_M, CONTACT_CELLS = 0.012, 1.5  # how far the lowest visible points are above what a thing stands on, at most
AROUND_CELLS = 4  # about a thing is what it stands on
LEAST_CELLS = 12  # of that must be in sight
_SQUARE = np.ones((5, 5), np.uint8)
_RING = np.ones((2 * AROUND_CELLS + 1, 2 * AROUND_CELLS + 1), np.uint8)

Cells = Bool[np.ndarray, "r c"]
Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The picture in cells: depth, rise of the ray (z per metre of depth), and the pixels that they are taken from.

    `sure` is the relative depth error that a cell of a surface may have beside the drift of depth.
    """

    depth_m: Float32[np.ndarray, "r c"]
    rise: Float32[np.ndarray, "r c"]
    across: Int64[np.ndarray, " c"]
    down: Int64[np.ndarray, " r"]
    grid_from_camera: Float64[np.ndarray, "3 3"]
    grid_from_world: Float64[np.ndarray, "3 4"]
    width_px: int
    world: World
    errors: DepthErrors
    sure: float

    @property
    def cells_per_px(self) -> float:
        """How many cells a pixel is wide."""
        return self.depth_m.shape[1] / self.width_px

    @property
    def height_m(self) -> float:
        """How high the camera is in the world."""
        return float(self.world.world_from_camera[2, 3])


def surfaces_of(
    frame: Frame,
    background: Cells,
    world: World,
    objects: Sequence[Object],
    noise: float,
    errors: DepthErrors,
) -> tuple[LevelSurface, ...]:
    """Find the support plane, and what else whole objects stand on; `background` are the pixels of no object."""
    if world.gravity is None:
        return ()
    grid = _grid(frame, world, noise, errors)
    found = []
    if world.support.surface is not None:
        things = tuple(one.instance.id for one in objects if one.bottom == "support")
        bare = _sampled(background.view(np.uint8), grid.depth_m.shape).view(bool)
        found.append(LevelSurface(None, 0.0, things, _free(grid, bare, 0.0, objects)))
    raised = [one for one in objects if one.bottom != "support" and not one.truncated and not one.occluded]
    if raised:
        instances = frame.instances or ()
        owner = _owners(instances, grid.across, grid.down)
        for number, height_m, things in _levels(grid, owner, instances, raised):
            of = instances[number - 1].id
            above = [one for one in objects if one.instance.id != of]
            found.append(LevelSurface(of, height_m, things, _free(grid, owner == number, height_m, above)))
    return tuple(found)


def _sampled(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_NEAREST))


def _grid(frame: Frame, world: World, noise: float, errors: DepthErrors) -> _Grid:
    assert frame.depth is not None
    assert frame.camera is not None
    camera = frame.camera
    columns = min(camera.width, GRID_COLUMNS)
    rows = max(1, round(camera.height * columns / camera.width))
    across, down = np.arange(columns) * camera.width // columns, np.arange(rows) * camera.height // rows
    x, y, constant = world.world_from_camera[2, :3] @ np.linalg.inv(camera.image_from_camera)
    rise = (x * (across + 0.5)).astype(np.float32) + (y * (down + 0.5) + constant).astype(np.float32)[:, None]
    grid_from_image = np.array([[columns / camera.width], [rows / camera.height], [1.0]])
    grid_from_camera = grid_from_image * camera.image_from_camera
    return _Grid(
        depth_m=_sampled(frame.depth, (rows, columns)),
        rise=rise,
        across=across,
        down=down,
        grid_from_camera=grid_from_camera,
        grid_from_world=grid_from_camera @ invert(world.world_from_camera)[:3],
        width_px=camera.width,
        world=world,
        errors=errors,
        sure=max(3.0 * noise * BLURRED_NOISE, WITHIN),
    )


def _owners(
    instances: Sequence[Instance], across: Int64[np.ndarray, " c"], down: Int64[np.ndarray, " r"]
) -> Int16[np.ndarray, "r c"]:
    """Find which instance each cell shows, counted from 1; where masks overlap, the smaller one."""
    owner = np.zeros((len(down), len(across)), np.int16)
    sizes = [-int(np.count_nonzero(np.asarray(one.mask))) for one in instances]
    for size, place in sorted(zip(sizes, range(len(instances)))):
        mask = np.asarray(instances[place].mask)
        left, top, right, bottom = instances[place].box_xyxy.astype(int).clip(0).tolist()
        if np.count_nonzero(mask[top : bottom + 1, left : right + 1]) != -size:  # the box is no promise
            left, top, right, bottom = 0, 0, mask.shape[1], mask.shape[0]
        rows, columns = (
            slice(*np.searchsorted(at, ends).tolist())
            for at, ends in ((down, (top, bottom + 1)), (across, (left, right + 1)))
        )
        owner[rows, columns][mask[down[rows]].take(across[columns], axis=1)] = place + 1
    return owner


def _levels(
    grid: _Grid, owner: Int16[np.ndarray, "r c"], instances: Sequence[Instance], raised: Sequence[Object]
) -> Iterator[tuple[int, float, tuple[str, ...]]]:
    """Find what objects stand on that are not on the support plane: an instance's number, the height, and who."""
    numbers = {instance.id: place for place, instance in enumerate(instances, 1)}
    levels: dict[int, list[tuple[float, list[str]]]] = {}
    for one in raised:
        under = _under(grid, owner, one, numbers[one.instance.id])
        if under is None:
            continue
        number, height_m = under
        same = 0.01 + DRIFT_SIGMAS * grid.errors.local * abs(grid.height_m - height_m)
        for known, things in levels.setdefault(number, []):
            if abs(known - height_m) < same:
                things.append(one.instance.id)
                break
        else:
            levels[number].append((height_m, [one.instance.id]))
    for number, found in levels.items():
        for height_m, things in found:
            yield number, height_m, tuple(things)


def _under(grid: _Grid, owners: Int16[np.ndarray, "r c"], one: Object, number: int) -> tuple[int, float] | None:
    """Find which instance is about a thing at the height of its lowest points, and at which height exactly."""
    left, top, right, bottom = (one.instance.box_xyxy * grid.cells_per_px).astype(int).tolist()
    window = np.s_[
        max(0, top - AROUND_CELLS) : bottom + AROUND_CELLS + 1, max(0, left - AROUND_CELLS) : right + AROUND_CELLS + 1
    ]
    owner = owners[window]
    own = (owner == number).view(np.uint8)
    around = np.flatnonzero((cv2.dilate(own, _RING) > cv2.dilate(own, _SQUARE)) & (owner > 0))
    heights = grid.height_m + grid.rise[window].ravel()[around] * grid.depth_m[window].ravel()[around]
    away_m = math.dist((one.box.low_in_world + one.box.high_in_world) / 2, grid.world.world_from_camera[:3, 3])
    band = CONTACT_M + CONTACT_CELLS * away_m / float(grid.grid_from_camera[0, 0])
    lowest = float(one.box.low_in_world[2])
    near = (heights > lowest - band) & (heights < lowest + band / 2)
    if np.count_nonzero(near) < LEAST_CELLS:
        return None
    beneath = owner.ravel()[around[near]]
    under = int(np.bincount(beneath).argmax())
    level = heights[near][beneath == under]
    return (under, middle(level)) if len(level) >= LEAST_CELLS else None


def _free(grid: _Grid, bare: Cells, height_m: float, objects: Sequence[Object]) -> Rle:
    """Find the free cells of a surface at a height; `bare` are those that may be of it."""
    free = np.zeros(bare.shape, bool)
    left, top, width, height = cv2.boundingRect(bare.view(np.uint8))
    window = np.s_[top : top + height, left : left + width]
    if width and grid.height_m - height_m > NEAREST_M:
        free[window] = bare[window] & _on_level(grid, window, height_m)
        covered = np.zeros(bare.shape, np.uint8)
        for corners in _footprints(grid, objects, height_m):
            if len(corners):
                cv2.fillConvexPoly(covered, corners, 1)
        free &= ~covered.view(bool)
        free = cv2.erode(free.view(np.uint8), _SQUARE, borderValue=1).view(bool)
    return encode_mask(free)


def _on_level(grid: _Grid, window: Window, height_m: float) -> Cells:
    """Tell which cells have their depth on a level surface, as far as those around say so too."""
    wander = DRIFT_SIGMAS * grid.errors.local
    most = 4.0 * max(grid.sure, wander)
    off = grid.depth_m[window] * grid.rise[window] / np.float32(height_m - grid.height_m) - np.float32(1.0)
    cv2.patchNaNs(off, most)
    off = np.asarray(cv2.blur(np.clip(off, -most, most, out=off), (BLUR, BLUR)), np.float32)
    close = np.abs(off) < max(grid.sure, wander)
    return close if wander <= grid.sure else close & ~_turns(off, grid)


def _turns(off: Float32[np.ndarray, "r c"], grid: _Grid) -> Cells:
    """Tell where depth leaves the surface faster than it drifts: on a wall, or at the edge of something low."""
    reach = max(grid.errors.reach * grid.depth_m.shape[1], 1.0)
    step = 2 * SLOPE_CELLS
    most = grid.sure / 2.0 + DRIFT_SIGMAS * grid.errors.local * step / reach
    turns = np.zeros(off.shape, bool)
    turns[SLOPE_CELLS:-SLOPE_CELLS] |= np.abs(off[step:] - off[:-step]) > most
    turns[:, SLOPE_CELLS:-SLOPE_CELLS] |= np.abs(off[:, step:] - off[:, :-step]) > most
    return turns


def _footprints(grid: _Grid, objects: Sequence[Object], height_m: float) -> Iterator[Int32[np.ndarray, "n 2"]]:
    """Find what lies under each object that rises above a height, as a convex polygon of cells."""
    rising = [one.box for one in objects if one.box.high_in_world[2] > height_m + RISES_M]
    if not rising:
        return
    faces = np.array([(box.low_in_world, box.high_in_world) for box in rising])
    x, y = faces[:, [0, 1, 1, 0], 0], faces[:, [0, 0, 1, 1], 1]
    ground = np.stack([x, y, np.full(x.shape, height_m), np.ones(x.shape)])
    in_grid = np.tensordot(grid.grid_from_world, ground, 1).transpose(1, 0, 2)
    in_front = in_grid[:, 2].min(axis=1) > NEAREST_M
    yield from _cells(in_grid[in_front])
    for corners in in_grid[~in_front]:
        yield from _cells(_in_front(corners)[None])


def _cells(corners: Float64[np.ndarray, "n 3 c"]) -> Int32[np.ndarray, "n c 2"]:
    """Find the cells of corners in front of the camera."""
    cells = np.rint(corners[:, :2] / corners[:, 2:] - 0.5).clip(-FAR_CELLS, FAR_CELLS)
    return np.ascontiguousarray(cells.astype(np.int32).transpose(0, 2, 1))


def _in_front(corners: Float64[np.ndarray, "3 n"]) -> Float64[np.ndarray, "3 _"]:
    """Cut from a polygon what is behind the camera."""
    spare = corners[2] - NEAREST_M
    kept = []
    for place in range(len(spare)):
        one, other = spare[place - 1], spare[place]
        if (one > 0) != (other > 0):
            kept.append(corners[:, place - 1] + (corners[:, place] - corners[:, place - 1]) * one / (one - other))
        if other > 0:
            kept.append(corners[:, place])
    return np.array(kept).reshape(-1, 3).T
