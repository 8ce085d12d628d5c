"""Masks, boxes and labels onto an image: an RGB image and what was found in it -> a picture for people.

Every object gets a colour by its place in the list, a tint with a crisp outline, and a tag with its number and its
caption. Tags stay at their objects where there is room; those that have to move are tied to them by a line. Marks are
the same numbers in circles and nothing else, for pictures that a model is asked about. Any image size works.
"""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from spatialvlm.errors import ContractError
from spatialvlm.geometry import decode_mask, edge_distance
from spatialvlm.records import Rle

# sRGB, told apart from each other and from most photos; neighbours in the list are far apart in hue.
PALETTE = (
    (255, 82, 82),
    (64, 156, 255),
    (255, 193, 7),
    (46, 204, 113),
    (190, 110, 255),
    (255, 140, 40),
    (0, 200, 200),
    (255, 105, 180),
    (170, 200, 40),
    (120, 130, 255),
    (200, 140, 90),
    (0, 170, 120),
)
_TINT = 0.14  # light: captions name colours, and a tinted object should still have its own
_INK, _PAPER = (16, 18, 24), (255, 255, 255)
_SUPERSAMPLE = 4
_HIDING, _HIDING_BY_MARKS = 4.0, 0.6
"""What it costs a tag to hide all of its own object; marks are to lie on theirs, unless they would hide most of it."""

Image = UInt8[np.ndarray, "_ _ 3"]  # of any size: tags are pictures too
Tag = UInt8[np.ndarray, "_ _ _"]  # RGB, or RGB and how much of it covers what is below
Mask = Bool[np.ndarray, "_ _"]


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a tag goes: its left, top, width and height in pixels."""

    x: int
    y: int
    width: int
    height: int

    def overlap(self, other: "_Spot") -> int:
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(across, 0) * max(down, 0)


def colour(index: int) -> tuple[int, int, int]:
    """Return the colour (R, G, B) of the object at `index`; colours repeat after `len(PALETTE)`."""
    return PALETTE[index % len(PALETTE)]


def draw_objects(
    image: Image,
    masks: Sequence[Mask | Rle],
    labels: Sequence[str] | None = None,
    *,
    boxes_xyxy: Sequence[Float[np.ndarray, " 4"]] | None = None,
    numbers: bool = True,
) -> Image:
    """Mark the objects on a copy of the image. `labels` are captions, one per mask; boxes are drawn where given.

    Raises ContractError where a mask has not the image's size.
    """
    size, shapes = image.shape[:2], _shapes(image, masks)
    picture, line = _tint(image, shapes), _line_width(size)
    for index in _large_first(shapes):
        _outline(picture, shapes[index], colour(index), line)
    for index, box in enumerate(boxes_xyxy or ()):
        low, high = np.floor(box[:2]).astype(int).tolist(), (np.ceil(box[2:]) - 1).astype(int).tolist()
        cv2.rectangle(picture, low, high, _INK, line + 2, cv2.LINE_AA)
        cv2.rectangle(picture, low, high, colour(index), line, cv2.LINE_AA)
    if labels is None and not numbers:
        return picture
    tags = [
        _tag(str(index + 1) if numbers else "", labels[index] if labels else "", colour(index), size)
        for index in range(len(shapes))
    ]
    _place_all(picture, shapes, tags, line)
    return picture


def draw_marks(image: Image, masks: Sequence[Mask | Rle]) -> Image:
    """Put a numbered circle on every object, on a copy of the image; beside it, tied to it, where it would hide it.

    Numbers and colours are those of `draw_objects`. Raises ContractError where a mask has not the image's size.
    """
    size, shapes, picture = image.shape[:2], _shapes(image, masks), image.copy()
    badges = [_badge(str(index + 1), colour(index), size) for index in range(len(shapes))]
    _place_all(picture, shapes, badges, _line_width(size), hiding=_HIDING_BY_MARKS)
    return picture


def _shapes(image: Image, masks: Sequence[Mask | Rle]) -> list[Mask]:
    shapes = [decode_mask(mask) for mask in masks]
    for index, shape in enumerate(shapes):
        if shape.shape != image.shape[:2]:
            raise ContractError(f"mask {index}: got {shape.shape}, expected {image.shape[:2]}, the size of the image")
    return shapes


def _line_width(size: tuple[int, int]) -> int:
    return max(1, round(math.sqrt(size[0] * size[1]) / 300))


def _large_first(shapes: Sequence[Mask]) -> list[int]:
    return sorted(range(len(shapes)), key=lambda index: (-int(shapes[index].sum()), index))


def _tint(image: Image, shapes: Sequence[Mask]) -> Image:
    """Colour inside the masks; the smaller of two that overlap is on top."""
    picture = image.copy()
    for index in _large_first(shapes):
        where = shapes[index]
        mixed = (1 - _TINT) * image[where] + _TINT * np.array(colour(index))
        picture[where] = np.rint(mixed).astype(np.uint8)
    return picture


def _outline(picture: Image, shape: Mask, rgb: tuple[int, int, int], line: int) -> None:
    contours, _ = cv2.findContours(shape.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.polylines(picture, contours, True, _INK, line + 2, cv2.LINE_AA)
    cv2.polylines(picture, contours, True, rgb, line, cv2.LINE_AA)


def _anchor(shape: Mask) -> tuple[int, int]:
    """Find the point of a mask farthest from its edge (x, y)."""
    row, column = divmod(int(np.argmax(edge_distance(shape))), shape.shape[1])
    return column, row


def _tag(number: str, label: str, rgb: tuple[int, int, int], size: tuple[int, int]) -> Image:
    """Draw a tag as a small picture: the number on the object's colour, then the caption on dark."""
    height = round(min(max(0.032 * math.sqrt(size[0] * size[1]), 11), 60))
    parts = []
    if number:
        parts.append(draw_text(number, height, _INK, rgb))
    if plain := _plain(label):
        parts.append(_shorten(draw_text(plain, height, _PAPER, _INK), round(0.45 * size[1])))
    return np.concatenate(parts, axis=1) if parts else np.zeros((0, 0, 3), np.uint8)


