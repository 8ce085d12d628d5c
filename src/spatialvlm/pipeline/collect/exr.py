"""exr: the bytes of an OpenEXR file with depth -> its values.

Written after the published layout of the format (https://openexr.com/en/latest/OpenEXRFileLayout.html): one part, in
scan lines, not compressed or by run lengths or zlib, as Blender and most simulators write depth. A library of its own
for this one file would be the largest thing that is installed.
"""

import struct
import zlib

import numpy as np
from jaxtyping import Shaped

from spatialvlm.pipeline.collect.decode import Refused, shown
from spatialvlm.pipeline.collect.picture_files import LARGEST_PIXELS, too_large

MAGIC = b"\x76\x2f\x31\x01"
TILED, DEEP, MULTIPART = 0x200, 0x800, 0x1000
DTYPES = ("<u4", "<f2", "<f4")  # UINT, HALF, FLOAT
COMPRESSIONS = ("none", "RLE", "ZIPS", "ZIP", "PIZ", "PXR24", "B44", "B44A", "DWAA", "DWAB")
BEYOND = 65504.0  # what renderers write where nothing is hit: the largest half, or 1e10
ROWS_A_BLOCK = {0: 1, 1: 1, 2: 1, 3: 16}
DEPTH_CHANNELS = ("z", "depth", "v", "y", "r")
"""How the channel with depth is called, in lower case after the last dot, the likeliest first."""
EXR_ERRORS = (struct.error, zlib.error, ValueError, IndexError, KeyError, OverflowError)


def decode_exr(data: bytes, name: str) -> Shaped[np.ndarray, "h w"]:
    """Decode the channel with depth. Raises Refused for what is damaged, too large or packed in another way."""
    try:
        return _decode(data, name)
    except EXR_ERRORS as error:
        raise Refused(
            "depth_unreadable", f"{name}: is no OpenEXR file that holds together ({error}); replace it"
        ) from None


def _decode(data: bytes, name: str) -> Shaped[np.ndarray, "h w"]:
    flags = struct.unpack_from("<I", data, 4)[0]
    header, at = _header(data)
    packing = header["compression"][0]
    if flags & (TILED | DEEP | MULTIPART) or packing not in ROWS_A_BLOCK:
        got = "tiles, deep pixels or several parts" if flags & (TILED | DEEP | MULTIPART) else _called(packing)
        raise Refused(
            "depth_unsupported", f"{name}: got OpenEXR with {got}, expected scan lines with ZIP; save it so, or as .npy"
        )
    left, top, right, bottom = struct.unpack("<4i", header["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    if width < 1 or height < 1:
        raise ValueError(f"its window is {width}x{height}")
    channels = _channels(header["channels"])
    if width * height * max(len(channels), 1) > LARGEST_PIXELS:
        raise too_large(name, f"{width}x{height} pixels of {len(channels)} channels", "depth")
    chosen = _depth_channel([channel for channel, _ in channels], name)
    offset = width * sum(np.dtype(dtype).itemsize for _, dtype in channels[:chosen])
    row_bytes = width * sum(np.dtype(dtype).itemsize for _, dtype in channels)
    dtype = np.dtype(channels[chosen][1])
    values = np.empty((height, width), dtype)
    rows = ROWS_A_BLOCK[packing]
    for place in struct.unpack_from(f"<{-(-height // rows)}Q", data, at):
        first, size = struct.unpack_from("<iI", data, place)
        first -= top
        count = min(rows, height - first)
        if first < 0 or count < 1 or place + 8 + size > len(data):
            raise ValueError("a block lies outside of it")
        block = _unpacked(data[place + 8 : place + 8 + size], packing, count * row_bytes)
        for row in range(count):
            values[first + row] = np.frombuffer(block, dtype, width, row * row_bytes + offset)
    values = values.astype(np.float32)
    values[values >= BEYOND] = np.nan
    return values


def _header(data: bytes) -> tuple[dict[str, bytes], int]:
    """Read the attributes, and where they end."""
    found: dict[str, bytes] = {}
    at = 8
    while data[at] != 0:
        end = data.index(0, at, at + 256)
        after = data.index(0, end + 1, end + 257) + 1
        size = struct.unpack_from("<I", data, after)[0]
        if after + 4 + size > len(data):
            raise ValueError("its header is cut short")
        found[data[at:end].decode("latin-1")] = data[after + 4 : after + 4 + size]
        at = after + 4 + size
    return found, at + 1


def _channels(data: bytes) -> list[tuple[str, str]]:
    """Read the names and types of the channels, in the order in which they are stored."""
    found, at = [], 0
    while data[at] != 0:
        end = data.index(0, at)
        kind, _, across, down = struct.unpack_from("<iIii", data, end + 1)
        if (across, down) != (1, 1):
            raise ValueError("a channel has fewer pixels than the picture")
        found.append((data[at:end].decode("latin-1"), DTYPES[kind]))
        at = end + 17
    return found


def _depth_channel(names: list[str], name: str) -> int:
    short = [channel.rpartition(".")[2].lower() for channel in names]
    found = next((short.index(known) for known in DEPTH_CHANNELS if known in short), None)
    if found is None and len(names) == 1:
        found = 0
    if found is None:
        raise Refused(
            "depth_ambiguous", f"{name}: has the channels {shown(names)}, expected one called Z, depth, V or Y"
        )
    return found


def _unpacked(block: bytes, packing: int, size: int) -> bytes:
    """Unpack a block into `size` bytes; one that did not become smaller is stored as it is."""
    if len(block) == size:
        return block
    if packing == 0:
        raise ValueError("a block is cut short")
    unpacker = zlib.decompressobj()
    packed = _run_lengths(block, size) if packing == 1 else unpacker.decompress(block, size)
    if len(packed) != size:
        raise ValueError(f"a block holds {len(packed)} bytes, expected {size}")
    deltas = np.frombuffer(packed, np.uint8).astype(np.int64)
    deltas[1:] -= 128
    halves = np.cumsum(deltas).astype(np.uint8)
    values = np.empty(size, np.uint8)
    middle = (size + 1) // 2
    values[0::2], values[1::2] = halves[:middle], halves[middle:]
    return values.tobytes()


def _run_lengths(block: bytes, size: int) -> bytes:
    found, at = bytearray(), 0
    while at < len(block) and len(found) <= size:
        count = struct.unpack_from("<b", block, at)[0]
        if count < 0:
            found += block[at + 1 : at + 1 - count]
            at += 1 - count
        else:
            found += block[at + 1 : at + 2] * (count + 1)
            at += 2
    return bytes(found)


def _called(packing: int) -> str:
    return COMPRESSIONS[packing] if packing < len(COMPRESSIONS) else f"packing {packing}"
