"""pairs: pictures with depth maps beside them, as many programs write them -> Frames with depth, and camera if stated.

Two folders, one called as colour is and one as depth is (rgb and depth, color and aligned_depth, ...), or files of one
folder that differ in these words (000001-color.png and 000001-depth.png). Two files belong together whose names are the
same without the words, else whose times are. Depth maps are arrays, EXR or 16-bit grey PNG; depth_scale of camera.json
has the metres of one unit, else they are millimetres. The camera stands in camera.json, camera_info.yaml, cam_K.txt
and the like, for all pictures of a folder, else in the EXIF data. A 16-bit value of 65535 is unknown, as in 7-Scenes.
"""

import re
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.depth_files import DEFAULT_DEPTH_SCALE, decode_depth
from spatialvlm.pipeline.collect.layouts.camera_files import camera_beside, depth_scale_beside
from spatialvlm.pipeline.collect.layouts.folder_files import (
    PICTURES,
    files_in,
    folders_in,
    joined,
    places,
    said_of,
    some_files,
)
from spatialvlm.pipeline.collect.layouts.frame_list import FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.time_stamps import associated

LEVELS = 2
APART_S = 0.02
MOST_16_BIT = 65535
COLOUR = frozenset(("rgb", "color", "colour", "colors", "colours", "image", "images", "img", "imgs", "picture"))
DEPTH = frozenset(("depth", "depths", "depthmap", "depthmaps"))
BESIDE = frozenset(  # what names of depth maps and pictures say besides
    ("aligned", "to", "raw", "rect", "sync", "registered", "map", "maps", "mm", "m", "png", "arkit", "lidar", "sensor")
)
MASKS = frozenset(("mask", "masks", "label", "labels", "seg", "segmentation", "instance", "instances", "confidence"))
ARRAYS = (".npy", ".npz", ".exr", ".pfm", ".pgm", ".tif", ".tiff")
DEPTH_ENDINGS = (".png", *ARRAYS)
GREY_16_BIT = b"\x10\x00"
"""The bytes of a PNG's header that state 16 bits and grey."""

Pair = tuple[str, str]


