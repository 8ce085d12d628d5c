"""Which part of an image each image token is: the ids of a row and the image's size enter, grids over the image leave.

Known are Idefics3 and SmolVLM (whole, or in tiles and whole), LLaVA (the middle square, or whole), PaliGemma (whole,
drawn into a square), and Qwen2-VL to Qwen3-VL (whole, by patches merged two by two). Read from transformers 5.23:
models/idefics3/image_processing_pil_idefics3.py, models/clip/image_processing_pil_clip.py,
models/siglip/image_processing_pil_siglip.py, models/qwen2_vl/image_processing_pil_qwen2_vl.py.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from spatialvlm.errors import UserError

TILED, CROPPED, MERGED = ("idefics3", "smolvlm"), ("llava",), ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")
SQUARE = ("paligemma",)
POINTING = (*TILED, *CROPPED, *SQUARE, *MERGED)
"""Model types of transformers whose image tokens have a known place."""
_TILE = re.compile(r"<row_(\d+)_col_(\d+)>")


@dataclass(frozen=True, slots=True)
class Grid:
    """Image tokens in reading order: `rows` by `columns` cells over a box of the image, x0 y0 x1 y1 in shares of it."""

    box: tuple[float, float, float, float]
    rows: int
    columns: int


WHOLE = (0.0, 0.0, 1.0, 1.0)


def check_pointing(family: str) -> None:
    """Raise UserError for a model type whose image tokens have no known place."""
    if family not in POINTING:
        raise UserError(
            f"evidence: where the image tokens of {family!r} are in the image is not known; expected one of "
            f"{', '.join(POINTING)}; train without --evidence"
        )


def grids_of(
    family: str, tokens: Sequence[str], count: int, size: tuple[int, int], processor: Any, pixels: Mapping[str, Any]
) -> tuple[Grid, ...]:
    """Lay out the `count` image tokens of one image of `size` (width, height) pixels.

    `tokens` are those of its row as text, `pixels` what the processor made. Raises UserError for an unknown family, or
    where the grid has another number of cells.
    """
    check_pointing(family)
    if family in TILED:
        grids = _tiles(tokens, int(processor.image_seq_len))
    elif family in CROPPED:
        side = math.isqrt(count)
        grids = (Grid(_cropped(processor.image_processor, size), side, side),)
    elif family in SQUARE:
        side = math.isqrt(count)
        grids = (Grid(WHOLE, side, side),)
    else:
        merged = int(processor.image_processor.merge_size)
        _, rows, columns = (int(number) for number in pixels["image_grid_thw"][0])
        grids = (Grid(WHOLE, rows // merged, columns // merged),)
    cells = sum(grid.rows * grid.columns for grid in grids)
    if cells != count:
        raise UserError(f"evidence: {family} has {count} image tokens where a grid of {cells} was expected")
    return grids


def _tiles(tokens: Sequence[str], cells: int) -> tuple[Grid, ...]:
    """Lay out the tiles of Idefics3 in their order, then the whole image."""
    side = math.isqrt(cells)
    places = [(int(found[1]) - 1, int(found[2]) - 1) for token in tokens if (found := _TILE.fullmatch(token))]
    rows = 1 + max((row for row, _ in places), default=0)
    columns = 1 + max((column for _, column in places), default=0)
    boxes = [(c / columns, r / rows, (c + 1) / columns, (r + 1) / rows) for r, c in places]
    return tuple(Grid(box, side, side) for box in (*boxes, WHOLE))


def _cropped(processor: Any, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Find what a CLIP processor leaves of an image: all that is inside its crop, in shares of the image."""
    width, height = size
    wanted, crop = processor.size, processor.crop_size
    shortest = wanted.get("shortest_edge")
    if not processor.do_center_crop or not shortest or crop is None:
        return WHOLE
    scale = shortest / min(width, height)
    across, down = crop["width"] / (scale * width), crop["height"] / (scale * height)
    return (0.5 - across / 2, 0.5 - down / 2, 0.5 + across / 2, 0.5 + down / 2)


def mask_weights(mask: Bool[np.ndarray, "h w"], grids: Sequence[Grid]) -> Float32[np.ndarray, " n"]:
    """Share a mask out among image tokens by the area that each covers; adds up to 1, or is 0 where none sees it."""
    height, width = mask.shape
    summed = np.zeros((height + 1, width + 1))
    summed[1:, 1:] = mask.cumsum(0, dtype=np.float64).cumsum(1)
    shares = []
    for grid in grids:
        x0, y0, x1, y1 = grid.box
        ys = np.clip(np.linspace(y0, y1, grid.rows + 1) * height, 0, height)
        xs = np.clip(np.linspace(x0, x1, grid.columns + 1) * width, 0, width)
        corners = _between(_between(summed, ys).T, xs).T
        shares.append(np.diff(np.diff(corners, axis=0), axis=1).ravel())
    area = np.maximum(np.concatenate(shares), 0.0)
    total = area.sum()
    return (area / total if total > 0 else area).astype(np.float32)


def _between(rows: Float64[np.ndarray, "n m"], at: Float64[np.ndarray, " k"]) -> Float64[np.ndarray, "k m"]:
    """Interpolate rows at places between them; exact of sums over areas."""
    low = np.minimum(at.astype(np.int64), len(rows) - 2)
    part = (at - low)[:, None]
    return rows[low] * (1 - part) + rows[low + 1] * part


def merged_positions(
    ids: Int64[np.ndarray, " p"], image_id: int, grids_thw: Sequence[tuple[int, int, int]], merged: int
) -> Int64[np.ndarray, "3 p"]:
    """Place the tokens of a prefix as Qwen-VL does, in time, down and across; an image takes its longer side.

    `get_rope_index` of models/qwen2_vl/modeling_qwen2_vl.py in transformers 5.23.
    """
    position = np.zeros((3, len(ids)), np.int64)
    images, place, following = list(grids_thw), 0, 0
    while place < len(ids):
        if ids[place] != image_id:
            position[:, place] = following
            place, following = place + 1, following + 1
            continue
        _, rows, columns = images.pop(0)
        rows, columns = rows // merged, columns // merged
        span = slice(place, place + rows * columns)
        position[0, span] = following
        position[1, span] = following + np.repeat(np.arange(rows), columns)
        position[2, span] = following + np.tile(np.arange(columns), rows)
        place, following = span.stop, following + max(rows, columns)
    return position
