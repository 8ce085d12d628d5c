"""depth by UniDepth v2: metric depth and intrinsics from one image.

Its API, read in https://github.com/lpiccinelli-eth/UniDepth at 04de173 (unidepth/models/unidepthv2/unidepthv2.py,
unidepth/utils/camera.py, unidepth/utils/coordinate.py): `UniDepthV2.from_pretrained(folder)`, then `infer(rgb, camera)`
with rgb uint8 (b, 3, h, w) and a `Pinhole(K=)` where the camera is known. Out come depth (b, 1, h, w), which is the z
of its points and in metres, and intrinsics (b, 3, 3) in pixels whose centres are at .5, our own convention.
The package and its weights are for non-commercial use (CC BY-NC 4.0).
"""

import json
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from spatialvlm.errors import ContractError, UserError
from spatialvlm.models import Batches, Model, Runtime, WeightFiles, import_torch, locate, torch_device
from spatialvlm.pipeline.estimate.depth import DepthEstimate
from spatialvlm.pipeline.estimate.packages import focal_error, import_package, in_groups, known_focal_px
from spatialvlm.records import DepthErrors, Frame

INSTALL = "pip install git+https://github.com/lpiccinelli-eth/UniDepth.git"

# A relative error of 1 sigma puts P(|e| < ln 1.25) of the pixels within delta1. The README's zero-shot table gives for
# v2 0.964 on SUN RGB-D, 0.852 on ETH3D and 0.945 on iBims-1: 0.106, 0.154 and 0.116, together 0.127. What is left once
# the scale is aligned is taken as 0.05.
ERRORS = DepthErrors(
    scale=0.12,
    local=0.05,
    source="estimated from zero-shot delta1 of UniDepthV2 on SUN RGB-D (0.964), ETH3D (0.852) and iBims-1 (0.945), "
    "README of github.com/lpiccinelli-eth/UniDepth; local error assumed",
)

FIELD_OF_VIEW_ERROR_RAD = 0.07  # 4 degrees, assumed


class UniDepth:
    """UniDepth v2 as a DepthModel. `weights`: a hub id such as lpiccinelli/unidepth-v2-vitl14, or its folder.

    A camera that is known (calibrated or EXIF) goes into the model, one image at a time, and no focal length returns.
    Raises UserError where the package is not installed or the folder holds no UniDepth v2.
    """

    files: ClassVar[WeightFiles] = "own"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._device = torch_device(runtime)
        located = locate(model, self.files)
        _check_folder(located.path, located.name)
        package = import_package("unidepth.models", INSTALL)
        self._pinhole = import_package("unidepth.utils.camera", INSTALL).Pinhole
        try:
            network = package.UniDepthV2.from_pretrained(str(located.path))
        except (OSError, RuntimeError, KeyError, TypeError) as error:
            raise UserError(f"weights {located.name!r}: UniDepth cannot load them ({error}); get them again") from error
        self._network = network.to(self._device).eval()
        self.name, self.version, self.errors = located.name, located.version, ERRORS
        self._batches, self._singly = Batches(runtime.batch_size), Batches(1)

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate the depth of each frame."""
        return in_groups(self._run_alike, frames, key=lambda frame: (frame.image.shape, _is_known(frame)))

    def _run_alike(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Run frames of one size; those whose camera is known singly, as the model takes one camera per call."""
        return (self._singly if _is_known(frames[0]) else self._batches)(self._run, frames)

    def _run(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        torch = import_torch()
        images = torch.from_numpy(np.stack([frame.image for frame in frames])).permute(0, 3, 1, 2).to(self._device)
        camera, pinhole = frames[0].camera, None
        if camera is not None and _is_known(frames[0]):
            # A copy, because the model scales the matrix in place.
            matrix = torch.tensor(camera.image_from_camera[None], dtype=torch.float32, device=self._device)
            pinhole = self._pinhole(K=matrix)
        with warnings.catch_warnings():
            # It warns in each call that its resolution is the default one, which is meant.
            warnings.filterwarnings("ignore", message=".*resolution_level not set.*")
            made = self._network.infer(images, pinhole)
        depths = made["depth"].float().cpu().numpy()
        intrinsics = made["intrinsics"].float().cpu().numpy()
        return [
            _estimate(frame, depth, matrix, guessed=pinhole is None)
            for frame, depth, matrix in zip(frames, depths, intrinsics, strict=True)
        ]


def _is_known(frame: Frame) -> bool:
    return known_focal_px(frame.camera) is not None


def _estimate(frame: Frame, depth: np.ndarray, intrinsics: np.ndarray, guessed: bool) -> DepthEstimate:
    height, width = frame.image.shape[:2]
    if depth.shape != (1, height, width):
        raise ContractError(
            f"depth of frame {frame.id!r} by UniDepth: got {depth.shape}, expected {(1, height, width)}"
        )
    depth = np.where(np.isfinite(depth[0]) & (depth[0] > 0), depth[0], np.nan).astype(np.float32)
    focal = float(intrinsics[0, 0])
    if not guessed or not (math.isfinite(focal) and focal > 0):
        return DepthEstimate(depth, "metric")
    return DepthEstimate(depth, "metric", focal, focal_error(focal, width, FIELD_OF_VIEW_ERROR_RAD))


def _check_folder(path: Path, name: str) -> None:
    """Raise UserError unless a folder's settings say that it holds UniDepth v2."""
    advice = "give a hub id such as lpiccinelli/unidepth-v2-vitl14, or a folder with its config.json"
    try:
        config = json.loads((path / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"weights {name!r}: no settings of UniDepth ({error}); {advice}") from error
    settings = config.get("model") if isinstance(config, dict) else None
    architecture = settings.get("name") if isinstance(settings, dict) else None
    if architecture != "UniDepthV2":
        raise UserError(f"weights {name!r}: the model is {architecture!r}, expected 'UniDepthV2'; {advice}")