def _plain(text: str) -> str:
    """Put the text into ASCII, which is all that OpenCV 4 draws; empty where that loses more than accents."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).strip()
    return bare if bare.isascii() and bare.isprintable() else ""


def _shorten(strip: Image, width: int) -> Image:
    if strip.shape[1] <= max(width, strip.shape[0]):
        return strip
    cut = strip[:, : max(width, strip.shape[0])].copy()
    fade = np.linspace(1, 0, min(strip.shape[0], cut.shape[1]))[None, :, None]
    cut[:, -fade.shape[1] :] = (cut[:, -fade.shape[1] :] * fade + np.array(_INK) * (1 - fade)).astype(np.uint8)
    return cut


def draw_text(text: str, height: int, ink: tuple[int, int, int], paper: tuple[int, int, int]) -> Image:
    """Draw one line of text on a strip of `height` pixels, large and then averaged down: legible when small."""
    tall = height * _SUPERSAMPLE
    scale, weight = tall / 40, max(1, round(tall / 26))
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    pad = round(0.32 * height)
    columns = math.ceil(width / _SUPERSAMPLE) + 2 * pad
    canvas = np.zeros((tall, columns * _SUPERSAMPLE), np.uint8)
    at = (pad * _SUPERSAMPLE, round(0.74 * tall))
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, weight, cv2.LINE_AA)
    cover = canvas.reshape(height, _SUPERSAMPLE, columns, _SUPERSAMPLE).mean((1, 3))[..., None] / 255
    return np.rint(cover * np.array(ink) + (1 - cover) * np.array(paper)).astype(np.uint8)


def _badge(number: str, rgb: tuple[int, int, int], size: tuple[int, int]) -> Tag:
    """Draw a number in a circle, with the share of every pixel that it covers as a fourth channel."""
    diameter = round(min(max(0.042 * math.sqrt(size[0] * size[1]), 17), 90))
    wide = diameter * _SUPERSAMPLE
    cover, disc, digits = np.zeros((3, wide, wide), np.uint8)
    middle = (wide // 2, wide // 2)
    cv2.circle(cover, middle, wide // 2 - 1, 255, -1)
    cv2.circle(disc, middle, round(0.43 * wide), 255, -1)
    scale = (0.74 if len(number) == 1 else 0.6) * wide / 40
    weight = max(1, round(scale * 2.4))
    (across, up), _ = cv2.getTextSize(number, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    at = (middle[0] - across // 2, middle[1] + up // 2)
    cv2.putText(digits, number, at, cv2.FONT_HERSHEY_SIMPLEX, scale, 255, weight, cv2.LINE_AA)
    inked = np.where((disc > 0)[..., None], np.array(rgb), np.array(_INK)).astype(np.float64)
    share = digits[..., None] / 255
    layers = np.concatenate([inked * (1 - share) + np.array(_INK) * share, cover[..., None]], axis=2)
    return np.rint(layers.reshape(diameter, _SUPERSAMPLE, diameter, _SUPERSAMPLE, 4).mean((1, 3))).astype(np.uint8)


def _paste(picture: Image, spot: _Spot, tag: Tag) -> None:
    room = picture[spot.y : spot.y + spot.height, spot.x : spot.x + spot.width]
    tag = tag[: room.shape[0], : room.shape[1]]
    share = tag[..., 3:] / 255 if tag.shape[2] == 4 else 1.0
    room[:] = np.rint(share * tag[..., :3] + (1 - share) * room).astype(np.uint8)


def _place_all(
    picture: Image, shapes: Sequence[Mask], tags: Sequence[Tag], line: int, *, hiding: float = _HIDING
) -> None:
    """Place all tags: small objects choose first, since they have the fewest good places."""
    placed: dict[int, _Spot] = {}
    sums = [cv2.integral(shape.astype(np.uint8)) for shape in shapes]
    for index in reversed(_large_first(shapes)):
        if shapes[index].any() and tags[index].size:
            spots = _candidates(shapes[index], tags[index].shape[:2])
            placed[index] = _best(spots, sums, index, list(placed.values()), hiding)
    for index, spot in placed.items():
        if tags[index].shape[2] == 4:  # a circle is tied from its middle, and wherever it lies off its object
            middle, reach = _Spot(spot.x + spot.width // 2, spot.y + spot.height // 2, 1, 1), 0.35 * spot.height
        else:
            middle, reach = spot, spot.height / 2
        _tie(picture, middle, reach, shapes[index], colour(index), line)
    for index, spot in placed.items():
        _paste(picture, spot, tags[index])


def _candidates(shape: Mask, size: tuple[int, int]) -> list[_Spot]:
    """List places to try, those near the anchor first: on it, just outside the object's box, then rings around it."""
    height, width = size
    rows, columns = np.flatnonzero(shape.any(1)), np.flatnonzero(shape.any(0))
    anchor = _anchor(shape)
    x, y = anchor[0] - width // 2, anchor[1] - height // 2
    gap = height // 4
    corners = [(x, y), (x, int(rows[0]) - height - gap), (x, int(rows[-1]) + 1 + gap)]
    corners += [(int(columns[-1]) + 1 + gap, y), (int(columns[0]) - width - gap, y)]
    for ring in range(1, 13):
        angles = np.arange(16) * (math.pi / 8)
        across, down = np.cos(angles) * (0.5 * width + ring * height), np.sin(angles) * ring * 1.25 * height
        corners += zip(np.rint(x + across).astype(int).tolist(), np.rint(y + down).astype(int).tolist())
    right, bottom = max(shape.shape[1] - width, 0), max(shape.shape[0] - height, 0)
    return [_Spot(min(max(x, 0), right), min(max(y, 0), bottom), width, height) for x, y in corners]


