"""Depth Pro: an image -> depth in metres and the focal length. Extra: hf, and torchvision.

Bochkovskii et al., https://arxiv.org/abs/2410.02073; weights apple/DepthPro-hf. The network predicts canonical inverse
depth C, that of a camera whose focal length is its image's width; for a camera of focal length f and width w, both in
pixels, inverse z-depth is C w / f (section 3.1).
"""

from collections.abc import Sequence
from math import radians, tan

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.depth import DepthEstimate, published
from spatialvlm.pipeline.estimate.depth.network import Network, Output
from spatialvlm.pipeline.estimate.depth.resample import inverse, resized
from spatialvlm.records import Camera, Frame

FOCAL_ERROR = 0.25
"""Table 3: over six sets of photographs, the focal length is right within 25 % for 65 to 84 % of the images, 71 % on
average, and for 68 % of those by phones (SPAQ): 68 % within 1 sigma makes 1 sigma 25 %."""

FOV_DEG = (5.0, 150.0)
"""Fields of view of pinhole cameras. Beyond them the network has not understood the image."""

MIN_INVERSE_DEPTH = 1e-4
"""The smallest inverse depth, in 1/m, that is a depth: 10 km. Beyond it is sky."""


class DepthPro:
    """Metric depth and focal length. A camera that is known, calibrated or of EXIF, sets the scale instead of the
    network's own guess of it; the errors stay those that were published for the guess, an upper bound.

    Raises UserError for weights that cannot be had, are no DepthPro or have no head for the field of view.
    """

    files = "transformers"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._network = Network(model, runtime, ("depth_pro",))
        self.name = self._network.located.name
        self.version = self._network.located.version
        if not self._network.config.use_fov_model:
            raise UserError(f"weights {self.name!r}: have no head for the field of view; give apple/DepthPro-hf")
        self.errors = published.zero_shot(published.DEPTHPRO, published.PHOTOS, "Depth Pro")

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate depth in metres for each frame, and the focal length where the frame doesn't know it."""
        outputs = self._network([frame.image for frame in frames])
        return [_estimate(frame, output) for frame, output in zip(frames, outputs, strict=True)]


def _estimate(frame: Frame, output: Output) -> DepthEstimate:
    height, width = frame.image.shape[:2]
    known = _known_focal_px(frame.camera, width)
    focal_px = focal_from_fov(output.fov_deg, width) if known is None else known
    if focal_px is None:
        return DepthEstimate(np.full((height, width), np.nan, np.float32), "metric")
    depth = metric_depth(output.predicted, focal_px, height, width)
    return DepthEstimate(depth, "metric") if known else DepthEstimate(depth, "metric", focal_px, FOCAL_ERROR)


def _known_focal_px(camera: Camera | None, width: int) -> float | None:
    if camera is None or camera.provenance not in ("calibration", "exif"):
        return None
    return float(camera.image_from_camera[0, 0]) * width / camera.width


def focal_from_fov(fov_deg: float | None, width: int) -> float | None:
    """Compute the focal length in pixels from a horizontal field of view; None where no camera has such a one."""
    if fov_deg is None or not FOV_DEG[0] <= fov_deg <= FOV_DEG[1]:
        return None
    return 0.5 * width / tan(0.5 * radians(fov_deg))


def metric_depth(
    canonical: Float32[np.ndarray, "r c"], focal_px: float, height: int, width: int
) -> Float32[np.ndarray, "h w"]:
    """Compute z-depth in metres at the image's size from canonical inverse depth; NaN for the sky."""
    inverse_m = resized(canonical, height, width) * np.float32(width / focal_px)
    return inverse(np.where(inverse_m >= MIN_INVERSE_DEPTH, inverse_m, np.float32(np.nan)))
