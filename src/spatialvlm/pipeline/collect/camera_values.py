"""camera_values: what JSON says of a camera -> its Camera.

As fx, fy, cx, cy by name or in this order, or as an intrinsic matrix: three rows, nine numbers by rows or by columns,
or with the fourth row or column that some write. Sizes that are given must be the picture's.
"""

import math

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry import intrinsics
from spatialvlm.pipeline.collect.decode import Refused, check_keys, number_of, shown
from spatialvlm.records import Camera

CAMERA_KEYS = ("fx", "fy", "cx", "cy", "width", "height")
MATRIX_KEYS = ("K", "k", "intrinsics", "intrinsic_matrix", "camera_matrix", "cam_K")
LENS_KEYS = ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2", "distortion", "dist_coeffs", "D")
UNDISTORT = "the camera is a pinhole without distortion: undistort the picture (and its depth), then leave the key out"
FORMS = "fx, fy, cx, cy in pixels by name, these four in a list, or an intrinsic matrix of 3x3"


def camera_of(value: object, shape: tuple[int, int], owner: str) -> Camera:
    """Read the camera of an image of `shape` (h, w); its own size may be left out. Raises Refused."""
    what = f"camera of {owner}"
    if isinstance(value, dict):
        return _by_name(value, shape, what)
    return _camera(_matrix(value, what), shape, what)


def _by_name(value: dict[str, object], shape: tuple[int, int], what: str) -> Camera:
    form = next((key for key in MATRIX_KEYS if value.get(key) is not None), None)
    known = CAMERA_KEYS if form is None else (form, "width", "height")
    for key in value:
        if key in LENS_KEYS:
            raise Refused("unknown_key", f"{shown(key)} of {what}: {UNDISTORT}")
    check_keys(value, known, CAMERA_KEYS[:4] if form is None else (form,), what)
    if form is None:
        matrix = intrinsics(*(number_of(value[key], f"{key} of {what}") for key in CAMERA_KEYS[:4]))
    else:
        matrix = _matrix(value[form], what)
    for key, expected in (("width", shape[1]), ("height", shape[0])):
        if value.get(key) is not None and (got := number_of(value[key], f"{key} of {what}")) != expected:
            factor = f"multiply fx, cx by the image's width / {key if key == 'width' else 'the width given'}"
            raise Refused(
                "camera_size",
                f"{key} of {what}: got {got:g}, expected the image's {expected}; scale the camera with it: {factor}, "
                "and fy, cy likewise by the heights",
            )
    return _camera(matrix, shape, what)


def _camera(matrix: Float64[np.ndarray, "3 3"], shape: tuple[int, int], what: str) -> Camera:
    fx, fy, cx, cy = (float(matrix[place]) for place in ((0, 0), (1, 1), (0, 2), (1, 2)))
    if not (fx > 0 and fy > 0 and np.isfinite(matrix).all()):
        raise Refused(
            "camera_invalid",
            f"{what}: got fx {fx}, fy {fy}, cx {cx}, cy {cy}, expected positive focal lengths in pixels",
        )
    return Camera(matrix, width=shape[1], height=shape[0])


def _matrix(value: object, what: str) -> Float64[np.ndarray, "3 3"]:
    """Read an intrinsic matrix from a list in one of its forms."""
    rows = value if isinstance(value, list) else []
    flat = [number for row in rows for number in (row if isinstance(row, list) else [row])]
    lengths = {len(row) if isinstance(row, list) else 1 for row in rows}
    numbers = [number_of(number, what) for number in flat[:16]]
    if len(flat) == 4 and lengths == {1}:
        return intrinsics(*numbers)
    across = {9: 3, 12: 4, 16: 4}.get(len(flat), 0)
    if not across or lengths not in ({1}, {across}):
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected {FORMS}")
    matrix = np.array(numbers).reshape(-1, across)[:3, :3]
    if matrix[2, 0] == matrix[2, 1] == 0:
        return _homogeneous(matrix, value, what)
    return _homogeneous(matrix.T, value, what)


def _homogeneous(matrix: Float64[np.ndarray, "3 3"], value: object, what: str) -> Float64[np.ndarray, "3 3"]:
    if matrix[2].tolist() != [0.0, 0.0, 1.0] or matrix[1, 0] != 0 or not math.isfinite(float(matrix[0, 1])):
        raise Refused("camera_invalid", f"{what}: got {shown(value)}, expected the rows fx s cx, 0 fy cy, 0 0 1")
    return np.ascontiguousarray(matrix)
