"""What tells distances of one frame: a Frame and the goals enter, what was found of each leaves, or why nothing was."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from spatialvlm.errors import UserError
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


def seen_together(views: Sequence[FrameDistances]) -> FrameDistances:
    """Join what several cameras see at one moment; each must know its pose in one world.

    A place that several tell is their mean by inverse variances. Its error is that of the best view, since what views
    get wrong alike no mean takes away. Of the readings the surest is taken. Raises UserError where a pose is missing.
    """
    if len(views) == 1:
        return views[0]
    if not views or not all(view.posed or not (view.places or view.rivals) for view in views):
        raise UserError(
            f"{len(views)} views of one moment: expected the pose of each camera, `sequence_from_camera` of its Frame, "
            "in one world; give one view, or poses"
        )
    names = dict.fromkeys(name for view in views for name in view.places)
    places = {name: _mean_place([view.places[name] for view in views if name in view.places]) for name in names}
    rivals = {name: some for view in views for name, some in view.rivals.items() if name not in places}
    others = {name: place for view in views for name, place in view.others.items()}
    seen = tuple(dict.fromkeys(name for view in views for name in view.seen))
    told = [_surest(readings) for readings in zip(*(view.readings for view in views), strict=True)]
    return FrameDistances(tuple(told), places, seen, True, others, views[0].boxes, rivals)


def _mean_place(places: Sequence[MeasuredPlace]) -> MeasuredPlace:
    at, sigma = (np.array([getattr(place, field) for place in places]) for field in ("at", "sigma"))
    x, y, z = np.average(at, axis=0, weights=1 / sigma**2).tolist()
    across, up, along = sigma.min(axis=0).tolist()
    return MeasuredPlace((x, y, z), (across, up, along))


def _surest(readings: Sequence[DistanceReading]) -> DistanceReading:
    told = [one for one in readings if one.distance_m is not None]
    return min(told, key=_sigma_m) if told else readings[0]


def _sigma_m(reading: DistanceReading) -> float:
    return math.inf if reading.sigma_m is None else reading.sigma_m
