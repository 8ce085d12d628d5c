"""The true quantities of a scene whose geometry is exact, computed by code that shares nothing with the pipeline.

Enters what a source of rooms knows of a frame; leave its boxes, counted from the plane that the pipeline chose:
`visible`, the boxes of docs/questions.md over every pixel of the exact masks, and `amodal`, the boxes of the whole
objects with all that is out of sight. Gaps are between the visible surfaces; there is no amodal truth of them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.spatial import KDTree

from spatialvlm.answers import BoundingBox
from spatialvlm.audit import true_arrangements as arranged
from spatialvlm.audit.viewed import FROM_ANCHOR, FROM_CAMERA, LISTED, from_anchor, from_camera, of_listed
from spatialvlm.geometry import transform, unproject
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.records import Facts, Frame, Scene
from spatialvlm.worlds import Truth

STANDS_WITHIN_M = 0.06  # a thing on the plane of which a pixel is this low has its bottom on the plane
SAME_LEVEL_M = 0.02  # what stands on a rug stands on the floor
PLANE_WITHIN_M = 0.003  # a point so close to a true level belongs to it; rugs are not much thicker
PLANE_WITHIN_SHARE = 0.03  # of the camera's height: what the pipeline holds to be on its plane
PLANE_STRIDE_PX = 6
COARSE = 300  # points of a surface that bound a gap

Vectors = Float64[np.ndarray, "n 3"]
Index = Int[np.ndarray, " p"]
Numbers = Float64[np.ndarray, " p"]
Subjects = Int[np.ndarray, "p s"]
Values = Float64[np.ndarray, "p v"]


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Boxes of n objects along the world's axes, z counted from a plane, and where the viewer is and looks.

    `gaps` measures those of pairs; without it there is no truth of them. `of_class` is how many things in sight have
    each object's noun. `point_distances` are those of the points on the objects that questions are about. `ends` are
    the outermost points along each axis, where sizes are from end to end.
    """

    low: Vectors
    high: Vectors
    viewer: Float64[np.ndarray, " 3"]
    forward: Float64[np.ndarray, " 3"] = field(default_factory=lambda: np.array([0.0, 1.0, 0.0]))
    gaps: Callable[[Subjects], Numbers] = lambda pairs: np.full(len(pairs), np.nan)
    of_class: Numbers = field(default_factory=lambda: np.empty(0))
    point_distances: Numbers | None = None
    ends: tuple[Vectors, Vectors] | None = None

    @property
    def centre(self) -> Vectors:
        """The middles."""
        return (self.low + self.high) / 2

    @property
    def extent(self) -> Vectors:
        """The sizes."""
        low, high = (self.low, self.high) if self.ends is None else self.ends
        return high - low

    def single(self, quantity: str) -> Float64[np.ndarray, " n"]:
        """Return a quantity of every object, in metres. Raises KeyError for one that is of several."""
        extent = self.extent
        match quantity:
            case "x":
                return self.centre[:, 0]
            case "y":
                return self.centre[:, 1]
            case "bottom" | "elevation":
                return self.low[:, 2]
            case "height":
                return extent[:, 2]
            case "width":
                return extent[:, 0]
            case "size":
                return np.cbrt(extent.prod(axis=1))
            case "camera_distance":
                return np.linalg.norm(self.centre - self.viewer, axis=1)
            case "class_count":
                return self.of_class
            case "point_distance":
                return np.full(len(self.low), np.nan) if self.point_distances is None else self.point_distances
        raise KeyError(quantity)

    def difference(self, quantity: str, subjects: Subjects) -> Values:
        """Return the difference A - B of a quantity of pairs, in metres."""
        values = self.single(quantity)
        return (values[subjects[:, 0]] - values[subjects[:, 1]])[:, None]

    def values(self, quantity: str, subjects: Subjects, given: Numbers) -> Values:
        """Return what is true of rows of subjects: one value a row, or one for each of those that are listed.

        Raises KeyError for a quantity that is unknown.
        """
        quantity = quantity.removesuffix("_if_told")
        if quantity in FROM_CAMERA:
            return from_camera(quantity, self.centre, self.viewer, self.forward, subjects)
        if quantity in FROM_ANCHOR:
            return from_anchor(self.centre, subjects)
        if quantity in LISTED:
            return of_listed(self.single(LISTED[quantity]), subjects)
        return self._value(quantity, subjects, given)[:, None]

    def _value(self, quantity: str, subjects: Subjects, given: Numbers) -> Numbers:
        match quantity:
            case "distance" | "horizontal" | "vertical":
                return self._between(quantity, subjects[:, 0], subjects[:, 1])
            case "place":
                return np.zeros(len(subjects))  # masks are given here, and so exact
            case "gap":
                return self.gaps(subjects)
            case "within":
                return arranged.within(self.centre, subjects, given)
            case "between":
                return arranged.between(self.centre, subjects, 2)
            case "fits_between":
                return arranged.fits(*(self.ends or (self.low, self.high)), subjects, self.gaps(subjects[:, 1:]))
            case "passes_between":
                return self.gaps(subjects) - given
            case "top":
                return self.high[subjects[:, 0], 2] - given
            case "perspective_side" | "perspective_facing" | "perspective_quadrant" | "perspective_hour":
                return arranged.perspective(quantity, self.centre, subjects)
        return self.single(quantity)[subjects[:, 0]]

    def _between(self, quantity: str, a: Index, b: Index) -> Numbers:
        apart = self.centre[a] - self.centre[b]
        match quantity:
            case "distance":
                return np.linalg.norm(apart, axis=1)
            case "horizontal":
                return np.linalg.norm(apart[:, :2], axis=1)
            case _:
                return np.abs(apart[:, 2])

    def floor(self, quantity: str, subjects: Subjects, config: MeasureConfig) -> Numbers:
        """Return what "about the same" may hide of a pair, as MeasureConfig states it, in metres."""
        a, b = subjects[:, 0], subjects[:, 1]
        if quantity in ("x", "y", "bottom"):
            away = np.linalg.norm(self.centre - self.viewer, axis=1)
            return np.maximum(config.place_floor_m, config.place_floor_share * np.maximum(away[a], away[b]))
        sizes = self.single(quantity)
        share = config.volume_floor_share if quantity == "size" else config.size_floor_share
        return np.maximum(config.size_floor_m, share * np.maximum(sizes[a], sizes[b]))


