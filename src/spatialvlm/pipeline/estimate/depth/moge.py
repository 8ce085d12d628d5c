"""depth by MoGe: points, depth, mask and intrinsics from one image; MoGe-2 in metres, MoGe-1 in an unknown unit.

Its API, read in https://github.com/microsoft/MoGe (README at 0643a32, moge/model/v1.py at e5a3ade) and, for v2, at
https://github.com/EasternJournalist/MoGe/blob/188643f/moge/model/v2.py: `MoGeModel.from_pretrained(file)`, then
`infer(image, fov_x=, use_fp16=)` with images (b, 3, h, w) in [0, 1] and `fov_x` the horizontal field of view in degrees
where it is known. Its depth is z-depth; where the mask is false (sky) it is infinite. Its intrinsics are divided by
width and height, with the corner of the image at 0: times width and height they are continuous pixels, our own.
"""

import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from spatialvlm.errors import ContractError, UserError
from spatialvlm.models import Batches, Model, Runtime, WeightFiles, import_torch, locate, torch_device, torch_dtype
from spatialvlm.pipeline.estimate.depth import DepthEstimate, Invariance
from spatialvlm.pipeline.estimate.packages import field_of_view, focal_error, import_package, in_groups, known_focal_px
from spatialvlm.records import DepthErrors, Frame

INSTALL = "pip install git+https://github.com/microsoft/MoGe.git"

# A relative error of 1 sigma puts P(|e| < ln 1.25) of the pixels within delta1; 0.908 on ETH3D and 0.924 on iBims-1,
# as quoted for MoGe-2 in comparisons, give 0.132 and 0.126. What is left once the scale is aligned is taken as 0.05.
METRIC_ERRORS = DepthErrors(
    scale=0.12,
    local=0.05,
    source="estimated from delta1 of MoGe-2 on ETH3D (0.908) and iBims-1 (0.924); local error assumed",
)
RELATIVE_ERRORS = DepthErrors(scale=0.0, local=0.05, source="assumed; the unit of MoGe-1 is unknown")

FIELD_OF_VIEW_ERROR_RAD = 0.07  # 4 degrees, assumed


class Moge:
    """MoGe as a DepthModel. `weights`: a hub id such as Ruicheng/moge-2-vitl, its folder, or a model.pt.

    A focal length that is known (calibrated or EXIF) goes into the model and is not returned. Raises UserError where
    the package is not installed or the file is no checkpoint of MoGe 1 or 2.
    """

    files: ClassVar[WeightFiles] = "own"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._device = torch_device(runtime)
        located = locate(model, self.files)
        path = located.path / "model.pt" if located.path.is_dir() else located.path
        config = _config_of(path, located.name)
        first = isinstance(config.get("encoder"), str)
        package = import_package(f"moge.model.{'v1' if first else 'v2'}", INSTALL)
        try:
            network = package.MoGeModel.from_pretrained(str(path))
        except (RuntimeError, KeyError, TypeError) as error:
            raise UserError(f"weights {located.name!r}: MoGe cannot load them ({error}); get them again") from error
        self._network = network.to(self._device).eval()
        metric = not first and config.get("scale_head") is not None
        self.invariance: Invariance = "metric" if metric else "scale_invariant"
        self.errors = METRIC_ERRORS if metric else RELATIVE_ERRORS
        self.name, self.version = located.name, located.version
        self._half = torch_dtype(runtime) == import_torch().float16
        self._batches = Batches(runtime.batch_size)

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate the depth of each frame."""
        return in_groups(
            lambda group: self._batches(self._run, group),
            frames,
            key=lambda frame: (frame.image.shape, known_focal_px(frame.camera) is None),
        )

    def _run(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        torch = import_torch()
        images = torch.from_numpy(np.stack([frame.image for frame in frames])).to(self._device)
        images = images.permute(0, 3, 1, 2).float() / 255
        fields = [
            math.degrees(field_of_view(focal, frame.image.shape[1]))
            for frame in frames
            if (focal := known_focal_px(frame.camera)) is not None
        ]
        known = torch.tensor(fields, dtype=torch.float32, device=self._device) if fields else None
        made = self._network.infer(images, fov_x=known, use_fp16=self._half)
        arrays = {name: made[name].float().cpu().numpy() for name in ("depth", "mask", "intrinsics") if name in made}
        return [
            self._estimate(frame, {name: values[index] for name, values in arrays.items()}, fields == [])
            for index, frame in enumerate(frames)
        ]

    def _estimate(self, frame: Frame, made: dict[str, np.ndarray], guessed: bool) -> DepthEstimate:
        height, width = frame.image.shape[:2]
        depth = made["depth"]
        if depth.shape != (height, width):
            raise ContractError(f"depth of frame {frame.id!r} by MoGe: got {depth.shape}, expected {(height, width)}")
        seen = np.isfinite(depth) & (depth > 0)
        if "mask" in made:
            seen &= made["mask"] > 0.5
        depth = np.where(seen, depth, np.nan).astype(np.float32)
        focal = float(made["intrinsics"][0, 0]) * width
        if not guessed or not (math.isfinite(focal) and focal > 0):
            return DepthEstimate(depth, self.invariance)
        return DepthEstimate(depth, self.invariance, focal, focal_error(focal, width, FIELD_OF_VIEW_ERROR_RAD))


def _config_of(path: Path, name: str) -> dict[str, Any]:
    """Read the settings in a checkpoint of MoGe: a named encoder in v1, parts with their own settings in v2."""
    torch = import_torch()
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise UserError(f"weights {name!r}: {path} is no checkpoint of MoGe ({error}); {_advice()}") from error
    config = checkpoint.get("model_config") if isinstance(checkpoint, dict) else None
    if not isinstance(config, dict) or "encoder" not in config:
        raise UserError(f"weights {name!r}: {path} holds no settings of MoGe; {_advice()}")
    if config.get("refiner") is not None:
        raise UserError(f"weights {name!r}: a checkpoint of MoGe-3, which is not supported; {_advice()}")
    return config


def _advice() -> str:
    return "give a hub id such as Ruicheng/moge-2-vitl, or the model.pt of one"
