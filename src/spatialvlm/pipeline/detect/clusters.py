"""Objects found from depth alone: what stands on the plane of a table or a floor, without a model.

Frames with depth and camera enter; instances named by their measured colour and shape leave, left to right.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.depth import relative_noise
from spatialvlm.pipeline.detect.pieces import find_pieces
from spatialvlm.pipeline.detect.terrain import Terrain, find_terrain
from spatialvlm.records import Drop, Frame, Instance
from spatialvlm.support import Plane, find_planes

WORKING_SIDE = 640  # larger images are sampled to about this many pixels along their longer side
MIN_AREA = 150 / (640 * 480)  # of the image
MAX_AREA = 0.4
MIN_HEIGHT_M = 0.015
MIN_ACROSS_M = 0.015
SLIVER_M = 0.02  # something cut by the image border must show at least this much
MOST_OBJECTS = 20


class Clusters:
    """Frames to what stands on their support plane."""

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame; without depth, camera or a support plane it is a Drop."""
        return [self._detect(frame) for frame in frames]

    def _detect(self, frame: Frame) -> tuple[Instance, ...] | Drop:
        if frame.depth_m is None:
            return Drop("detect", frame.id, "no_depth")
        if frame.camera is None:
            return Drop("detect", frame.id, "no_camera")
        noise = relative_noise(frame.depth_m)
        up = None if frame.gravity_in_camera is None else -frame.gravity_in_camera
        planes = find_planes(frame.depth_m, frame.camera.image_from_camera, np.ones(frame.depth_m.shape, bool), noise, up)
        if isinstance(planes, str):
            return Drop("detect", frame.id, f"no_support_plane: {planes}")
        best = []
        for plane in planes:
            terrain = find_terrain(frame.depth_m, frame.camera.image_from_camera, plane, noise)
            labels = find_pieces(frame.depth_m, terrain, noise)
            masks = _things(labels, terrain)
            if len(masks) > len(best):
                best = masks
        out = []
        for i, m in enumerate(best):
            c, r = np.flatnonzero(m.any(0)), np.flatnonzero(m.any(1))
            out.append(Instance(str(i + 1), ("object",), np.array([c[0], r[0], c[-1] + 1, r[-1] + 1], np.float32), m))
        return tuple(out)


def _things(labels, terrain):
    masks = []
    for label in np.unique(labels[labels > 0]):
        m = labels == label
        if m.sum() < MIN_AREA * m.size or m.mean() > MAX_AREA:
            continue
        h = np.percentile(terrain.height_m[m], 98)
        if h < MIN_HEIGHT_M:
            continue
        x, y = terrain.x_m[m], terrain.y_m[m]
        ex = max(np.ptp(np.percentile(x, (2, 98))), np.ptp(np.percentile(y, (2, 98))))
        if ex < MIN_ACROSS_M or ex > terrain.extent_m:
            continue
        masks.append(m)
    masks.sort(key=lambda m: float(np.nonzero(m)[1].mean()))
    return masks[:MOST_OBJECTS]