class PictureDepthPairs(FrameList):
    """All pairs of a folder, or of the folders in it."""

    option, title = "pairs", "pictures with depth maps beside them"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for a picture with a depth map: for their names, and for the header of one depth map."""
        found = next(places(path, _sides, LEVELS, at_most=4), None)
        return None if found is None else " and ".join(joined(found, side) for side in _sides(path / found) or ())

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "PictureDepthPairs":
        """Open a folder. Raises UserError where the file of a camera holds none."""
        folder = Path(source)
        frames: list[ListedFrame] = []
        bare = unscaled = 0
        for place in places(folder, _sides, LEVELS):
            sides = _sides(folder / place) or ("", "")
            pictures, depths = _listed(folder, place, sides)
            pairs = paired(pictures, depths)
            around = [folder / place / sides[0], folder / place, folder]
            scale = next(filter(None, map(depth_scale_beside, around)), None)
            camera = next(filter(None, map(camera_beside, around)), None)
            for picture, depth in pairs:
                decode = partial(_decoded, scale=scale)
                frames.append(
                    ListedFrame(
                        joined(place, picture), pictures[picture], depths[depth], scale, camera, depth_of=decode
                    )
                )
            bare += len(pictures) - len(pairs)
            if scale is None:
                unscaled += sum("mm" not in words_of(depth) for _, depth in pairs)
        remarks = said_of(bare, bare + len(frames), "pictures have no depth map of their name and are left out")
        if unscaled and any(not (frame.depth or "").endswith(ARRAYS) for frame in frames):
            remarks.append(f"depth is taken for millimetres: else put {_SAY_SCALE}")
        if any(frame.calibration is None for frame in frames):
            remarks.append(f"no file states the camera, without which nothing can be measured: put {_SAY_CAMERA}")
        return cls(folder, frames, remarks)


_SAY_SCALE = '{"depth_scale": metres of one unit} into camera.json'
_SAY_CAMERA = 'a camera.json {"fx", "fy", "cx", "cy", "width", "height"} beside the pictures'


def words_of(name: str) -> list[str]:
    """Take a name apart into small words and numbers."""
    return re.findall(r"[a-z]+|[0-9]+(?:\.[0-9]+)?", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())


def is_depth_map(path: Path) -> bool:
    """Tell by name and header whether a file may hold depth: an array, or a 16-bit grey picture."""
    ending = path.suffix.lower()
    if ending != ".png":
        return ending in ARRAYS
    try:
        with path.open("rb") as file:
            header = file.read(26)
    except OSError:
        return False
    return header[12:16] == b"IHDR" and header[24:26] == GREY_16_BIT


def paired(pictures: dict[str, str], depths: dict[str, str]) -> list[Pair]:
    """Pair names of pictures with names of depth maps, in the order of the pictures.

    By what is left of them without the words for colour and depth; else by their times, where all have one; else, where
    there is one of each, these two.
    """
    by_key = {_key(name): name for name in reversed(depths)}
    pairs = [(name, by_key[key]) for name in pictures if (key := _key(name)) in by_key]
    if pairs or not (pictures and depths):
        return pairs
    if len(pictures) == len(depths) == 1:
        return [(next(iter(pictures)), next(iter(depths)))]
    times = [[_time(name) for name in names] for names in (pictures, depths)]
    if None in times[0] or None in times[1]:
        return []
    shown, known = list(pictures), list(depths)
    both = associated(np.array(times[0], float), np.array(times[1], float), APART_S)
    return [(shown[one], known[other]) for one, other in both.tolist()]


def _key(name: str) -> tuple[str, ...]:
    return tuple(word for word in words_of(name) if word not in COLOUR | DEPTH | BESIDE)


def _time(name: str) -> float | None:
    try:
        return float(name)
    except ValueError:
        return None


def _sides(place: Path) -> Pair | None:
    """Find the folders of pictures and of depth maps in a folder; both are the folder itself ("") where it mixes them.

    None where there is no picture with a depth map.
    """
    if not place.is_dir():
        return None
    folders = folders_in(place, 2000)
    colours = [name for name in folders if COLOUR & set(words_of(name)) and not (DEPTH | MASKS) & set(words_of(name))]
    depths = [name for name in folders if DEPTH & set(words_of(name))]
    for depth in sorted(depths, key=lambda name: ("aligned" not in name, len(name))):
        maps = [name for name in some_files(place / depth) if is_depth_map(place / depth / name)]
        colour = next((name for name in colours if any(map(_is_picture, some_files(place / name)))), None)
        if maps and colour is not None:
            return colour, depth
    names = some_files(place)
    maps = [name for name in names if DEPTH & set(words_of(name)) and is_depth_map(place / name)]
    return ("", "") if maps and any(map(_is_colour, names)) else None


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES)


def _is_colour(name: str) -> bool:
    return _is_picture(name) and not (DEPTH | MASKS) & set(words_of(name.rpartition(".")[0]))


def _listed(folder: Path, place: str, sides: Pair) -> tuple[dict[str, str], dict[str, str]]:
    """List pictures and depth maps. Of one folder a depth map says so, and pictures too if any picture does."""
    pictures = files_in(folder, joined(place, sides[0]))
    depths = files_in(folder, joined(place, sides[1]), DEPTH_ENDINGS)
    if sides == ("", ""):
        pictures = {name: path for name, path in pictures.items() if _is_colour(f"{name}.png")}
        depths = {name: path for name, path in depths.items() if DEPTH & set(words_of(name))}
        if named := {name: path for name, path in pictures.items() if COLOUR & set(words_of(name))}:
            pictures = named
    return pictures, depths


def _decoded(data: bytes, name: str, shape: tuple[int, int], scale: float | None) -> Float32[np.ndarray, "h w"]:
    """Decode a depth map; of one of 16 bits the greatest value is unknown."""
    depth_m = decode_depth(data, name, scale)
    if data.startswith(b"\x89PNG"):
        depth_m[depth_m >= np.float32(MOST_16_BIT) * np.float32(scale or DEFAULT_DEPTH_SCALE)] = np.nan
    return depth_m
