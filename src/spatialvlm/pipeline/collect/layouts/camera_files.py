"""camera_files: the camera that lies beside a layout's frames in a file of its own.

camera.json, intrinsics.json   {"fx", "fy", "cx", "cy", "width"?, "height"?}, {"K": ...}, Open3D's "intrinsic_matrix"
                               (column by column), or the same under "camera", "intrinsics", "depth" or "color"
camera_info.yaml               what ROS writes: K (or "camera_matrix": {"data"}), width, height
cam_K.txt, intrinsics.txt ...  a matrix
"""

import math
import re
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.layouts.stated_cameras import StatedCamera
from spatialvlm.pipeline.collect.layouts.text_files import json_in, matrix_in, text_in

JSON_NAMES = ("camera.json", "intrinsics.json", "camera_intrinsics.json", "camera_intrinsic.json", "intrinsic.json")
YAML_NAMES = ("camera_info.yaml", "camera.yaml", "camera_intrinsics.yaml", "calibration.yaml", "camera_info.yml")
TEXT_NAMES = ("camera.txt", "cam_K.txt", "intrinsics.txt", "intrinsic.txt", "camera_intrinsics.txt", "K.txt")
FLAT = ("fx", "fy", "cx", "cy")
_NUMBER = r"[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"


def camera_beside(folder: Path) -> StatedCamera | None:
    """Find the one camera of a folder, None where no file states it. Raises UserError for a file that holds none."""
    for name in JSON_NAMES:
        if (folder / name).is_file():
            return camera_in(json_in(folder / name, dict), str(folder / name))
    for name in YAML_NAMES:
        if (folder / name).is_file():
            return _in_yaml(folder / name)
    for name in TEXT_NAMES:
        if (folder / name).is_file():
            (fx, _, cx), (_, fy, cy) = matrix_in(folder / name)[:2, :3].tolist()
            return _checked([fx, fy, cx, cy], {}, str(folder / name))
    return None


def depth_scale_beside(folder: Path) -> float | None:
    """Find the metres of one unit of depth where the camera's file states them: depth_scale, or units a metre."""
    for name in JSON_NAMES:
        if (folder / name).is_file():
            record = json_in(folder / name, dict)
            scale = next((record[key] for key in ("depth_scale", "depth_factor") if record.get(key) is not None), None)
            if scale is None:
                return None
            if not isinstance(scale, int | float) or not 0 < scale < 1e9:
                raise UserError(f"{folder / name}: got depth_scale {scale!r}, expected the metres of one unit: 0.001")
            return float(scale) if scale <= 1 else 1 / scale
    return None


def camera_in(record: dict[str, Any], what: str) -> StatedCamera:
    """Read a camera from JSON of others. Raises UserError where there is none in it."""
    inner = next(
        (record[key] for key in ("camera", "intrinsics", "color", "depth") if isinstance(record.get(key), dict)), {}
    )
    for known in (record, inner):
        if all(isinstance(known.get(key), int | float) for key in FLAT):
            return _checked([float(known[key]) for key in FLAT], known, what)
        for key in ("K", "cam_K", "camera_matrix", "intrinsics", "intrinsic_matrix"):
            numbers = _nine(known.get(key))
            if numbers is not None:
                fx, _, cx, _, fy, cy, *_ = _by_row(numbers)
                return _checked([fx, fy, cx, cy], known, what)
    raise UserError(f"{what}: holds no camera; expected fx, fy, cx, cy in pixels, or a 3x3 matrix K")


def _nine(value: Any) -> list[float] | None:
    """Flatten a matrix of nine numbers, None where it is none."""
    if isinstance(value, dict):
        value = value.get("data")
    rows = value if isinstance(value, list) else []
    flat = [number for row in rows for number in (row if isinstance(row, list) else [row])]
    return (
        [float(number) for number in flat] if len(flat) == 9 and all(isinstance(n, int | float) for n in flat) else None
    )


def _by_row(numbers: list[float]) -> list[float]:
    """Bring a matrix written column by column (Open3D) into rows: its last row is (0, 0, 1)."""
    columns = numbers[2] == 0.0 and numbers[5] == 0.0 and (numbers[6] != 0.0 or numbers[7] != 0.0)
    return [numbers[place] for place in (0, 3, 6, 1, 4, 7, 2, 5, 8)] if columns else numbers


def _in_yaml(path: Path) -> StatedCamera:
    """Read K, width and height of a ROS camera_info, of which nothing else is needed; a plain fx: ... too."""
    text = text_in(path)
    sizes = {key: float(found[1]) for key in ("width", "height") if (found := _after(key, text))}
    found = re.search(r"(?ms)^\s*(?:K|k|camera_matrix|intrinsics)\s*:.*?\[([^\]]*)\]", text)
    listed = re.search(rf"(?m)^\s*(?:K|k)\s*:\s*\n((?:\s*-\s*{_NUMBER}\s*\n?){{9}})", text)
    numbers = [float(word) for word in re.findall(_NUMBER, (listed or found)[1])] if listed or found else []  # pyright: ignore[reportOptionalSubscript]
    if len(numbers) == 9:
        fx, _, cx, _, fy, cy, *_ = _by_row(numbers)
        return _checked([fx, fy, cx, cy], sizes, str(path))
    flat = [_after(key, text) for key in FLAT]
    if all(flat):
        return _checked([float(found[1]) for found in flat if found], sizes, str(path))
    raise UserError(f"{path}: holds no camera; expected K: [fx, 0, cx, 0, fy, cy, 0, 0, 1]")


def _after(key: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?m)^\s*(?:image_)?{key}\s*:\s*({_NUMBER})\s*(?:#.*)?$", text)


def _checked(camera: list[float], sizes: dict[str, Any], what: str) -> StatedCamera:
    fx, fy, cx, cy = camera
    if not (0 < fx < math.inf and 0 < fy < math.inf and math.isfinite(cx) and math.isfinite(cy)):
        raise UserError(
            f"{what}: got fx {fx:g}, fy {fy:g}, cx {cx:g}, cy {cy:g}, expected pixels, focal lengths above 0"
        )
    size = [sizes.get(key) for key in ("width", "height")]
    width, height = (int(n) if isinstance(n, int | float) and 0 < n < 1e6 else None for n in size)
    return StatedCamera(fx, fy, cx, cy, width, height)
