"""Damaged input: what a hundred thousand spoilt headers of images, depth, masks and cameras come to.

    python benchmarks/fuzz_input.py [--cases 100000] [--seed 0]

Each case is a good file or value with a few bytes or values changed, most of them in the header, by extreme numbers as
well as by chance, or cut short. It must be read or Refused; anything else is a fault, and is printed. Each kind of
input runs in a process of its own, whose peak memory is measured. Exit code 1 where there is a fault, a process that
died, or more than 1 GB.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import json
import multiprocessing
import resource
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from spatialvlm.pipeline.collect.camera_values import camera_of
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.depth_files import decode_depth
from spatialvlm.pipeline.collect.exif import camera_from_exif
from spatialvlm.pipeline.collect.instances import instances_of
from spatialvlm.pipeline.collect.mask_files import decode_mask, decode_rle
from spatialvlm.pipeline.collect.picture_files import decode_rgb

SHAPE = 48, 64
LARGEST_KB = 1_000_000
HEADER = 120  # bytes in which half of all changes lie
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 60000, 7142)
VALUES = (None, True, -1, 0, 1e308, -1e308, 10**400, float("nan"), "", "x", "b'0'", [], {}, [[]], [1e9] * 9, "\ud800")
REAL_FAULTS = 5  # that are printed of each kind

Case = Callable[[np.random.Generator], object]


def spoilt(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a few bytes of a file, or cut it short."""
    changed = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(min(HEADER, len(changed)) if rng.random() < 0.5 else len(changed)))
        if rng.random() < 0.5:
            changed[at] = rng.integers(256)
        else:
            form = ("<I", ">I", "<H", ">H")[rng.integers(4)]
            value = EXTREMES[rng.integers(len(EXTREMES))] & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
            changed[at : at + struct.calcsize(form)] = struct.pack(form, value)
    if data.startswith(b"\x89PNG") and rng.random() < 0.5:  # else the checksum hides what the header says
        changed[29:33] = struct.pack(">I", zlib.crc32(bytes(changed[12:29])))
    return bytes(changed[: rng.integers(len(changed))] if rng.random() < 0.1 else changed)


def spoilt_value(value: Any, rng: np.random.Generator) -> Any:
    """Change one value in a JSON value, at any depth."""
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        copied = value.copy()
        keys = list(copied) if isinstance(copied, dict) else range(len(copied))
        key = keys[rng.integers(len(keys))]
        copied[key] = spoilt_value(copied[key], rng)
        return copied
    if isinstance(value, str) and len(value) > 1 and rng.random() < 0.7:
        at = rng.integers(len(value))
        return value[:at] + chr(rng.integers(32, 1000)) + value[at + 1 :]
    return VALUES[rng.integers(len(VALUES))]


def picture(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """Write a good picture with EXIF data."""
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (*SHAPE, 3), dtype=np.uint8)).convert(mode)
    exif = Image.Exif()
    exif[0x0112], exif[0x920A], exif[0xA405] = 6, 4.2, 26
    file = BytesIO()
    image.save(file, kind, **({"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF") else {}), **options)
    return file.getvalue()


@cache
def depth_files() -> list[bytes]:
    """Write good depth files of each kind."""
    metres = np.random.default_rng(1).uniform(0.5, 3, SHAPE).astype(np.float32)
    files = []
    for values, kind in (((metres * 1000).astype(np.uint16), "PNG"), (metres, "TIFF")):
        file = BytesIO()
        Image.fromarray(values).save(file, kind)
        files.append(file.getvalue())
    for save in (np.save, np.savez, np.savez_compressed):
        file = BytesIO()
        save(file, metres)
        files.append(file.getvalue())
    return [*files, exr(metres)]


def exr(metres: np.ndarray) -> bytes:
    """Write depth as OpenEXR in scan lines that are not packed."""
    height, width = metres.shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    attributes = {
        ("channels", "chlist"): b"Z\0" + struct.pack("<iIii", 2, 0, 1, 1) + b"\0",
        ("compression", "compression"): b"\0",
        ("dataWindow", "box2i"): window,
        ("displayWindow", "box2i"): window,
    }
    header = b"\x76\x2f\x31\x01" + struct.pack("<I", 2)
    for (name, kind), value in attributes.items():
        header += name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<I", len(value)) + value
    header += b"\0"
    first, step = len(header) + 8 * height, 8 + 4 * width
    places = struct.pack(f"<{height}Q", *(first + row * step for row in range(height)))
    rows = b"".join(struct.pack("<iI", row, 4 * width) + metres[row].tobytes() for row in range(height))
    return header + places + rows


@cache
def image_files() -> list[bytes]:
    """Write good pictures of each kind."""
    kinds = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "JPEG2000", "PPM", "AVIF")
    return [*(picture(kind) for kind in kinds), picture("TIFF", compression="tiff_lzw")]


