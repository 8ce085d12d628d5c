"""camera by straight lines: where down is, from the point that upright edges of walls and furniture run to. No weights.

Line segments (von Gioi et al., LSD, TPAMI 2010, as OpenCV has it) that stand about upright in the picture vote for the
direction in which most of their length is parallel in space; three rounds of least squares make it exact. It says
nothing where few edges agree: outdoors, close up, or where the camera is held askew. A picture is taken to be held
about upright, as photos are stored. The focal length is not looked for; how wrong it may be is in the stated error.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.geometry import Image
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.camera import CameraEstimate
from spatialvlm.records import Frame

WORKING_SIDE = 640  # pixels of the longer side in which segments are looked for
MIN_LENGTH = 0.04  # of the longer side
STEEP_RAD = math.radians(30.0)  # from the picture's columns, at most
UPRIGHT = 0.7  # cosine of down and the picture's columns, at least
TOLERANCE = math.sin(math.radians(1.5))  # of a segment's way and that to where it should run
DRAWS, ROUNDS = 300, 3
MIN_SHARE, MIN_HEIGHTS, MIN_LINES = 0.6, 1.5, 8
"""Of the steep segments' length, in heights of the picture, and segments: what must agree."""
ERROR_RAD = math.radians(1.5)  # of edges that are not quite upright


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Steep segments: unit ways in the picture, middles and normals of their planes through the camera, lengths."""

    way: Float64[np.ndarray, "n 2"]
    middle: Float64[np.ndarray, "n 2"]
    normal: Float64[np.ndarray, "n 3"]
    length_px: Float64[np.ndarray, " n"]

    def towards(self, down: Float64[np.ndarray, " 3"]) -> Bool[np.ndarray, " n"]:
        """Tell which segments run to where down vanishes."""
        to = down[:2] - self.middle * down[2]
        to /= np.maximum(np.linalg.norm(to, axis=1, keepdims=True), 1e-12)
        return np.abs(self.way[:, 0] * to[:, 1] - self.way[:, 1] * to[:, 0]) < TOLERANCE


class Lines:
    """See the module. `weights` are "lsd"."""

    files = "elsewhere"
    needs_focal = True
    name, version = "lines", f"opencv {cv2.__version__}"

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._detector = cv2.createLineSegmentDetector()

    def __call__(self, frames: Sequence[Frame]) -> list[CameraEstimate | None]:
        """Estimate where down is in each frame, which has a camera; None where too few lines agree."""
        return [self._estimate(frame) for frame in frames]

    def _estimate(self, frame: Frame) -> CameraEstimate | None:
        assert frame.camera is not None
        segments = self._segments(frame.image, frame.camera.image_from_camera)
        if len(segments.length_px) < MIN_LINES:
            return None
        down = _down(segments)
        agree = segments.towards(down)
        agreed = float(segments.length_px[agree].sum())
        enough = agreed > MIN_HEIGHTS * frame.image.shape[0] and np.count_nonzero(agree) >= MIN_LINES
        if not enough or agreed < MIN_SHARE * segments.length_px.sum() or down[1] < UPRIGHT:
            return None
        # A focal length that is wrong by a share turns what runs forward by that share of the way.
        by_focal = frame.camera.focal_error * abs(float(down[2])) * math.sqrt(1.0 - float(down[2]) ** 2)
        return CameraEstimate(down, math.hypot(ERROR_RAD, by_focal))

    def _segments(self, image: Image, image_from_camera: Float64[np.ndarray, "3 3"]) -> _Segments:
        scale = min(1.0, WORKING_SIDE / max(image.shape[:2]))
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
        found = self._detector.detect(small)[0]
        ends = (np.zeros((0, 4)) if found is None else found.reshape(-1, 4).astype(np.float64)) / scale
        way = ends[:, 2:] - ends[:, :2]
        length = np.hypot(way[:, 0], way[:, 1])
        steep = np.abs(way[:, 0]) < math.tan(STEEP_RAD) * np.abs(way[:, 1])
        kept = steep & (length > MIN_LENGTH * max(image.shape[:2]))
        rays = np.concatenate([ends[kept].reshape(-1, 2), np.ones((2 * np.count_nonzero(kept), 1))], axis=1)
        rays = (rays @ np.linalg.inv(image_from_camera).T).reshape(-1, 2, 3)
        normal = np.cross(rays[:, 0], rays[:, 1])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        return _Segments(way[kept] / length[kept, None], rays[:, :, :2].mean(axis=1), normal, length[kept])


def _down(segments: _Segments) -> Float64[np.ndarray, " 3"]:
    """Find the direction in which most of the segments' length is parallel: by pairs drawn by length, then fitted."""
    rng, shares = np.random.default_rng(0), segments.length_px / segments.length_px.sum()
    best, most = np.array([0.0, 1.0, 0.0]), -1.0
    for one, other in rng.choice(len(shares), (DRAWS, 2), p=shares):
        down = np.cross(segments.normal[one], segments.normal[other])
        size = np.linalg.norm(down)
        if one == other or size < 1e-9:
            continue
        down *= math.copysign(1.0 / size, down[1])
        votes = float(shares[segments.towards(down)].sum()) if down[1] > UPRIGHT else 0.0
        if votes > most:
            best, most = down, votes
    for _ in range(ROUNDS):
        agree = segments.towards(best)
        spread = (segments.normal[agree].T * segments.length_px[agree]) @ segments.normal[agree]
        fitted = np.linalg.eigh(spread)[1][:, 0]
        best = fitted * math.copysign(1.0, fitted[1])
    return best
