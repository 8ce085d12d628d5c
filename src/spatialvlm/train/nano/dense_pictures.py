"""Pictures with what is true of each patch: views of rooms or robot tables enter, arrays leave, and are read again.

A folder holds parts, each two files: `pictures-00000.npy`, bytes (n, h, w, 3), and `patches-00000.npz`:
depth (n, g, g), log of metres, NaN where unknown; thing (n, g, g), a place in the tables of the part, -1 for none;
words, width and height (log of metres) of each thing. A drawing that was stopped goes on with the next part.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, Int32, UInt8

from spatialvlm.errors import UserError
from spatialvlm.geometry import decode_mask
from spatialvlm.pipeline.collect import open_tabletops, open_views
from spatialvlm.worlds import Truth

GRID = 16
"""Patches along each side of a picture, however wide it is."""
PART = 300
SIZE = (256, 192)
Drawn = Literal["views", "tabletops"]
_PLACE = " on "
NO_SIZES = frozenset(["tall", "short", "large", "small", "big", "little"])


@dataclass(frozen=True, slots=True, eq=False)
class DensePictures:
    """Some pictures with what is true of their patches, see the module; `thing` counts through all of them."""

    pictures: Sequence[UInt8[np.ndarray, "n h w 3"]]
    depth: Float32[np.ndarray, "n g g"]
    thing: Int32[np.ndarray, "n g g"]
    words: tuple[str, ...]
    width: Float32[np.ndarray, " t"]
    height: Float32[np.ndarray, " t"]

    def __len__(self) -> int:
        return len(self.depth)

    def picture(self, place: int) -> UInt8[np.ndarray, "h w 3"]:
        """Return one picture."""
        ends = np.cumsum([len(part) for part in self.pictures])
        part = int(np.searchsorted(ends, place, "right"))
        return self.pictures[part][place - int(ends[part])]  # counted from the end of its part


def draw_pictures(count: int, folder: Path, seed: int, size: tuple[int, int] = SIZE, source: Drawn = "views") -> None:
    """Draw so many views of a source into a folder, or go on with it; `size` is width and height in pixels.

    Raises UserError where the folder holds other ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"seed": seed, "size": list(size), "grid": GRID, "part": PART, "source": source}
    told = folder / "pictures.json"
    # Folders from before there were others say no source: they hold views of rooms.
    if told.exists() and {"source": "views", **json.loads(told.read_text())} != settings:
        raise UserError(f"{folder}: holds pictures of other settings, {told.read_text()}; give another folder")
    told.write_text(json.dumps(settings))
    opened = {"views": open_views, "tabletops": open_tabletops}[source](count, seed=seed, size=size)
    for part, first in enumerate(range(0, count, PART)):
        last = min(first + PART, count)
        done = folder / f"patches-{part:05d}.npz"
        if not done.exists() or len(np.load(done)["depth"]) < last - first:
            _write(folder, part, [opened.shown(index) for index in range(first, last)])


def _write(folder: Path, part: int, truths: list[Truth]) -> None:
    np.save(folder / f"pictures-{part:05d}.npy", np.stack([truth.frame.image for truth in truths]))
    depth, thing, words, sizes = [], [], [], []
    for truth in truths:
        instances = truth.frame.instances or ()
        owner = np.full(truth.frame.image.shape[:2], -1, np.int16)
        for place, instance in enumerate(instances):
            owner[decode_mask(instance.mask)] = place
            low, high = truth.boxes[instance.id]
            words.append(words_of(instance.captions))
            sizes.append(np.log(np.maximum((high - low)[[0, 2]], 1e-3)))
        there = most_of(owner)
        thing.append(np.where(there >= 0, there + len(words) - len(instances), -1))
        depth.append(patch_depth(truth.frame.depth_m))
    # The second file is what says that a part is whole.
    temporary = folder / f"new-{part:05d}.npz"
    lengths = np.array(sizes, np.float32).reshape(-1, 2)
    np.savez_compressed(
        temporary,
        depth=np.array(depth, np.float32),
        thing=np.array(thing, np.int32),
        words=np.array(words),
        width=lengths[:, 0],
        height=lengths[:, 1],
    )
    os.replace(temporary, folder / f"patches-{part:05d}.npz")


def read_pictures(*folders: Path) -> DensePictures:
    """Read folders that `draw_pictures` wrote; pictures stay on disk. Raises UserError where one holds none."""
    whole: list[Path] = []
    for folder in folders:
        found = sorted(folder.glob("patches-*.npz"))
        if not found:
            raise UserError(f"pictures {str(folder)!r}: holds none; draw some first")
        whole += found
    parts = [np.load(path) for path in whole]
    starts = np.cumsum([0, *(len(part["words"]) for part in parts)])
    return DensePictures(
        [np.load(_beside(path), mmap_mode="r") for path in whole],
        np.concatenate([part["depth"] for part in parts]),
        np.concatenate([np.where(p["thing"] < 0, -1, p["thing"] + start) for p, start in zip(parts, starts)]),
        tuple(str(words) for part in parts for words in part["words"]),
        np.concatenate([part["width"] for part in parts]),
        np.concatenate([part["height"] for part in parts]),
    )


def _beside(patches: Path) -> Path:
    return patches.with_name(patches.name.replace("patches", "pictures")).with_suffix(".npy")


def words_of(captions: Sequence[str]) -> str:
    """Join the words that captions say of a thing, the noun last; neither what it stands on nor how large it is."""
    heads = [caption.split(_PLACE)[0].split() for caption in captions]
    noun = heads[0][-1]
    others = dict.fromkeys(word for head in heads for word in head if word != noun and word not in NO_SIZES)
    return " ".join([*others, noun])


def patch_depth(depth_m: Float32[np.ndarray, "h w"] | None) -> Float32[np.ndarray, "g g"]:
    """Take the mean of log depth over each patch; NaN where most of it is unknown."""
    if depth_m is None:
        return np.full((GRID, GRID), np.nan, np.float32)
    known = np.isfinite(depth_m) & (depth_m > 0)
    logs = np.log(np.where(known, depth_m, 1.0)).astype(np.float32)
    share = cv2.resize(known.astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
    mean = cv2.resize(logs * known, (GRID, GRID), interpolation=cv2.INTER_AREA)
    return np.where(share > 0.5, mean / np.maximum(share, 1e-6), np.nan).astype(np.float32)


def most_of(owner: np.ndarray) -> Int32[np.ndarray, "g g"]:
    """Find the owner of most pixels of each patch, -1 where nobody owns most of it."""
    best = np.full((GRID, GRID), -1, np.int32)
    most = cv2.resize((owner < 0).astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
    for place in range(int(owner.max(initial=-1)) + 1):
        share = cv2.resize((owner == place).astype(np.float32), (GRID, GRID), interpolation=cv2.INTER_AREA)
        best = np.where(share > most, place, best)
        most = np.maximum(most, share)
    return best
