"""Any depth network as an ONNX file: an image -> what the file's description says. Extra: onnx.

Beside MODEL.onnx lies MODEL.json, which says what no ONNX file can: how images are prepared and what comes out.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Batches, Model, Runtime, WeightFiles, load_session, locate, onnx_file, run_session
from spatialvlm.pipeline.estimate.depth import DepthEstimate
from spatialvlm.pipeline.estimate.depth.disparity import SHIFT_ERROR, from_disparity
from spatialvlm.pipeline.estimate.depth.resample import inverse, resized, resized_depth
from spatialvlm.records import DepthErrors, Frame

OUTPUTS = {"depth_m": "metric", "inverse_depth": "scale_invariant", "disparity": "affine_invariant"}
"""depth_m: z-depth in metres; inverse_depth: 1 / depth in an unknown unit; disparity: the same plus a constant."""

STREETS = (
    "car", "bus", "truck", "train", "boat", "airplane", "motorcycle", "bicycle", "traffic light", "stop sign",
    "fire hydrant", "parking meter", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe",
)  # fmt: skip
"""What stands in pictures of which a network that was trained indoors does not know how far things are."""

EXAMPLE = """{
  "size": {"shorter_side": 518, "multiple_of": 14},
  "mean": [0.485, 0.456, 0.406],
  "std": [0.229, 0.224, 0.225],
  "output": "depth_m",
  "licence": "Apache-2.0",
  "errors": {"scale": 0.35, "local": 0.1, "source": "who published or measured the errors"}
}"""


class OnnxDepth:
    """Depth by an ONNX file that takes one batch of RGB images and gives one map each as its first output.

    The description has "size", [height, width] or {"shorter_side", "multiple_of"}; "mean" and "std" of pixels / 255;
    "output", a key of OUTPUTS; "errors" as in DepthErrors; "licence" for people. With "indoor": true, metres have an
    unknown unit outdoors, by what was found in them. Layout, channels first or last, is read off the
    file. Raises UserError where file or description are missing or don't fit.
    """

    files: ClassVar[WeightFiles] = "own"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        located = locate(model, self.files)
        path = onnx_file(located.path)
        self.name, self.version = located.name, located.version
        self._about = _read(path.with_suffix(".json"))
        self.errors: DepthErrors = self._about["errors"]
        self._session = load_session(replace(located, path=path), runtime)
        self._input = self._session.get_inputs()[0]
        shape = self._input.shape
        if len(shape) != 4 or 3 not in (shape[1], shape[3]) or len(self._session.get_inputs()) > 1:
            raise UserError(f"{path.name}: input {shape}: expected one, [n, 3, height, width] or [n, height, width, 3]")
        self._channels_first = shape[1] == 3
        self._fixed = tuple(shape[2:] if self._channels_first else shape[1:3])
        self._batches = Batches(shape[0] if isinstance(shape[0], int) else runtime.batch_size)
        _check_size(path.name, self._about["size"], self._fixed)

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate the depth of each frame. Frames that come to one size share a batch."""
        prepared = [self._prepare(frame.image) for frame in frames]
        of_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, pixels in enumerate(prepared):
            of_size[pixels.shape].append(index)
        maps: dict[int, np.ndarray] = {}
        for indices in of_size.values():
            maps |= zip(indices, self._batches(self._forward, [prepared[index] for index in indices]), strict=True)
        return [self._estimate(frame, maps[index]) for index, frame in enumerate(frames)]

    def _prepare(self, image: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "_ _ _"]:
        height, width = _network_size(self._about["size"], *image.shape[:2])
        shrinks = height * width < image.shape[0] * image.shape[1]
        scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        pixels = (scaled.astype(np.float32) / 255 - self._about["mean"]) / self._about["std"]
        return np.ascontiguousarray(pixels.transpose(2, 0, 1) if self._channels_first else pixels)

    def _forward(self, prepared: Sequence[np.ndarray]) -> list[np.ndarray]:
        half = self._input.type == "tensor(float16)"
        batch = np.stack(prepared).astype(np.float16 if half else np.float32)
        rows = self._input.shape[0]
        if isinstance(rows, int) and len(batch) < rows:
            # A file of a fixed batch takes no less; the copies' maps are dropped.
            batch = np.concatenate([batch, np.repeat(batch[-1:], rows - len(batch), axis=0)])
        made = run_session(self._session, {self._input.name: batch}, self.name)[0]
        return [_as_map(self.name, one) for one in made[: len(prepared)]]

    def _estimate(self, frame: Frame, made: Float32[np.ndarray, "r c"]) -> DepthEstimate:
        height, width = frame.image.shape[:2]
        match self._about["output"]:
            case "depth_m" if self._about.get("indoor") and _shows_a_street(frame):
                return DepthEstimate(resized_depth(made, height, width), "scale_invariant")
            case "depth_m":
                return DepthEstimate(resized_depth(made, height, width), "metric")
            case "inverse_depth":
                return DepthEstimate(inverse(resized(made, height, width)), "scale_invariant")
        return DepthEstimate(from_disparity(resized(made, height, width)), "affine_invariant")


