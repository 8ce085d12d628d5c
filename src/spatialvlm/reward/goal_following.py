"""What sources found, frame by frame -> the distance of each goal in every frame, with its error, whoever is hidden."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spatialvlm.reward.distance_sources import DistanceReading, FrameDistances, MeasuredPlace
from spatialvlm.reward.motion_filter import Followed, Follower, Motion
from spatialvlm.reward.task_goals import Goal

APART_SIGMAS = 4.0
"""Two sources that differ by more than so many sigma do not speak of the same distance."""
SHIFTED_M, LEAST_OTHERS = 0.05, 2
BACKWARD_SPEED = 0.25
"""Metres a second: 1 sigma of how fast things may have moved before they were first seen."""


@dataclass(frozen=True, slots=True)
class GoalDistance:
    """The distance of a goal in one frame, 1 sigma; `measured` in this frame, or held from others, which `note` says.

    `apart`: two sources disagreed, and the geometry was believed.
    """

    distance_m: float
    sigma_m: float
    measured: bool
    note: str = ""
    apart: bool = False


class GoalFollower:
    """Follows the goals by one source: by places where it tells them, else by distances."""

    def __init__(self, goals: Sequence[Goal], motion: Motion | None = None) -> None:
        self._goals, self._motion = goals, motion or Motion()
        self._places = {name: Follower(self._motion) for goal in goals for name in (goal.a, goal.b)}
        self._distances = [Follower(self._motion) for _ in goals]
        self._shared: list[float | None] = [None] * len(goals)
        self._posed: bool | None = None

    def step(self, dt_s: float, found: FrameDistances | None) -> list[GoalDistance | None]:
        """Go on by `dt_s` with what was found, or with nothing."""
        places = {} if found is None else {**found.places, **self._nearest(found.rivals)}
        if found is not None and places:
            self._posed = found.posed if self._posed is None else self._posed
            places = places if found.posed == self._posed else {}  # those of another world say nothing of this one
        followed = {name: self._step_place(name, dt_s, places) for name in self._places}
        readings = [None] * len(self._goals) if found is None else found.readings
        return [
            self._of_goal(index, dt_s, reading, followed)
            for index, (_, reading) in enumerate(zip(self._goals, readings))
        ]

    def _nearest(self, rivals: Mapping[str, Sequence[MeasuredPlace]]) -> dict[str, MeasuredPlace]:
        """Choose among things of one name the one where it was last."""
        chosen: dict[str, MeasuredPlace] = {}
        for name, some in rivals.items():
            last = self._places[name].at
            if last is not None and some:
                away = [math.dist(one.at, last) for one in some]
                chosen[name] = some[away.index(min(away))]
        return chosen

    def _step_place(self, name: str, dt_s: float, places: Mapping[str, MeasuredPlace]) -> Followed | None:
        place = places.get(name)
        follower = self._places[name]
        return follower.step(dt_s, None) if place is None else follower.step(dt_s, place.at, place.sigma)

    def _of_goal(
        self, index: int, dt_s: float, reading: DistanceReading | None, followed: Mapping[str, Followed | None]
    ) -> GoalDistance | None:
        distance_m = None if reading is None else reading.distance_m
        why = "" if reading is None else reading.why
        if reading is not None and distance_m is not None:
            self._shared[index] = reading.shared_m
        if self._posed is not None:
            goal = self._goals[index]
            one, other = followed[goal.a], followed[goal.b]
            if one is None or other is None:
                return None
            return self._between(index, one, other, why)
        at = None if reading is None or distance_m is None else ([distance_m], [_jitter_m(reading)])
        now = self._distances[index].step(dt_s, *(at or (None, None)))
        if now is None:
            return None
        own_m = float(now.sigma[0])
        return GoalDistance(max(float(now.at[0]), 0.0), self._whole(index, own_m), now.used, _note(now.refused, why))

    def _between(self, index: int, one: Followed, other: Followed, why: str) -> GoalDistance:
        way = other.at - one.at
        distance_m = float(np.sqrt(way @ way))
        direction = way / max(distance_m, 1e-9)
        own = math.sqrt(float(direction**2 @ (one.sigma**2 + other.sigma**2)))
        refused, used = one.refused or other.refused, one.used and other.used
        return GoalDistance(distance_m, self._whole(index, own), used, _note(refused, why))

    def _whole(self, index: int, own_m: float) -> float:
        return math.hypot(own_m, self._shared[index] or 0.0)


def _jitter_m(reading: DistanceReading) -> float:
    """Return the part of an error that differs from frame to frame, a millimetre at least."""
    return math.sqrt(max((reading.sigma_m or 0.0) ** 2 - reading.shared_m**2, 1e-6))


def _note(refused: bool, why: str) -> str:
    return "a jump that nothing confirmed: refused" if refused else why


def fused(geometry: GoalDistance | None, vlm: GoalDistance | None) -> GoalDistance | None:
    """Join what two sources say by inverse variances; the geometry wins where they are too far apart."""
    if geometry is None or vlm is None:
        return geometry or vlm
    away = abs(geometry.distance_m - vlm.distance_m)
    if away > APART_SIGMAS * math.hypot(geometry.sigma_m, vlm.sigma_m):
        note = f"the model says {vlm.distance_m:.3g} m, which the geometry rules out"
        return GoalDistance(geometry.distance_m, geometry.sigma_m, geometry.measured, geometry.note or note, True)
    weights = [1 / max(one.sigma_m, 1e-6) ** 2 for one in (geometry, vlm)]
    total = sum(weights)
    mean = (weights[0] * geometry.distance_m + weights[1] * vlm.distance_m) / total
    measured = geometry.measured or vlm.measured
    return GoalDistance(mean, math.sqrt(1 / total), measured, "" if measured else geometry.note or vlm.note)


class SourcesFollower:
    """Follows the goals by one or two sources ("geometry", "vlm"), each by itself, and joins what they say."""

    def __init__(self, goals: Sequence[Goal], names: Iterable[str], motion: Motion | None = None) -> None:
        self._nothing: list[GoalDistance | None] = [None] * len(goals)
        self._followers = {name: GoalFollower(goals, motion) for name in names}

    def step(self, dt_s: float, found: Mapping[str, FrameDistances | None]) -> list[GoalDistance | None]:
        """Go on by `dt_s` with what each source found, None where it did not look: a distance for each goal."""
        told = {name: one.step(dt_s, found.get(name)) for name, one in self._followers.items()}
        pairs = zip(told.get("geometry", self._nothing), told.get("vlm", self._nothing))
        return [fused(geometry, vlm) for geometry, vlm in pairs]


def follow(
    goals: Sequence[Goal],
    times_s: Sequence[float],
    found: Mapping[str, Sequence[FrameDistances | None]],
    motion: Motion | None = None,
) -> list[list[GoalDistance | None]]:
    """Follow the goals over all frames: for each frame a distance for each goal, in order.

    `found` has for each source ("geometry", "vlm", or both) what it found in every frame, None where it did not look.
    Frames before a goal is first known get that distance, with an error as large as it may have changed; a goal that
    never is, None throughout.
    """
    follower = SourcesFollower(goals, found, motion)
    rows: list[list[GoalDistance | None]] = []
    for index, time_s in enumerate(times_s):
        dt_s = max(time_s - times_s[index - 1], 0.0) if index else 0.0
        rows.append(follower.step(dt_s, {name: frames[index] for name, frames in found.items()}))
    for place in range(len(goals)):
        _fill_before(rows, place, times_s)
    return rows


def _fill_before(rows: list[list[GoalDistance | None]], place: int, times_s: Sequence[float]) -> None:
    first = next((index for index, row in enumerate(rows) if row[place] is not None), None)
    known = None if first is None else rows[first][place]
    if first is None or known is None:
        return
    for index in range(first):
        grown = math.hypot(known.sigma_m, BACKWARD_SPEED * (times_s[first] - times_s[index]))
        rows[index][place] = GoalDistance(known.distance_m, grown, False, "not seen yet: taken to be where it first is")


def camera_shift(found: Sequence[FrameDistances | None]) -> float | None:
    """Return how far most things moved that no goal names, in metres; None where that is nothing beside its error.

    People move a thing or two; where half of them move, it is the camera, or its poses are wrong.
    """
    first: dict[str, MeasuredPlace] = {}
    moved: dict[str, tuple[float, float]] = {}
    for one in found:
        for name, place in (one.others if one is not None else {}).items():
            start = first.setdefault(name, place)
            away = math.dist(place.at, start.at)
            if away >= moved.get(name, (0.0, 0.0))[0]:
                moved[name] = away, math.hypot(*place.sigma, *start.sigma)
    if len(moved) < LEAST_OTHERS:
        return None
    middle = sorted(moved.values())[(len(moved) - 1) // 2]
    return middle[0] if middle[0] > max(SHIFTED_M, APART_SIGMAS * middle[1]) else None