@cache
def mask_files() -> list[bytes]:
    """Write good pictures in the modes of masks."""
    return [*(picture("PNG", mode) for mode in ("L", "P", "RGBA", "1", "LA")), picture("JPEG", "L")]


def images(rng: np.random.Generator) -> object:
    """Try a picture, its EXIF data too."""
    data = spoilt(image_files()[rng.integers(len(image_files()))], rng)
    camera_from_exif(data, SHAPE[1], SHAPE[0])
    return decode_rgb(data, "x", upright=bool(rng.random() < 0.5))


def depths(rng: np.random.Generator) -> object:
    """Try a depth file."""
    return decode_depth(
        spoilt(depth_files()[rng.integers(len(depth_files()))], rng), "x", 0.001 if rng.random() < 0.5 else None
    )


def masks(rng: np.random.Generator) -> object:
    """Try a mask, or an id map."""
    value = int(rng.integers(256)) if rng.random() < 0.3 else None
    return decode_mask(spoilt(mask_files()[rng.integers(len(mask_files()))], rng), "x", value)


RLE = {"size": list(SHAPE), "counts": "0" + "o50" * 3}
RUNS = {"size": list(SHAPE), "counts": [100, 50, SHAPE[0] * SHAPE[1] - 150]}
CAMERA = {"fx": 60.0, "fy": 60.0, "cx": 32.0, "cy": 24.0, "width": 64, "height": 48}
MATRIX = [[60.0, 0.0, 32.0], [0.0, 60.0, 24.0], [0.0, 0.0, 1.0]]
THING = {"id": "1", "captions": ["mug"], "box_xyxy": [1, 2, 30, 40], "score": 0.5}


def runs(rng: np.random.Generator) -> object:
    """Try a run-length encoding."""
    return decode_rle(spoilt_value(RUNS if rng.random() < 0.5 else RLE, rng), "x", SHAPE)


def cameras(rng: np.random.Generator) -> object:
    """Try a camera."""
    choices = (CAMERA, MATRIX, [number for row in MATRIX for number in row], {"K": MATRIX}, [60, 60, 32, 24])
    return camera_of(spoilt_value(choices[rng.integers(len(choices))], rng), SHAPE, "x")


def instances(rng: np.random.Generator) -> object:
    """Try an instance."""
    polygon = [[1, 2, 30, 2, 30, 40]]
    forms = ({"rle": RUNS}, {"rle": json.dumps(RLE)}, {"segmentation": polygon}, {"mask": "x.png"})
    found, drops, _ = instances_of(Path("/nowhere"), [spoilt_value(THING | forms[rng.integers(4)], rng)], "x", SHAPE)
    if drops:
        raise Refused("instance", drops[0].reason)
    return found


KINDS: dict[str, tuple[Case, float]] = {
    # what is spoilt: how to try it, its share of the cases
    "images": (images, 0.35),
    "depth": (depths, 0.25),
    "masks": (masks, 0.1),
    "run lengths": (runs, 0.1),
    "cameras": (cameras, 0.1),
    "instances": (instances, 0.1),
}


def attempt(kind: str, cases: int, seed: int, out: Any) -> None:
    """Try so many cases of one kind, and send the counts, the faults and the peak memory in kilobytes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what OpenCV and libtiff say of damage
    counts: Counter[str] = Counter()
    faults: list[str] = []
    for case in range(cases):
        try:
            KINDS[kind][0](np.random.default_rng((seed, case)))
            counts["read"] += 1
        except Refused:
            counts["refused"] += 1
        except Exception as error:  # noqa: BLE001 (whatever else comes out is what is looked for)
            counts["fault"] += 1
            faults.append(f"case {case}: {type(error).__name__}: {str(error)[:200]}")
    out.send((counts, faults[:REAL_FAULTS], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def main() -> None:
    """Try all kinds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sound = True
    print(f"{'kind':12} {'cases':>8} {'read':>8} {'refused':>8} {'faults':>7} {'memory':>10}")
    for kind, (_, share) in KINDS.items():
        cases = round(arguments.cases * share)
        receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=attempt, args=(kind, cases, arguments.seed, sender)
        )
        process.start()
        sender.close()
        try:
            counts, faults, peak_kb = receiver.recv()
        except EOFError:
            counts, faults, peak_kb = Counter(), ["the process died"], 0
        process.join()
        row = (cases, counts["read"], counts["refused"], counts["fault"])
        print(f"{kind:12} {row[0]:8,} {row[1]:8,} {row[2]:8,} {row[3]:7,} {peak_kb / 1000:7.0f} MB", flush=True)
        print(*(f"    {fault}" for fault in faults), sep="\n" if faults else "", end="\n" if faults else "")
        sound &= not faults and peak_kb <= LARGEST_KB
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