def _shows_a_street(frame: Frame) -> bool:
    captions = (f" {caption.lower()}" for instance in frame.instances or () for caption in instance.captions)
    return any(caption.endswith(tuple(f" {name}" for name in STREETS)) for caption in captions)


def _as_map(name: str, made: np.ndarray) -> Float32[np.ndarray, "r c"]:
    channels = [axis for axis in (0, 2) if made.ndim == 3 and made.shape[axis] == 1]
    plane = made.squeeze(channels[0]) if channels else made
    if plane.ndim != 2:
        raise ModelError(f"{name}: an output of shape {made.shape} per image; expected one map")
    return plane.astype(np.float32)


def _network_size(size: Any, height: int, width: int) -> tuple[int, int]:
    if isinstance(size, list):
        return size[0], size[1]
    scale, multiple = size["shorter_side"] / min(height, width), size["multiple_of"]
    sides = [max(1, round(side * scale / multiple)) * multiple for side in (height, width)]
    return sides[0], sides[1]


def _check_size(name: str, size: Any, fixed: tuple[Any, ...]) -> None:
    for wanted, there in zip(size if isinstance(size, list) else (None, None), fixed, strict=True):
        if isinstance(there, int) and there != wanted:
            raise UserError(f'{name}: takes images of {list(fixed)}, but its description has "size": {size}')


def _read(path: Path) -> dict[str, Any]:
    """Read the description, checked, with arrays for mean and std and DepthErrors for the errors."""
    if not path.is_file():
        raise UserError(f"{path}: not there; describe the model beside it, as in\n{EXAMPLE}")
    try:
        about = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: no JSON ({error}); expected something like\n{EXAMPLE}") from error
    problem = _problem(about)
    if problem:
        raise UserError(f"{path}: {problem}; expected something like\n{EXAMPLE}")
    told = dict(about["errors"])
    source = str(told.pop("source", ""))
    errors = DepthErrors(**{key: float(value) for key, value in told.items()}, source=source)
    if about["output"] == "disparity" and "shift" not in about["errors"]:
        errors = replace(errors, shift=SHIFT_ERROR)
    colours = {key: np.array(about[key], np.float32) for key in ("mean", "std")}
    return about | colours | {"errors": errors}


def _problem(about: Any) -> str | None:
    """Say what is wrong with a description; None where nothing is."""
    needed = {"size", "mean", "std", "output", "errors"}
    if not isinstance(about, dict) or needed - about.keys() or about.keys() - needed - {"licence", "indoor"}:
        return f"needs the keys {', '.join(sorted(needed))}, and licence and indoor if known"
    if not isinstance(about.get("indoor", False), bool):
        return f'"indoor" {about["indoor"]!r}: expected true or false'
    if not _is_size(about["size"]):
        return f'"size" {about["size"]!r}: neither [height, width] nor shorter_side and multiple_of'
    for key in ("mean", "std"):
        if not (_are_numbers(about[key]) and len(about[key]) == 3) or (key == "std" and min(about[key]) <= 0):
            return f'"{key}" {about[key]!r}: expected three numbers'
    if about["output"] not in OUTPUTS:
        return f'"output" {about["output"]!r}: choose one of {", ".join(OUTPUTS)}'
    errors = about["errors"]
    numbers = {field.name for field in fields(DepthErrors)} - {"source"}
    if not isinstance(errors, dict) or "scale" not in errors or errors.keys() - numbers - {"source"}:
        return f'"errors" {errors!r}: expected scale, and local, reach, shift and source if known'
    if not _are_numbers([errors[key] for key in numbers & errors.keys()]):
        return f'"errors" {errors!r}: expected numbers of 0 or more'
    return None


def _is_size(size: Any) -> bool:
    if isinstance(size, dict):
        return size.keys() == {"shorter_side", "multiple_of"} and _are_sides(list(size.values()))
    return isinstance(size, list) and len(size) == 2 and _are_sides(size)


def _are_sides(values: list[Any]) -> bool:
    return all(isinstance(value, int) and value > 0 for value in values)


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, int | float) and value >= 0 for value in values)
