"""What an answer rests on -> a picture: the things that were measured, named, and lines where lengths were taken."""

import itertools
import math
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from spatialvlm.geometry import invert, project, transform
from spatialvlm.page import draw_objects, draw_text
from spatialvlm.reason.telling import answer_in_words
from spatialvlm.reason.trace import EndStep
from spatialvlm.records import Frame, Object, Scene

STRIP_PX, TAG_PX = 22, 18
INK, PAPER, LINE = (16, 18, 24), (255, 255, 255), (255, 225, 60)

Picture = UInt8[np.ndarray, "_ _ 3"]
Taken = Bool[np.ndarray, "_ _"]


def draw_evidence(frame: Frame, scene: Scene | None, question: str, end: EndStep) -> Picture:
    """Draw over the image what the answer rests on: its things with their names, a line where two are apart.

    Lengths of one thing stand beside its name. The question and the answer are above.
    """
    facts = [line for line in end.evidence if "evidence" in line]
    drawn = frame.image if scene is None else _drawn(frame.image, scene, facts)
    width = drawn.shape[1]
    said = [*_wrapped(question, width), *_wrapped(f"{end.reason}: {answer_in_words(end)}", width)]
    return np.concatenate([*(_strip(line, width) for line in said), drawn])


def _drawn(image: Picture, scene: Scene, facts: Sequence[Mapping[str, Any]]) -> Picture:
    own: dict[str, list[str]] = {}
    for line in facts:
        ids = line["evidence"]["objects"]
        for id_ in ids:
            own.setdefault(id_, [])
        if len(ids) == 1:
            own[ids[0]].append(f"{_kind(line)} {_length(line)}")
    things = [thing for thing in scene.objects if thing.instance.id in own]
    labels = [", ".join([_name(thing), *own[thing.instance.id]]) for thing in things]
    masks = [thing.instance.mask for thing in things]
    picture = draw_objects(image, masks, labels, numbers=False)
    taken = (picture != draw_objects(image, masks, numbers=False)).any(-1)
    names, segments = picture[taken], [*_segments(scene, facts)]
    for _, (start, end) in segments:
        _stroke(picture, start, end)
    picture[taken] = names  # no line runs through a name
    for line, (start, end) in segments:
        _tag(picture, _length(line), start, end, taken)
    return picture


def _segments(scene: Scene, facts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """Find the lines between the centres of two things, in pixels, where a length was taken and both are in view."""
    things = {thing.instance.id: thing for thing in scene.objects}
    for line in facts:
        pair = [things[id_] for id_ in line["evidence"]["objects"] if id_ in things]
        if len(pair) != 2 or line.get("unit") != "m":
            continue
        centres = np.array([(thing.box.low_in_world + thing.box.high_in_world) / 2 for thing in pair])
        seen = project(scene.camera.image_from_camera, transform(invert(scene.world_from_camera), centres))
        if np.isfinite(seen).all() and np.abs(seen).max() < 1e5:
            yield line, [tuple(np.rint(one).astype(int).tolist()) for one in seen]


def _stroke(picture: Picture, start: tuple[int, int], end: tuple[int, int]) -> None:
    for shade, width in ((INK, 5), (LINE, 2)):
        cv2.line(picture, start, end, shade, width, cv2.LINE_AA)
    for point in (start, end):
        cv2.circle(picture, point, 5, INK, -1, cv2.LINE_AA)
        cv2.circle(picture, point, 3, LINE, -1, cv2.LINE_AA)


def _tag(picture: Picture, text: str, start: tuple[int, int], end: tuple[int, int], taken: Taken) -> None:
    """Put a length beside the middle of its line, where the fewest pixels are taken by names and other lengths."""
    tag = draw_text(text, TAG_PX, INK, LINE)[: picture.shape[0], : picture.shape[1]]
    height, width = tag.shape[:2]
    spots = []
    for along, aside in itertools.product((0.5, 0.35, 0.65, 0.2, 0.8), (0.0, -1.2, 1.2, -2.4, 2.4)):
        x, y = (start[axis] + along * (end[axis] - start[axis]) for axis in (0, 1))
        top = min(max(round(y + (aside - 0.5) * height), 0), picture.shape[0] - height)
        left = min(max(round(x - width / 2), 0), picture.shape[1] - width)
        spots.append((int(taken[top : top + height, left : left + width].sum()), len(spots), top, left))
    _, _, top, left = min(spots)
    picture[top : top + height, left : left + width] = tag
    taken[top : top + height, left : left + width] = True


def _length(line: Mapping[str, Any]) -> str:
    """Write a value and its error, as exactly as the error allows, in ASCII, which is all that is drawn."""
    value, sigma = line.get("value"), line.get("sigma") or 0.0
    if value is None or line.get("unit") != "m":
        return _ascii(str(line.get("text", "")))
    size, unit = (100, "cm") if value < 1 else (1, "m")
    digits = min(max(-math.floor(math.log10(sigma * size)), 0), 3) if sigma else 2
    return f"{value * size:.{digits}f} +- {sigma * size:.{digits}f} {unit}"


def _kind(line: Mapping[str, Any]) -> str:
    return str(line["evidence"]["kind"]).replace("_", " ")


def _name(thing: Object) -> str:
    return thing.instance.captions[0] if thing.instance.captions else thing.instance.id


def _ascii(text: str) -> str:
    return text.replace("±", "+-").replace("°", " deg").encode("ascii", "replace").decode()


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(_ascii(text), max(20, 2 * width // STRIP_PX), max_lines=3) or [""]


def _strip(text: str, width: int) -> Picture:
    drawn = draw_text(text, STRIP_PX, INK, PAPER)[:, :width]
    strip = np.full((STRIP_PX, width, 3), PAPER, np.uint8)
    strip[:, : drawn.shape[1]] = drawn
    return strip
