"""Masks: as arrays and as COCO run lengths, the box around one, and one without its specks."""

import warnings
from collections.abc import Sequence
from typing import Any, cast

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8
from pycocotools import mask as coco

from spatialvlm.records import Rle

Image = UInt8[np.ndarray, "h w 3"]
Mask = Bool[np.ndarray, "h w"]
BoxXyxy = Float32[np.ndarray, " 4"]
Polygon = tuple[tuple[float, float], ...]

LEAST_HOLE = 12.0  # pixels; in smaller holes nobody points
WHOLE_SPAN = 0.8  # of a mask's own box and a given one; at 0.7 objects without their feet come through
GRID, FINEST_GRID = 250, 4000
"""Cells across and down in which the deepest point of a polygon is looked for; finer ones where it is thin."""
THIN = 2.0


def encode_mask(mask: Mask | Rle) -> Rle:
    """Give a mask as run lengths; an Rle is returned as it is."""
    if isinstance(mask, Rle):
        return mask
    by_column = np.asarray(cv2.transpose(mask.view(np.uint8)), np.uint8)  # ten times as fast as numpy
    rle = cast(dict[str, Any], coco.encode(by_column.T))
    return Rle(mask.shape[0], mask.shape[1], rle["counts"])


def decode_mask(mask: Mask | Rle) -> Mask:
    """Give a mask as an array; an array is returned as it is."""
    if not isinstance(mask, Rle):
        return mask
    with warnings.catch_warnings():
        # pycocotools up to 2.0.11 builds the array in a way that numpy 2 finds old
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(np.ndarray, coco.decode(_coded(mask))).astype(bool)


def _coded(mask: Rle) -> Any:
    return {"size": [mask.height, mask.width], "counts": mask.counts}


def squares_within(masks: Sequence[Mask | Rle], pixels: Int[np.ndarray, "n 2"], reach: int) -> Bool[np.ndarray, " n"]:
    """Tell of each mask of an image whether the square about a pixel (column, row) lies in it as a whole.

    `reach` is how far the square goes from its pixel, across and down. Run lengths are not decoded for that.
    """
    found = np.zeros(len(masks), bool)
    coded: list[int] = []
    height = width = 0
    for place, (mask, (column, row)) in enumerate(zip(masks, pixels.tolist(), strict=True)):
        height, width = (mask.height, mask.width) if isinstance(mask, Rle) else mask.shape
        if not (reach <= column < width - reach and reach <= row < height - reach):
            continue
        if isinstance(mask, Rle):
            coded.append(place)
        else:
            found[place] = mask[row - reach : row + reach + 1, column - reach : column + reach + 1].all()
    if coded:
        side = 2 * reach + 1
        boxes = np.full((len(coded), 4), side, np.float64)
        boxes[:, :2] = pixels[coded] - reach
        rles: list[Any] = [{"size": [height, width], "counts": cast(Rle, masks[place]).counts} for place in coded]
        squares: Any = coco.frPyObjects(cast(Any, boxes), height, width)
        found[coded] = np.diagonal(coco.iou(squares, rles, [1] * len(coded))) == 1.0
    return found


def mask_share(mask: Mask | Rle) -> float:
    """Find which share of the pixels of its image a mask has. Run lengths are not decoded for that."""
    if isinstance(mask, Rle):
        return int(coco.area(_coded(mask))) / (mask.height * mask.width)
    return int(np.count_nonzero(mask)) / mask.size


def tight_box(mask: Mask | Rle) -> BoxXyxy:
    """Find the smallest box around a mask, xyxy; zeros around an empty one. Run lengths are not decoded for that."""
    found = coco.toBbox(_coded(mask)).tolist() if isinstance(mask, Rle) else cv2.boundingRect(mask.view(np.uint8))
    left, top, width, height = found
    return np.array([left, top, left + width, top + height], np.float32)


def spans(mask: Mask | Rle, box_xyxy: BoxXyxy, share: float = WHOLE_SPAN) -> bool:
    """Tell whether a mask reaches about all four sides of a box, by the intersection over union of its own box."""
    tight, box = tight_box(mask).astype(np.float64), box_xyxy.astype(np.float64)
    shared = np.maximum(np.minimum(tight[2:], box[2:]) - np.maximum(tight[:2], box[:2]), 0.0).prod()
    union = (tight[2:] - tight[:2]).prod() + (box[2:] - box[:2]).prod() - shared
    return bool(shared >= share * union > 0)


def edge_distance(mask: Mask) -> Float32[np.ndarray, "h w"]:
    """Give every pixel of a mask its distance from the nearest one outside, in pixels; 0 outside it.

    What lies beyond the array is outside too.
    """
    padded = cv2.copyMakeBorder(mask.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


def outline(mask: Mask | Rle) -> Polygon:
    """Give the outline of the largest part of a mask: corners (x, y) as shares of the width and height of its image.

    Holes are in it, each reached by an edge there and back. Corners are left out where that moves no edge by more than
    a two-hundredth of the mask's size. Of a mask without an inside it is the box around it.
    """
    left, top, right, bottom = map(int, tight_box(mask).tolist())
    whole = decode_mask(mask)
    window = np.ascontiguousarray(whole[top:bottom, left:right]).view(np.uint8)
    rings, nested = (), np.empty((1, 0, 4))
    if window.size:
        rings, nested = cv2.findContours(window, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(left, top))
    areas = [cv2.contourArea(ring) for ring in rings]
    parts = [place for place in range(len(rings)) if nested[0][place][3] < 0 and areas[place] > 0]
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    if parts:
        part = max(parts, key=areas.__getitem__)
        holes = [hole for hole in range(len(rings)) if nested[0][hole][3] == part and areas[hole] > LEAST_HOLE]
        coarse = max(0.5, max(right - left, bottom - top) / 200)
        simple = [cv2.approxPolyDP(rings[ring], coarse, True).reshape(-1, 2) + 0.5 for ring in (part, *holes)]
        corners = np.concatenate([point for ring in simple for point in (ring, ring[:1])])
    shares = corners / np.array(whole.shape[::-1], np.float64)
    return tuple((float(x), float(y)) for x, y in shares.round(4).tolist())


def deepest_point(polygon: Polygon, grid: int = GRID) -> tuple[float, float]:
    """Find the point of a polygon that is farthest from its edge, with the fewest digits that keep it inside."""
    corners = np.rint(np.array(polygon) * grid).astype(np.int32)
    left, top = corners.min(axis=0).tolist()
    right, bottom = np.minimum(corners.max(axis=0) + 1, grid).tolist()
    inside = cv2.fillPoly(np.zeros((bottom - top, right - left), np.uint8), [corners - (left, top)], 1)
    depth = edge_distance(inside.astype(bool))
    deepest = float(depth.max())
    if deepest < THIN and grid < FINEST_GRID:
        return deepest_point(polygon, 4 * grid)
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    x, y = (left + column + 0.5) / grid, (top + row + 0.5) / grid
    for digits in (2, 3):
        rough = round(x, digits), round(y, digits)
        across, down = int(rough[0] * grid) - left, int(rough[1] * grid) - top
        if 0 <= down < bottom - top and 0 <= across < right - left and depth[down, across] > 0.5 * deepest:
            return rough
    return round(x, 4), round(y, 4)


def without_specks(mask: Mask, share: float = 0.1, connectivity: int = 8) -> Mask:
    """Keep the largest connected component of a mask, and those of at least this share of its pixels.

    There may be several, since an object seen behind a table leg has two.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=connectivity)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    return (areas >= share * max(1, int(areas.max())))[labels.astype(np.intp)]
