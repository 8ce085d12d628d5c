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

    `places` are where things are, by their names in the goals, in a world that stays from frame to frame; a source that
    knows only distances has none. `seen` are the names of all that is in view.
    """

    readings: tuple[DistanceReading, ...]
    places: Mapping[str, MeasuredPlace] = field(default_factory=dict)
    seen: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "readings": [[one.distance_m, one.sigma_m, one.shared_m, one.why] for one in self.readings],
            "places": {name: [list(place.at), list(place.sigma)] for name, place in self.places.items()},
            "seen": list(self.seen),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "FrameDistances":
        """Read back what `to_json` wrote."""
        places = {name: MeasuredPlace(tuple(at), tuple(sigma)) for name, (at, sigma) in told["places"].items()}
        return cls(tuple(DistanceReading(*one) for one in told["readings"]), places, tuple(told["seen"]))


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
