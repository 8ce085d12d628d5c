"""depth_files: the bytes of a depth file -> z-depth in metres, NaN where unknown.

A 16-bit grey PNG, TIFF or PGM; a grey TIFF or PFM of floats; an array as .npy or .npz; OpenEXR. What it is, its first
bytes tell and not its name. Every header is judged before its pixels take memory.
"""

import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from tokenize import TokenError

import cv2
import numpy as np
from jaxtyping import Float32, Shaped

from spatialvlm.pipeline.collect import exr
from spatialvlm.pipeline.collect.decode import Refused, file_name, number_of, read_file, shown
from spatialvlm.pipeline.collect.picture_files import LARGEST_PIXELS, opened, too_large

DEFAULT_DEPTH_SCALE = 0.001
SAME_SHAPE = 0.01  # two pictures have one shape where their ratios of width to height differ by no more
DEPTH_KEYS = ("depth", "depth_m", "arr_0")
# What numpy 2.4 raises for damaged headers (found by 30,000 random ones): it parses them as Python.
NPY_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    SyntaxError,
    TokenError,
    OverflowError,
    RecursionError,
    MemoryError,
)


def read_depth(folder: Path, relative: str, owner: str, scale: float | None = None) -> Float32[np.ndarray, "h w"]:
    """Read the depth file at a path relative to `folder`; `owner` is who names it. As `decode_depth` does."""
    return decode_depth(read_file(folder, relative, "depth", owner), file_name(relative, owner), scale)


def decode_depth(data: bytes, name: str, scale: float | None = None) -> Float32[np.ndarray, "h w"]:
    """Decode a depth map into metres, NaN where it is unknown: not finite, zero or negative.

    `scale` is the metres of one unit; None means 0.001 for whole numbers of a picture and 1 for floats. Whole numbers
    of an array have no unit that everybody uses, so they need it. Raises Refused.
    """
    if data.startswith((b"\x93NUMPY", b"PK\x03\x04")):
        units = _of_array(data, name)
    elif data.startswith(exr.MAGIC):
        units = exr.decode_exr(data, name)
    else:
        units = _of_picture(data, name)
    if scale is None:
        if units.dtype.kind in "iu" and data.startswith((b"\x93NUMPY", b"PK\x03\x04")):
            raise Refused(
                "depth_not_float",
                f"{name}: got {units.dtype}, expected metres as floats; of whole numbers give depth_scale, the metres "
                "of one unit: 0.001 for millimetres",
            )
        scale = DEFAULT_DEPTH_SCALE if units.dtype.kind in "iu" else 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        depth_m = np.array(units, np.float32, order="C")
        if scale != 1:
            depth_m *= np.float32(scale)
        depth_m[~((depth_m > 0) & np.isfinite(depth_m))] = np.nan
    if np.isnan(depth_m).all():
        raise Refused("depth_empty", f"{name}: no pixel has a known depth; give null if there is none")
    return depth_m


def depth_scale_of(value: object, owner: str) -> float | None:
    """Read the metres of one unit; None where it is not given."""
    if value is None:
        return None
    scale = number_of(value, f"depth_scale of {owner}")
    if not 0 < scale <= 1:  # 1000 or 5000 are units per metre, as other formats give it
        hint = f"; of {scale:g} units a metre give {1 / scale:.6g}" if 1 < scale < 1e9 else ""
        raise Refused(
            "depth_scale_invalid",
            f"depth_scale of {owner}: got {scale:g}, expected the metres of one unit, such as 0.001{hint}",
        )
    return scale


def fit_depth(
    depth_m: Float32[np.ndarray, "h w"], shape: tuple[int, int], name: str
) -> tuple[Float32[np.ndarray, "H W"], str | None]:
    """Bring a depth map to the size of its picture, `shape` (h, w), and say so where it had another one.

    Each pixel takes the nearest depth: between two surfaces there is none. Refused where the shapes differ, for then
    the two were not seen by one camera.
    """
    if depth_m.shape == shape:
        return depth_m, None
    height, width = depth_m.shape
    if abs(width * shape[0] - height * shape[1]) > SAME_SHAPE * height * shape[1]:
        raise Refused(
            "depth_size",
            f"{name}: got (h, w) {depth_m.shape}, expected the image's {shape}, and the two differ in shape; resize it "
            "to the image if one camera saw both, else register it to the image",
        )
    resized = np.asarray(cv2.resize(depth_m, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT), np.float32)
    return resized, f"depth_resized: {name}: {width}x{height}, resized to the image's {shape[1]}x{shape[0]}"


def _of_picture(data: bytes, name: str) -> Shaped[np.ndarray, "h w"]:
    with opened(data, name, "depth") as picture:
        picture.load()
        mode, units = picture.mode, np.asarray(picture)
    if mode.startswith("I;16") or (mode in ("I", "F") and units.ndim == 2):
        return units
    raise Refused(
        "depth_not_16_bit",
        f"{name}: got 8 bits in {len(picture.getbands())} channel(s) ({mode}), expected a 16-bit grey PNG; colours or "
        "8 bits are a depth map to look at, give the one that holds the numbers",
    )


def _of_array(data: bytes, name: str) -> Shaped[np.ndarray, "h w"]:
    try:
        values = _npz(data, name) if data.startswith(b"PK") else _npy(data, name)
    except (*NPY_ERRORS, zipfile.BadZipFile, RuntimeError, zlib.error) as error:  # RuntimeError: encrypted
        raise Refused("depth_unreadable", f"{name}: is no .npy array ({error}); replace the file") from None
    if values.dtype.kind not in "fiu":
        raise Refused("depth_not_float", f"{name}: got {values.dtype}, expected metres as float32")
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.ndim != 2 or not values.size:
        raise Refused("depth_size", f"{name}: got an array of shape {shown(values.shape)}, expected (height, width)")
    return values


def _npz(data: bytes, name: str) -> Shaped[np.ndarray, "..."]:
    """Read the array of an archive: the only one, or the one that is called as depth is."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        called = [key for key in DEPTH_KEYS if key in entries] or list(entries)
        if len(entries) > 1 and (len(called) != 1):
            raise Refused(
                "depth_ambiguous",
                f"{name}: holds {shown(sorted(entries))}, expected one array or one called {' or '.join(DEPTH_KEYS)}",
            )
        if not called:
            raise Refused("depth_empty", f"{name}: holds no array; give null if there is no depth")
        entry = entries[called[0]]
        if entry.file_size > LARGEST_PIXELS * 8 + 4096:
            raise too_large(name, f"{entry.file_size:,} bytes", "depth")
        with archive.open(entry) as file:
            return _npy(file.read(LARGEST_PIXELS * 8 + 4096), name)


def _npy(data: bytes, name: str) -> Shaped[np.ndarray, "..."]:
    """View the bytes of a .npy file as its array: a header that lies about the size cannot claim the memory for it."""
    file = BytesIO(data)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, in_columns, dtype = read_header(file)
    pixels = 1
    for side in shape:
        pixels *= side
    if pixels > LARGEST_PIXELS:
        raise too_large(name, f"an array of shape {shown(shape)}", "depth")
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    values = np.frombuffer(data, dtype, count=pixels, offset=file.tell())
    return values.reshape(shape, order="F" if in_columns else "C")
