"""depth by Metric3D v2: metric depth from an image and its focal length.

Its API, read in https://github.com/YvanYin/Metric3D/blob/0dabc19/hubconf.py, whose example is followed: the image keeps
its proportions, fills 616x1064 and is padded with the mean; the network predicts z-depth for a canonical camera of 1000
px; true depth is that times focal / 1000, the focal length in pixels of the resized image.

Depth is proportional to the focal length. A frame's camera gives it, whatever its provenance; a frame without one is
no frame for this model. The error of the focal length comes on top of `errors`.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import ContractError, UserError
from spatialvlm.models import Batches, Model, Runtime, import_torch, locate, torch_device, torch_dtype
from spatialvlm.pipeline.estimate.depth import DepthEstimate
from spatialvlm.records import Camera, DepthErrors, Frame

CLONE = "git clone https://github.com/YvanYin/Metric3D.git && pip install mmengine torchvision"
HUB = "https://huggingface.co/JUGGHM/Metric3D/resolve/main"
CHECKPOINTS = {
    "vit_small": "metric_depth_vit_small_800k.pth",
    "vit_large": "metric_depth_vit_large_800k.pth",
    "vit_giant2": "metric_depth_vit_giant2_800k.pth",
}

INPUT_HEIGHT, INPUT_WIDTH = 616, 1064
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
CANONICAL_FOCAL_PX = 1000.0
FARTHEST_M = 300.0  # its example cuts depth here; what reaches it is sky

# A relative error of 1 sigma puts P(|e| < ln 1.25) of the pixels within delta1. UniDepth's README gives for Metric3Dv2
# (giant) 0.812 on SUN RGB-D, 0.900 on ETH3D and 0.684 on iBims-1: 0.169, 0.136 and 0.223, together 0.179. What is left
# once the scale is aligned is taken as 0.05.
ERRORS = DepthErrors(
    scale=0.17,
    local=0.05,
    source="estimated from zero-shot delta1 of Metric3Dv2 on SUN RGB-D (0.812), ETH3D (0.900) and iBims-1 (0.684), "
    "README of github.com/lpiccinelli-eth/UniDepth; local error assumed",
)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """An image as the network takes it: normalised pixels, where the image lies in them, how much it was scaled."""

    pixels: Float32[np.ndarray, "3 H W"]
    top: int
    left: int
    height: int
    width: int
    scale: float


class Metric3D:
    """Metric3D v2 as a DepthModel. `weights`: CLONE:VARIANT, a clone of its repository and vit_small, vit_large or
    vit_giant2, whose checkpoint lies in the clone's folder `weight`.

    Raises UserError where the clone, the checkpoint or a package it needs is missing.
    """

    files = "elsewhere"
    needs_focal = True

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._device = torch_device(runtime)
        self._half = self._device.type == "cuda" and torch_dtype(runtime) == import_torch().float16
        clone, variant = _parse(model.weights)
        checkpoint = clone / "weight" / CHECKPOINTS[variant]
        if not checkpoint.is_file():
            raise UserError(
                f"weights {model.weights!r}: no checkpoint {checkpoint}; get it with: "
                f"wget -P {checkpoint.parent} {HUB}/{checkpoint.name}"
            )
        self._network = _load(clone, variant, checkpoint).to(self._device).eval()
        self.name, self.errors = f"Metric3D {variant}", ERRORS
        self.version = locate(Model(model.backend, str(checkpoint))).version
        self._batches = Batches(runtime.batch_size)

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate the depth of each frame; no focal length, as the model needs one and finds none."""
        return self._batches(self._run, frames)

    def _run(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        torch = import_torch()
        fitted = [_fit(frame.image) for frame in frames]
        pixels = torch.from_numpy(np.stack([one.pixels for one in fitted])).to(self._device)
        autocast = torch.autocast(self._device.type, dtype=torch.float16, enabled=self._half)
        with torch.inference_mode(), autocast:
            canonical = self._network.inference({"input": pixels})[0]
        depths = canonical.float().cpu().numpy()
        if depths.shape != (len(frames), 1, INPUT_HEIGHT, INPUT_WIDTH):
            raise ContractError(
                f"depth by Metric3D: got {depths.shape}, expected {(len(frames), 1, INPUT_HEIGHT, INPUT_WIDTH)}"
            )
        return [
            DepthEstimate(_to_metres(depth[0], one, frame), "metric", scale_error=_camera_of(frame).focal_error)
            for frame, one, depth in zip(frames, fitted, depths, strict=True)
        ]


def _parse(weights: str) -> tuple[Path, str]:
    """Parse CLONE:VARIANT into the clone's folder and the variant."""
    folder, colon, variant = weights.rpartition(":")
    if not colon or variant not in CHECKPOINTS:
        raise UserError(
            f"weights {weights!r} of metric3d: expected CLONE:VARIANT, VARIANT one of {', '.join(CHECKPOINTS)}"
        )
    clone = Path(folder).expanduser()
    if not (clone / "hubconf.py").is_file():
        raise UserError(f"weights {weights!r} of metric3d: {clone} is no clone of Metric3D; get one with: {CLONE}")
    return clone, variant


def _load(clone: Path, variant: str, checkpoint: Path) -> Any:
    torch = import_torch()
    try:
        network = torch.hub.load(str(clone), f"metric3d_{variant}", source="local", pretrain=False)
    except (ImportError, RuntimeError) as error:
        raise UserError(f"Metric3D in {clone}: cannot be loaded ({error}); it needs: {CLONE}") from error
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["model_state_dict"]
        missing = network.load_state_dict(state, strict=False).missing_keys
    except (OSError, RuntimeError, EOFError, LookupError, TypeError, pickle.UnpicklingError) as error:
        raise UserError(
            f"checkpoint {checkpoint}: no weights of Metric3D {variant} ({error}); get them again"
        ) from error
    if len(missing) == len(network.state_dict()):
        raise UserError(f"checkpoint {checkpoint}: not one weight of Metric3D {variant}; get it again")
    return network


def _fit(image: np.ndarray) -> _Fitted:
    """Scale an image to fill the input and pad it with the mean, which is 0 once normalised."""
    height, width = image.shape[:2]
    scale = min(INPUT_HEIGHT / height, INPUT_WIDTH / width)
    new_height, new_width = max(1, int(height * scale)), max(1, int(width * scale))
    resized = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    top, left = (INPUT_HEIGHT - new_height) // 2, (INPUT_WIDTH - new_width) // 2
    pixels = np.zeros((3, INPUT_HEIGHT, INPUT_WIDTH), np.float32)
    normal = (resized.astype(np.float32) - MEAN) / DEVIATION
    pixels[:, top : top + new_height, left : left + new_width] = normal.transpose(2, 0, 1)
    return _Fitted(pixels, top, left, new_height, new_width, scale)


def _camera_of(frame: Frame) -> Camera:
    if frame.camera is None:
        raise ContractError(
            f"frame {frame.id!r} has no camera, expected one, assumed or not: Metric3D needs a focal length; the stage "
            "estimate gives one"
        )
    return frame.camera


def _to_metres(canonical: Float32[np.ndarray, "H W"], fitted: _Fitted, frame: Frame) -> Float32[np.ndarray, "h w"]:
    """Turn depth for the canonical camera, padding cut off, into depth at the image's size for its own camera."""
    height, width = frame.image.shape[:2]
    inside = canonical[fitted.top : fitted.top + fitted.height, fitted.left : fitted.left + fitted.width]
    focal_px = float(_camera_of(frame).image_from_camera[0, 0])
    depth = cv2.resize(inside, (width, height), interpolation=cv2.INTER_LINEAR)
    depth = depth * np.float32(focal_px * fitted.scale / CANONICAL_FOCAL_PX)
    return np.where((depth > 0) & (depth < FARTHEST_M), depth, np.float32(np.nan))
