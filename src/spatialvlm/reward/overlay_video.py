"""A RewardCurve over its frames -> a video: names, the way between the two things, the distance, the reward."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt8

from spatialvlm.dataset import disk_faults
from spatialvlm.errors import UserError
from spatialvlm.page import draw_text
from spatialvlm.reward.reward_curve import RewardCurve, RewardPoint

Image = UInt8[np.ndarray, "_ _ 3"]
Boxes = Mapping[str, Sequence[float]]
SHORTER_PX, STRIP_PX = 360, 26
_INK, _PAPER, _WAY, _DONE = (16, 18, 24), (255, 255, 255), (64, 156, 255), (46, 204, 113)


def overlay(image: Image, point: RewardPoint, curve: RewardCurve, boxes: Boxes) -> Image:
    """Draw one frame, larger where it is small; `boxes` are around the things, in its pixels."""
    scale = max(1.0, SHORTER_PX / min(image.shape[:2]))
    size = (2 * round(image.shape[1] * scale / 2), 2 * round(image.shape[0] * scale / 2))
    picture = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR).copy()
    goal = curve.goals[point.stage - 1]
    colour = _DONE if point.success else _WAY
    centres = []
    for name in (goal.a, goal.b):
        if name in boxes:
            left, top, right, bottom = (round(scale * value) for value in boxes[name])
            cv2.rectangle(picture, (left, top), (right, bottom), colour, 1, cv2.LINE_AA)
            below = name == goal.b and bottom + 20 < picture.shape[0]  # what comes to it comes from above, mostly
            _write(picture, name, left, bottom + 2 if below else top - 18, 16)
            centres.append(((left + right) // 2, (top + bottom) // 2))
    if len(centres) == 2:
        cv2.line(picture, centres[0], centres[1], colour, 2, cv2.LINE_AA)
    held = "" if point.is_inference_frame else " held"
    done = "  done" if point.success else ""
    said = f"{goal}: {point.distance_m:.3f} +- {point.sigma_m:.3f} m{held}  reward {point.reward:+.3f}{done}"
    strip = np.full((STRIP_PX, size[0], 3), _PAPER, np.uint8)
    _write(strip, said, 6, 3, STRIP_PX - 6)
    return np.concatenate([picture, strip])


def write_overlay(
    path: Path,
    curve: RewardCurve,
    lines: Sequence[Mapping[str, Any]],
    read: Callable[[int], Image | None],
    fps: float,
) -> None:
    """Write the video. `read` gives the picture of a frame of the source; where it cannot, the last one stays.

    Raises UserError without PyAV, and for frames of which none can be read.
    """
    av = load_av()
    pictures = _pictures(curve, lines, read)
    first = next(pictures, None)
    if first is None:
        raise UserError(f"overlay {path}: no frame can be read")
    height, width = first.shape[:2]
    with disk_faults(path), av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in (first, *pictures):
            same = picture if picture.shape == first.shape else cv2.resize(picture, (width, height))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(same), format="rgb24")))
        container.mux(stream.encode(None))


def load_av() -> Any:
    """Load PyAV. Raises UserError where it is not installed."""
    try:
        import av
    except ImportError:
        raise UserError("an overlay is a video and needs PyAV; install it: pip install 'spatialvlm[video]'") from None
    return av


def _pictures(
    curve: RewardCurve, lines: Sequence[Mapping[str, Any]], read: Callable[[int], Image | None]
) -> Iterator[Image]:
    last: Image | None = None
    for line, point in zip(lines, curve.points):
        image = read(line["at"])
        last = last if image is None else image
        if last is not None:
            yield overlay(last, point, curve, line["found"].get("geometry", {}).get("boxes", {}))


def _write(picture: Image, text: str, x: int, y: int, height: int) -> None:
    """Write a text into a picture, as far as there is room."""
    x, y = max(x, 0), max(y, 0)
    tag = draw_text(text.encode("ascii", "replace").decode(), height, _INK, _PAPER)
    room = picture[y : y + tag.shape[0], x : x + tag.shape[1]]
    room[:] = tag[: room.shape[0], : room.shape[1]]
