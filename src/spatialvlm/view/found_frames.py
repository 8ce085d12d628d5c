"""What a source was taken for: a source enters; a line on the whole, and one on each of a few frames, leave.

What a person looks at to see that it was understood: sizes, depth in metres, fields of view, up, names.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource, open_source, reads_files
from spatialvlm.records import Drop, Frame

LOOKED_AT, DRAWN = 8, 2  # frames; drawing one takes seconds
NAMES = 4
HEADINGS = ("frame", "pixels", "depth", "field of view", "up", "things")
WIDTHS = {"frame": 13, "pixels": 9, "field of view": 13, "up": 16, "things": 16}
STEEP_RAD = math.radians(80)  # there nobody can tell how a camera is rolled


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A source, the frames that were looked at, and what was dropped of them."""

    source: FrameSource
    frames: tuple[Frame, ...]
    drops: tuple[Drop, ...]
    looked_at: int

    @property
    def recipe(self) -> str:
        """The name of the recipe that suits the source."""
        return "given" if self.source.measured_depth else "photos"


def look(source: str, config: CollectConfig | None = None, limit: int = LOOKED_AT) -> Found:
    """Open a source and read some of its frames, evenly spread. Raises UserError as `open_source` does."""
    opened = open_source(source, config)
    most = min(limit, len(opened)) if reads_files(opened) else min(DRAWN, limit, len(opened))
    places = np.unique(np.linspace(0, len(opened) - 1, most).round().astype(int)).tolist()
    samples = [opened.read(place) for place in places]
    frames = tuple(sample.frame for sample in samples if sample.frame is not None)
    return Found(opened, frames, tuple(drop for sample in samples for drop in sample.drops), len(samples))


def print_found(console: Console, found: Found) -> None:
    """Print what was found. Raises UserError where no frame could be read, with the first reason."""
    source = found.source
    frames = "1 frame" if len(source) == 1 else f"{len(source)} frames"
    console.print(f"{source.name}: {source.layout}, {frames}", highlight=False, markup=False, soft_wrap=True)
    for remark in source.remarks:
        console.print(f"  {remark}", highlight=False, markup=False, soft_wrap=True)
    if not found.frames:
        why = f": {found.drops[0].reason}" if found.drops else ""
        raise UserError(
            f"source {source.name!r}: none of {found.looked_at} frames that were looked at can be read{why}"
        )
    rows = [_cells(frame) for frame in found.frames]
    same = [len(set(cells)) == 1 and heading != "frame" for heading, cells in zip(HEADINGS, zip(*rows, strict=True))]
    for heading, cell, once in zip(HEADINGS, rows[0], same, strict=True):
        if once:
            console.print(f"{heading}: {cell}", highlight=False, markup=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading, once in zip(HEADINGS, same, strict=True):
        if not once:
            table.add_column(heading, overflow="fold", min_width=WIDTHS.get(heading))
    for row in rows:
        table.add_row(*(escape(cell) for cell, once in zip(row, same, strict=True) if not once))
    console.print(table)
    for drop in found.drops:
        console.print(f"dropped {drop.id}: {drop.reason}", highlight=False, markup=False, soft_wrap=True)
    console.print(_next(found), highlight=False, markup=False, soft_wrap=True)


def _cells(frame: Frame) -> Sequence[str]:
    height, width, _ = frame.image.shape
    depth, share = depth_in_words(frame)
    known = depth if share in ("", "100%") else f"{depth}, {share} known"
    return frame.id, f"{width}x{height}", known, view_in_words(frame), up_in_words(frame), _things(frame)


def depth_in_words(frame: Frame) -> tuple[str, str]:
    """Say the median depth with its range, and the share of pixels where it is known."""
    if frame.depth_m is None:
        return "none", ""
    known = frame.depth_m[np.isfinite(frame.depth_m)]
    if not known.size:
        return "nowhere known", "0%"
    low, median, high = np.percentile(known, (5, 50, 95))
    return f"{median:.2f} m ({low:.2f} to {high:.2f})", f"{known.size / frame.depth_m.size:.0%}"


def view_in_words(frame: Frame) -> str:
    """Say the fields of view across and down, and where the camera came from."""
    camera = frame.camera
    if camera is None:
        return "unknown"
    across, down = (
        math.degrees(2 * math.atan(side / 2 / camera.image_from_camera[axis, axis]))
        for axis, side in enumerate((camera.width, camera.height))
    )
    return f"{across:.0f}° x {down:.0f}° ({camera.provenance})"


def up_in_words(frame: Frame) -> str:
    """Say where up came from, and how the camera was held: "given; looking 23° down, rolled 1° to the right"."""
    gravity = frame.gravity_in_camera
    if gravity is None:
        return "unknown"
    known = "given" if frame.sequence_from_camera is None else "from its pose"
    pitch = math.asin(min(max(float(gravity[2]), -1.0), 1.0))
    held = f"looking {abs(math.degrees(pitch)):.0f}° {'down' if pitch > 0 else 'up'}"
    if abs(pitch) > STEEP_RAD:
        return f"{known}; {held}"
    roll = math.degrees(math.atan2(float(gravity[0]), float(gravity[1])))
    if abs(roll) > 135:
        return f"{known}; {held}, upside down"
    side = "to the right" if roll > 0 else "to the left"
    return f"{known}; {held}, rolled {abs(roll):.0f}°" + (f" {side}" if abs(roll) >= 0.5 else "")


def _things(frame: Frame) -> str:
    if frame.instances is None:
        return "not given"
    if not frame.instances:
        return "0"
    named = [instance.captions[0] for instance in frame.instances if instance.captions]
    more = ", ..." if len(named) > NAMES else ""
    names = f"{', '.join(named[:NAMES])}{more}" if named else "without names"
    return f"{len(frame.instances)} with masks: {names}"


def _next(found: Found) -> str:
    if found.recipe == "given":
        if all(frame.camera is None for frame in found.frames):
            return (
                "build would use the recipe given, no model; but no frame has a camera: give fx, fy, cx, cy in pixels, "
                "or --fov"
            )
        return "build would use the recipe given: no model is needed"
    return (
        "build would use the recipe photos: models find objects and depth; --recipe laptop takes small ones for a CPU"
    )