def _best(
    spots: Sequence[_Spot], sums: Sequence[np.ndarray], index: int, taken: Sequence[_Spot], hiding: float
) -> _Spot:
    """Choose the cheapest place: over no other tag, hiding little of any object, near its own (as the first spot is).

    `sums` are the integral images of the masks.
    """
    x0, y0 = np.array([spot.x for spot in spots]), np.array([spot.y for spot in spots])
    x1 = np.minimum(x0 + spots[0].width, sums[index].shape[1] - 1)
    y1 = np.minimum(y0 + spots[0].height, sums[index].shape[0] - 1)
    cost = 0.25 * np.hypot(x0 - x0[0], y0 - y0[0]) / spots[0].height
    for i, table in enumerate(sums):
        hidden = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
        cost += (hiding if i == index else 6.0) * hidden / max(1, int(table[-1, -1]))
    for other in taken:
        covered = np.array([spot.overlap(other) for spot in spots]) / (other.width * other.height)
        cost += 10 * (covered > 0) + 50 * covered
    return spots[int(np.argmin(cost))]


def _tie(picture: Image, spot: _Spot, reach: float, shape: Mask, rgb: tuple[int, int, int], line: int) -> None:
    """Draw a line from a tag to the nearest point of its object, where that is farther than `reach` pixels."""
    rows, columns = np.nonzero(shape)
    near_x = np.clip(columns, spot.x, spot.x + spot.width - 1)
    near_y = np.clip(rows, spot.y, spot.y + spot.height - 1)
    away = np.hypot(columns - near_x, rows - near_y)
    first = int(np.argmin(away))
    if away[first] <= reach:
        return
    start, end = (int(near_x[first]), int(near_y[first])), (int(columns[first]), int(rows[first]))
    cv2.line(picture, start, end, _INK, line + 2, cv2.LINE_AA)
    cv2.line(picture, start, end, rgb, line, cv2.LINE_AA)
    cv2.circle(picture, end, 2 * line + 1, _INK, -1, cv2.LINE_AA)
    cv2.circle(picture, end, line + 1, rgb, -1, cv2.LINE_AA)
