"""A frame as it was understood: what was read enters; one picture leaves, the image with masks, names and up beside
its depth with a scale in metres.
"""

import math

import cv2
import numpy as np
from jaxtyping import Float, UInt8

from spatialvlm.geometry import decode_mask
from spatialvlm.page import draw_objects, draw_text
from spatialvlm.records import Frame, Instance
from spatialvlm.view.found_frames import depth_in_words, up_in_words, view_in_words

HEIGHT = 540  # of the picture in pixels, without its heading
WIDEST = 960  # of the image in it
STRIP, GAP, BAR = 22, 8, 18
TICKS = 6
INK, PAPER, UNKNOWN, UP, CENTRE = (16, 18, 24), (255, 255, 255), (90, 90, 90), (255, 225, 60), (0, 230, 230)

Picture = UInt8[np.ndarray, "_ _ 3"]


def picture_of(frame: Frame, title: str) -> Picture:
    """Draw the image of a frame beside its depth, under a line of what is known of it."""
    scale = min(HEIGHT / frame.image.shape[0], WIDEST / frame.image.shape[1])
    size = (max(1, round(frame.image.shape[1] * scale)), max(1, round(frame.image.shape[0] * scale)))
    left = _image(frame, size, scale)
    depth = frame.depth_m
    if depth is not None and np.isfinite(depth).any():
        right = _depth(depth, size)
    else:
        right = _said("no depth", (size[0] // 2, size[1]))
    gap = np.full((size[1], GAP, 3), PAPER, np.uint8)
    body = np.concatenate([left, gap, right], axis=1)
    lines = (f"{title}: {frame.id}", _known(frame))
    heading = [_padded(draw_text(_ascii(line), STRIP, INK, PAPER), body.shape[1]) for line in lines]
    return np.concatenate([*heading, body])


def _known(frame: Frame) -> str:
    depth, share = depth_in_words(frame)
    known = f" known on {share}" if share else ""
    return f"depth {depth}{known}; view {view_in_words(frame)}; up {up_in_words(frame)}"


def _ascii(text: str) -> str:
    return text.replace("°", " deg").encode("ascii", "replace").decode()


def _padded(strip: Picture, width: int) -> Picture:
    room = np.full((strip.shape[0], width, 3), PAPER, np.uint8)
    cut = strip[:, :width]
    room[:, : cut.shape[1]] = cut
    return room


def _said(text: str, size: tuple[int, int]) -> Picture:
    room = np.full((size[1], size[0], 3), UNKNOWN, np.uint8)
    strip = draw_text(text, STRIP, PAPER, UNKNOWN)[:, : size[0]]
    top, left = (size[1] - strip.shape[0]) // 2, (size[0] - strip.shape[1]) // 2
    room[top : top + strip.shape[0], left : left + strip.shape[1]] = strip
    return room


def _image(frame: Frame, size: tuple[int, int], scale: float) -> Picture:
    picture = cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    instances = frame.instances or ()
    masks = [cv2.resize(_mask(one), size, interpolation=cv2.INTER_AREA) > 127 for one in instances]
    names = [one.captions[0] if one.captions else one.id for one in instances]
    picture = draw_objects(picture, masks, names)
    centre = (size[0] // 2, size[1] // 2)
    if frame.camera is not None:
        x, y = frame.camera.image_from_camera[:2, 2] * scale
        if 0 <= x < size[0] and 0 <= y < size[1]:
            centre = (round(float(x)), round(float(y)))
            _stroke(picture, [(centre[0] - 9, centre[1]), (centre[0] + 9, centre[1])], CENTRE)
            _stroke(picture, [(centre[0], centre[1] - 9), (centre[0], centre[1] + 9)], CENTRE)
    if frame.gravity_in_camera is not None:
        _up(picture, frame.gravity_in_camera, centre)
    return picture


def _mask(instance: Instance) -> UInt8[np.ndarray, "h w"]:
    return decode_mask(instance.mask).astype(np.uint8) * 255


def _up(picture: Picture, gravity: Float[np.ndarray, " 3"], start: tuple[int, int]) -> None:
    """Draw which way is up in the middle of the image, shorter where it points towards the viewer or away."""
    length = 0.3 * picture.shape[0]
    end = (start[0] - round(length * float(gravity[0])), start[1] - round(length * float(gravity[1])))
    if math.dist(start, end) < 12:
        cv2.circle(picture, start, 12, INK, 5, cv2.LINE_AA)
        cv2.circle(picture, start, 12, UP, 3, cv2.LINE_AA)
    for colour, line in ((INK, 6), (UP, 3)):
        cv2.arrowedLine(picture, start, end, colour, line, cv2.LINE_AA, tipLength=0.18)
    tag = draw_text("up", STRIP - 4, INK, UP)
    height, width = tag.shape[:2]
    top = min(max(end[1] - height - 4, 0), picture.shape[0] - height)
    left = min(max(end[0] + 8, 0), picture.shape[1] - width)
    picture[top : top + height, left : left + width] = tag


def _stroke(picture: Picture, points: list[tuple[int, int]], colour: tuple[int, int, int]) -> None:
    for shade, line in ((INK, 4), (colour, 2)):
        cv2.line(picture, points[0], points[1], shade, line, cv2.LINE_AA)


def _depth(depth_m: Float[np.ndarray, "h w"], size: tuple[int, int]) -> Picture:
    """Draw depth in colours, near ones warm, grey where it is unknown, and a scale in metres beside it.

    Colours follow the inverse of depth, so that things near by stand out before a far background.
    """
    low, high = (float(value) for value in np.nanpercentile(depth_m, (2, 98)))
    high = max(high, low * 1.001)
    small = cv2.resize(depth_m, size, interpolation=cv2.INTER_NEAREST)
    picture = _coloured((1 / small - 1 / high) / (1 / low - 1 / high))
    picture[np.isnan(small)] = UNKNOWN
    bar = _coloured(np.repeat(np.linspace(1, 0, size[1])[:, None], BAR, axis=1))
    labels = np.full((size[1], 76, 3), PAPER, np.uint8)
    for share in np.linspace(0, 1, TICKS):
        metres = 1 / (1 / low - share * (1 / low - 1 / high))
        strip = draw_text(f"{metres:.2f} m", STRIP - 4, INK, PAPER)[:, :70]
        top = round(share * (size[1] - strip.shape[0]))
        labels[top : top + strip.shape[0], : strip.shape[1]] = strip
    gap = np.full((size[1], GAP, 3), PAPER, np.uint8)
    return np.concatenate([picture, gap, bar, labels], axis=1)


def _coloured(nearness: Float[np.ndarray, "h w"]) -> Picture:
    level = np.rint(255 * np.clip(np.nan_to_num(nearness), 0, 1)).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(level, cv2.COLORMAP_TURBO), cv2.COLOR_BGR2RGB)
