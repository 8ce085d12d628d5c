"""The sources `views:N` and `tabletops:N`: N quick pictures in flat light, six of each room, with exact truth.

They are to train on: many pictures in little time. Room number k of a seed of `views` is that of `rooms:N`, and its
first view as well; of `tabletops` it is one with a table that a robot works at, with its gripper. The view of a number
is the same whatever the count and whatever was read before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, FrameSource
from spatialvlm.records import Sample
from spatialvlm.worlds import Truth
from spatialvlm.worlds.rooms import (
    FlatViews,
    Room,
    furnish_and_look_around,
    load_mitsuba,
    set_robot_table,
    truth_of,
)

VIEWS_A_ROOM = 6


@dataclass(frozen=True, slots=True)
class _Subject:
    """What views show: in words, what a frame's id begins with, and how a room is made with so many views of it."""

    layout: str
    frame: str
    make: Callable[[np.random.Generator, int], tuple[Room, ...]]


_SUBJECTS = {
    "views": _Subject("views of rooms in flat light with exact truth", "view", furnish_and_look_around),
    "tabletops": _Subject("robot table-tops in flat light with exact truth", "tabletop", set_robot_table),
}


class ViewsSource(FrameSource):
    """`count` views of what `kind` says, "views" or "tabletops"; `size` is width and height in pixels.

    Raises UserError for a count that makes no sense, and without Mitsuba.
    """

    measured_depth, annotated, ordered, thread_safe = True, True, False, False

    def __init__(self, count: int, *, seed: int = 0, size: tuple[int, int] = (640, 480), kind: str = "views"):
        if count < 1:
            raise UserError(f"source '{kind}:{count}': expected one or more views")
        self.count, self.seed, self.size, self.kind = count, seed, size, kind
        self.name, self.layout = f"{kind}:{count}", _SUBJECTS[kind].layout
        _, variant = load_mitsuba()
        self.fingerprint = f"{kind}:v1/{metadata.version('mitsuba')}/{variant}/{size[0]}x{size[1]}/{seed}"
        self._room: tuple[int, FlatViews] | None = None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "ViewsSource":
        """Open `views:N` or `tabletops:N`. Raises UserError for an N that is none, and without Mitsuba."""
        kind, _, text = source.partition(":")
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise UserError(f"source '{source}': expected a positive whole number of views, as in {kind}:600")
        return cls(int(text), seed=seed, size=config.size, kind=kind)

    def __len__(self) -> int:
        return self.count

    def describe(self, index: int) -> Room:
        """Make the room that frame `index` shows, as that frame sees it."""
        room, view = divmod(index, VIEWS_A_ROOM)
        return self._rooms(room)[view]

    def read(self, index: int) -> Sample:
        """Draw frame `index` with its picture."""
        return Sample(index, self.shown(index).frame)

    def shown(self, index: int) -> Truth:
        """Find all that is true of frame `index`, with its picture.

        The room is furnished once for all views of it that are asked for one after the other.
        """
        room, view = divmod(index, VIEWS_A_ROOM)
        if self._room is None or self._room[0] != room:
            self._room = room, FlatViews(self._rooms(room))
        return self._room[1].truth(view, self._frame_id(index), self.size)

    def truth(self, index: int) -> Truth:
        """Find all that is true of frame `index`, but no picture."""
        return truth_of(self.describe(index), self._frame_id(index), self.size)

    def _rooms(self, number: int) -> tuple[Room, ...]:
        return _SUBJECTS[self.kind].make(np.random.default_rng([self.seed, number]), VIEWS_A_ROOM)

    def _frame_id(self, index: int) -> str:
        room, view = divmod(index, VIEWS_A_ROOM)
        return f"{_SUBJECTS[self.kind].frame}-{self.seed}-{room:06d}-{view}"
