"""What tells distances of one frame: a Frame and the goals enter, what was found of each leaves, or why nothing was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from spatialvlm.records import Frame
from spatialvlm.reward.task_goals import Goal


@dataclass(frozen=True, slots=True)
class DistanceReading:
    """A distance of one frame in metres with its 1-sigma error, or `why` there is none.

    `shared_m` is the part of the error that repeats from frame to frame (scale, what is hidden, what a model believes):
    no filter averages it out, so it is kept apart. The whole error is that of both.
    """

    distance_m: float | None
    sigma_m: float | None = None
    shared_m: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredPlace:
    """Where the centre of a thing is, and how much that jitters from frame to frame: 1 sigma of each axis, metres."""

    at: tuple[float, float, float]
    sigma: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class FrameDistances:
    """What a source found in one frame: a reading for each goal, in order.

    `places` are where things are, by their names in the goals, in a world that stays from frame to frame: that of the
    sequence where the camera's pose is `posed`, else that of a camera that stands still. A source that knows only
    distances has none. `others` are where some other things are, which tells whether the camera does stand still.
    `seen` are the names of all that is in view, `boxes` are around the things of the goals, in pixels. `rivals` are the
    places of several things that one name fits.
    """

    readings: tuple[DistanceReading, ...]
    places: Mapping[str, MeasuredPlace] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    posed: bool = False
    others: Mapping[str, MeasuredPlace] = field(default_factory=dict)
    boxes: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    rivals: Mapping[str, tuple[MeasuredPlace, ...]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "readings": [[one.distance_m, one.sigma_m, one.shared_m, one.why] for one in self.readings],
            "places": _told(self.places),
            "seen": list(self.seen),
            "posed": self.posed,
            "others": _told(self.others),
            "rivals": {name: [_as_lists(one) for one in places] for name, places in self.rivals.items()},
            "boxes": {name: list(box) for name, box in self.boxes.items()},
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "FrameDistances":
        """Read back what `to_json` wrote."""
        places, others = ({name: _as_place(one) for name, one in told[which].items()} for which in ("places", "others"))
        rivals = {name: tuple(map(_as_place, some)) for name, some in told["rivals"].items()}
        boxes = {name: tuple(box) for name, box in told["boxes"].items()}
        readings = tuple(DistanceReading(*one) for one in told["readings"])
        return cls(readings, places, tuple(told["seen"]), told["posed"], others, boxes, rivals)


def _told(places: Mapping[str, MeasuredPlace]) -> dict[str, Any]:
    return {name: _as_lists(place) for name, place in places.items()}


def _as_lists(place: MeasuredPlace) -> list[list[float]]:
    return [list(place.at), list(place.sigma)]


def _as_place(told: Sequence[Sequence[float]]) -> MeasuredPlace:
    (x, y, z), (across, up, along) = told
    return MeasuredPlace((x, y, z), (across, up, along))


class DistanceSource(Protocol):
    """Tells the distances of goals in one frame. `name` is "geometry" or "vlm", `version` what makes it another one."""

    name: str
    version: str

    def __call__(self, frame: Frame, goals: Sequence[Goal], /) -> FrameDistances:
        """Look at one frame. What cannot be told is a reading without a distance, and says why."""
        ...


def nothing_told(goals: Sequence[Goal], why: str, seen: tuple[str, ...] = ()) -> FrameDistances:
    """Return what a source says of a frame of which it can tell nothing."""
    return FrameDistances(tuple(DistanceReading(None, why=why) for _ in goals), {}, seen)
