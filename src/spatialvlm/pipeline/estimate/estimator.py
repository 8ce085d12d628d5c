"""What models add to a frame: depth, intrinsics, where down is, where the floor is.

What a frame came with is never replaced. Intrinsics are taken from, in this order: the frame's own calibration, its
EXIF data, a camera model, the depth model, an assumed field of view. The record says which, and how wrong it may be.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from spatialvlm.errors import ContractError
from spatialvlm.geometry import intrinsics
from spatialvlm.models import Runtime
from spatialvlm.pipeline.estimate import ASSUMED_FOV_RAD, EstimateConfig
from spatialvlm.pipeline.estimate.camera import CameraEstimate, CameraModel, load_camera
from spatialvlm.pipeline.estimate.depth import DepthEstimate, DepthModel, load_depth
from spatialvlm.pipeline.estimate.floor import FloorModel, load_floor
from spatialvlm.records import Camera, DepthErrors, DepthSource, Frame, GravityEstimate

ASSUMED_FOCAL_ERROR = 0.25
"""Phone cameras have 24 to 28 mm (35 mm equivalent), this is 37 mm, compact cameras zoom to 100 mm."""
TYPICAL_DEPTH = 2.0
"""Relative depth is brought to this median, where what the lift takes for millimetres and metres is about right."""


class Estimator:
    """The models of a config, loaded once; a batch of frames to the same frames with more known of them."""

    def __init__(self, config: EstimateConfig, runtime: Runtime) -> None:
        self.config = config
        self._depth: DepthModel | None = None if config.depth is None else load_depth(config.depth, runtime)
        self._camera: CameraModel | None = None if config.camera is None else load_camera(config.camera, runtime)
        self._floor: FloorModel | None = None if config.floor is None else load_floor(config.floor, runtime)

    def __call__(self, frames: Sequence[Frame]) -> list[Frame]:
        """Give each frame, in order, what its models saw. The models see only frames that lack what they find."""
        seen = list(frames)
        if self._camera is not None:
            lacking = [i for i, f in enumerate(seen) if f.camera is None or f.gravity_in_camera is None]
            shown = [self._with_some_camera(seen[i]) if self._camera.needs_focal else seen[i] for i in lacking]
            for i, found in zip(lacking, self._camera(shown), strict=True):
                if found is not None:
                    seen[i] = _with_camera(seen[i], found, self._camera)
        if self._depth is not None:
            if self._depth.needs_focal:
                seen = [self._with_some_camera(frame) for frame in seen]
            lacking = [i for i, f in enumerate(seen) if f.depth is None]
            for i, estimate in zip(lacking, self._depth([seen[i] for i in lacking]), strict=True):
                seen[i] = _with_depth(seen[i], estimate, self._depth, self.config.depth_errors or self._depth.errors)
        if self._floor is not None:
            for i, mask in enumerate(self._floor(seen)):
                seen[i] = replace(seen[i], floor=mask, versions=_named(seen[i], "floor", self._floor))
        return [self._with_some_camera(frame) for frame in seen]

    def _with_some_camera(self, frame: Frame) -> Frame:
        """Give the frame its camera, else one of the assumed field of view along the longer side."""
        if frame.camera is not None:
            return frame
        fov_rad = self.config.fov_rad or ASSUMED_FOV_RAD
        focal_px = max(frame.image.shape[:2]) / (2.0 * math.tan(fov_rad / 2.0))
        return replace(frame, camera=_camera(frame, focal_px, "assumed", ASSUMED_FOCAL_ERROR))


def _camera(frame: Frame, focal_px: float, provenance: str, focal_error: float) -> Camera:
    height, width = frame.image.shape[:2]
    matrix = intrinsics(focal_px, focal_px, width / 2.0, height / 2.0)
    return Camera(matrix, width, height, "assumed" if provenance == "assumed" else "model", focal_error)


def _named(frame: Frame, what: str, model: CameraModel | DepthModel | FloorModel) -> dict[str, str]:
    return {**frame.versions, what: f"{model.name}@{model.version}"}


def _with_camera(frame: Frame, found: CameraEstimate, model: CameraModel) -> Frame:
    frame = replace(frame, versions=_named(frame, "camera", model))
    if frame.camera is None and found.focal_px is not None:
        frame = replace(frame, camera=_camera(frame, found.focal_px, "model", found.focal_error))
    if frame.gravity_in_camera is None:
        estimate = GravityEstimate(found.gravity_in_camera, found.gravity_error_rad, model.name)
        frame = replace(frame, gravity_estimate=estimate)
    return frame


def _with_depth(frame: Frame, estimate: DepthEstimate, model: DepthModel, errors: DepthErrors) -> Frame:
    """Give the frame a model's depth: in metres as it is, else brought to a typical median, its unit unknown."""
    depth = estimate.depth
    if depth.shape != frame.image.shape[:2]:
        raise ContractError(
            f"depth of frame {frame.id!r} by {model.name}: got {depth.shape}, expected {frame.image.shape[:2]}, the "
            "size of the image; resize in the backend"
        )
    if estimate.invariance != "metric" and np.isfinite(depth).any():
        depth = (depth * (TYPICAL_DEPTH / np.nanmedian(depth))).astype(np.float32)
    errors = replace(errors, scale=math.hypot(errors.scale, estimate.scale_error))
    if estimate.invariance != "affine_invariant":
        errors = replace(errors, shift=0.0)
    source, versions = DepthSource(model.name, errors), _named(frame, "depth", model)
    if estimate.invariance == "metric":
        frame = replace(frame, depth_m=depth, depth_source=source, versions=versions)
    else:
        frame = replace(frame, relative_depth=depth, depth_source=source, versions=versions)
    if frame.camera is None and estimate.focal_px is not None:
        frame = replace(frame, camera=_camera(frame, estimate.focal_px, "model", estimate.focal_error))
    return frame