class TrueQuantities:
    """What is true of one frame. Objects are named by instance id; what no pixel shows is not among them."""

    def __init__(self, known: Truth) -> None:
        frame = known.frame
        if frame.depth_m is None or frame.camera is None:
            raise ValueError(f"frame {frame.id!r} has no depth or no camera; expected a source with exact truth")
        self.known = known
        self.pose = known.world_from_camera
        self._depth_m, self._image_from_camera = frame.depth_m, frame.camera.image_from_camera
        self.points: dict[str, Vectors] = {}
        self.background = np.ones(frame.depth_m.shape, bool)
        for instance in frame.instances or ():
            mask = np.asarray(instance.mask)
            self.background &= ~mask
            points = unproject(self._depth_m, self._image_from_camera, mask)
            if len(points):
                self.points[instance.id] = transform(self.pose, points)
        self._seen = {name: np.percentile(points, (1, 99), axis=0) for name, points in self.points.items()}
        self._trees = {name: KDTree(points) for name, points in self.points.items()}
        self._gaps: dict[tuple[str, str], float] = {}

    def visible(self, ids: tuple[str, ...], plane_m: float, *, end_to_end: bool = False) -> Boxes:
        """Box what is seen; sizes are those of the box, or from end to end.

        What stands on the plane, or a rug there, and is seen nearly so far reaches it.
        """
        faces = np.array([self._seen[name] for name in ids]).reshape(-1, 2, 3)
        low, high = faces[:, 0].copy(), faces[:, 1].copy()
        low[:, 2], high[:, 2] = low[:, 2] - plane_m, high[:, 2] - plane_m
        supports = np.array([self.known.supports[name] for name in ids])
        lowest = np.array([self.points[name][:, 2].min() for name in ids]) - plane_m
        stands = (np.abs(supports - plane_m) < SAME_LEVEL_M) & (lowest < STANDS_WITHIN_M)
        low[stands, 2] = supports[stands] - plane_m
        ends = self._ends(ids, plane_m, low, stands) if end_to_end else None
        viewer, forward, gaps = self._viewer(plane_m), self.pose[:3, 2], partial(self.gaps, ids)
        return Boxes(low, high, viewer, forward, gaps, self._of_class(ids), ends=ends)

    def _ends(
        self, ids: tuple[str, ...], plane_m: float, low: Vectors, stands: Bool[np.ndarray, " n"]
    ) -> tuple[Vectors, Vectors]:
        """Find the outermost points; what stands on the plane ends there."""
        found = [(points.min(axis=0), points.max(axis=0)) for points in (self.points[name] for name in ids)]
        least, most = np.array(found).reshape(-1, 2, 3).transpose(1, 0, 2) - (0.0, 0.0, plane_m)
        least[stands, 2] = low[stands, 2]
        return least, most

    def amodal(self, ids: tuple[str, ...], plane_m: float) -> Boxes:
        """Box the whole objects."""
        faces = np.array([self.known.boxes[name] for name in ids], np.float64).reshape(-1, 2, 3)
        faces[:, :, 2] -= plane_m
        boxes = Boxes(faces[:, 0], faces[:, 1], self._viewer(plane_m), self.pose[:3, 2])
        return replace(boxes, of_class=self._of_class(ids))

    def _of_class(self, ids: tuple[str, ...]) -> Numbers:
        """Count what any pixel shows of each object's noun: the last word of a caption, before where it stands."""
        shown = [one for one in self.known.frame.instances or () if np.asarray(one.mask).any()]
        nouns = {one.id: next(iter(one.captions), one.id).split(" on the ")[0].split()[-1] for one in shown}
        counts = Counter(nouns.values())
        return np.array([counts[nouns[name]] for name in ids], np.float64)

    def overlaps(self, facts: Facts, places: Index) -> Values:
        """Divide the intersection by the union of the boxes in the image that facts say and that the pixels have."""
        return np.array([[self._overlap(facts, place)] for place in places.tolist()]).reshape(-1, 1)

    def _overlap(self, facts: Facts, place: int) -> float:
        name = facts.object_ids[place]
        mask = np.asarray(next(one.mask for one in self.known.frame.instances or () if one.id == name))
        assert facts.place_of is not None
        height, width = mask.shape
        box = facts.place_of("locate_box", place, 0.0)
        assert isinstance(box, BoundingBox)
        said = np.array(box.corners).reshape(2, 2) * (width, height)
        rows, columns = np.nonzero(mask)
        true = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]], np.float64)
        shared = np.prod(np.maximum(np.minimum(said[1], true[1]) - np.maximum(said[0], true[0]), 0.0))
        return float(shared / (np.prod(said[1] - said[0]) + np.prod(true[1] - true[0]) - shared))

    def distances_at(self, pixels: Int[np.ndarray, "n 2"]) -> Numbers:
        """Measure how far from the camera is what each pixel (column, row) shows, in a straight line; NaN: nothing."""
        columns, rows = pixels.T
        size = np.array(self._depth_m.shape)[::-1]
        inside = np.all((pixels >= 0) & (pixels < size), axis=1)
        depth_m = np.full(len(pixels), np.nan)
        depth_m[inside] = self._depth_m[rows[inside], columns[inside]]
        centres = np.column_stack([pixels + 0.5, np.ones(len(pixels))])
        return depth_m * np.linalg.norm(np.linalg.solve(self._image_from_camera, centres.T), axis=0)

    def gaps(self, ids: tuple[str, ...], subjects: Subjects) -> Numbers:
        """Measure the gaps of pairs."""
        pairs = zip(subjects[:, 0].tolist(), subjects[:, 1].tolist())
        return np.array([self.gap(ids[a], ids[b]) for a, b in pairs], np.float64)

    def gap(self, one: str, other: str) -> float:
        """Measure the distance of the nearest pixels of two objects, in metres; every pixel counts."""
        key = (one, other) if one < other else (other, one)
        if key not in self._gaps:
            self._gaps[key] = self._nearest(*key)
        return self._gaps[key]

    def plane_under(self, scene: Scene, frame: Frame) -> tuple[float, bool]:
        """Say how high above the floor the plane of a lifted scene is, and whether a true level is there.

        It is the level (the floor, or what an object stands on) of most of the background that the scene has on its
        plane. `frame` is the one that was lifted. Without a plane heights count from the camera.
        """
        rise = float(self.pose[2, 3] - scene.world_from_camera[2, 3])
        if scene.support.surface is None or frame.depth_m is None:
            return rise, True
        sparse = np.zeros_like(self.background)
        sparse[::PLANE_STRIDE_PX, ::PLANE_STRIDE_PX] = True
        sparse &= self.background & np.isfinite(frame.depth_m)
        said = transform(scene.world_from_camera, unproject(frame.depth_m, scene.camera.image_from_camera, sparse))
        near = np.abs(said[:, 2]) < PLANE_WITHIN_SHARE * scene.world_from_camera[2, 3]
        heights = self._heights(sparse)[near]
        levels = np.unique([0.0, *(z for z in self.known.supports.values() if np.isfinite(z))])
        votes = (np.abs(heights - levels[:, None]) < PLANE_WITHIN_M).sum(axis=1)
        found = bool(votes.max() > 0)
        return (float(levels[votes.argmax()]) if found else rise), found

    def seen(self, columns: Index, rows: Index) -> tuple[Vectors, Numbers]:
        """Return the places that pixels see, and how low the whole object there reaches; -inf where there is none."""
        pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
        rays = np.linalg.inv(self._image_from_camera) @ pixels
        lowest = np.full(len(rows), -np.inf)
        for instance in self.known.frame.instances or ():
            lowest[np.asarray(instance.mask)[rows, columns]] = self.known.boxes[instance.id][0][2]
        return transform(self.pose, (rays * self._depth_m[rows, columns]).T), lowest

    def _heights(self, where: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, " n"]:
        """Return the true heights of some pixels; NaN where nothing is hit."""
        depth_m = np.where(np.isfinite(self._depth_m), self._depth_m, np.float32(-1.0))
        points = transform(self.pose, unproject(depth_m, self._image_from_camera, where))
        return np.where(depth_m[where] > 0, points[:, 2], np.nan)

    def _viewer(self, plane_m: float) -> Float64[np.ndarray, " 3"]:
        return self.pose[:3, 3] - np.array([0.0, 0.0, plane_m])

    def _nearest(self, one: str, other: str) -> float:
        """Measure the least distance among points within a bound of the other's extent; a few points give the bound."""
        a, b = self.points[one], self.points[other]
        bound = float(self._trees[other].query(a[:: 1 + len(a) // COARSE])[0].min()) * (1.0 + 1e-9)
        outside = np.maximum(np.maximum(b.min(axis=0) - a, a - b.max(axis=0)), 0.0)
        a = a[(outside**2).sum(axis=1) <= bound**2]
        return min(bound, float(self._trees[other].query(a, distance_upper_bound=bound)[0].min(initial=bound)))
