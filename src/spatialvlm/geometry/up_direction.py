"""Which way is up in a picture: surface normals enter, the direction to which most are level or upright leaves.

Rooms, streets and table-tops are made of level and upright surfaces. Gupta, Arbelaez and Malik (CVPR 2013, section 3)
fit up to both in turn: it is the eigenvector of the smallest eigenvalue of sum(n n^T over upright) - sum(n n^T over
level). Here each normal counts by its own error, as level, upright or neither as far as it is likely to be (a mixture,
fitted by expectation and maximization), so that depth which drifts costs no more than it must.

Only directions near the image's up are tried, and those that are usual (a camera that looks a little down, without a
roll) are preferred: in a room with square corners a wall's normal explains as much as up does.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from spatialvlm.geometry.normals import SurfaceNormals
from spatialvlm.geometry.tilt_error import Responses, tilt_error
from spatialvlm.geometry.transforms import angle_between

FROM_IMAGE_UP, APART = math.radians(60.0), math.radians(8.0)  # directions that are tried
OTHER = math.radians(20.0)  # further apart, directions are rivals
COARSE, CHOOSING = math.radians(6.0), math.radians(3.0)  # how far from level things are, when directions are compared
NARROWING = [math.radians(angle) for angle in (8.0, 5.0, 3.2, 2.0, 2.0)]  # and as up is fitted
UP, DOWN, UPRIGHT, NEITHER = 0.30, 0.04, 0.40, 0.26  # how much of a picture each is, before it is looked at
USUAL_PITCH, PITCH_SPREAD, ROLL_SPREAD = math.radians(15.0), math.radians(20.0), math.radians(8.0)
WITNESS_CELLS = 320.0  # neighbouring cells are of one surface: so many are one witness
COMPARED, FITTED = 600, 5000  # normals, when many directions are compared, and when one is fitted
RIVALS = 4
LEAST_WITNESSES = 4.0
LEAST_SHARE = 0.4  # of the normals that are level or upright
LEAST_LEVEL, LEAST_UPRIGHT = 0.03, 0.05
LEAST_MARGIN = 3.0  # log odds over the best rival
MOST_TILT = math.radians(5.0)

Direction = Float64[np.ndarray, " 3"]
Directions = Float64[np.ndarray, "m 3"]
Likelihoods = Float64[np.ndarray, "n m"]


@dataclass(frozen=True, slots=True, eq=False)
class UpDirection:
    """Up as a picture shows it: a unit vector, its 1-sigma error, and the shares of normals that witness it.

    `level` are those that face up, `hanging` those that face down. `margin` is the log odds of this direction over the
    best one that is far from it.
    """

    in_camera: Direction
    error_rad: float
    level: float
    hanging: float
    upright: float
    margin: float

    @property
    def share(self) -> float:
        """How much of all is level or upright."""
        return self.level + self.hanging + self.upright


def find_up(normals: SurfaceNormals, told: tuple[Direction, float] | None = None) -> UpDirection | str:
    """Find up, or the reason why the picture does not show it.

    `told` is what somebody else holds to be up, and 1 sigma of that; without it the usual ways to hold a camera are
    preferred. The reasons: "few_surfaces", "few_level_or_upright", "ups_tie" (several directions explain as much),
    "up_uncertain" (its error is too large).
    """
    witnesses = len(normals.in_camera) / WITNESS_CELLS
    if witnesses < LEAST_WITNESSES:
        return "few_surfaces"
    (best, start), *rivals = _rivals(normals, witnesses, told)
    margin = best - max((odds for odds, other in rivals if angle_between(other, start) > OTHER), default=-math.inf)
    fitted = normals.thinned(FITTED)
    up = _fit(fitted, start, NARROWING[-2:])
    level, hanging, upright = shares_at(fitted, up)
    if level + hanging + upright < LEAST_SHARE or level + hanging < LEAST_LEVEL or upright < LEAST_UPRIGHT:
        return "few_level_or_upright"
    if margin < LEAST_MARGIN:
        return "ups_tie"
    error_rad = tilt_error(fitted, up, _responses(fitted, up, NARROWING[-1]), witnesses)
    if error_rad > MOST_TILT:
        return "up_uncertain"
    return UpDirection(up, error_rad, level, hanging, upright, margin)


def shares_at(normals: SurfaceNormals, up: Direction) -> tuple[float, float, float]:
    """Compute the shares of normals that are level and face up, level and face down, upright, were this up."""
    *parts, total = _likelihoods(normals, up[None], CHOOSING)
    level, hanging, upright = (float((part / total).mean()) for part in parts)
    return level, hanging, upright


def _rivals(
    normals: SurfaceNormals, witnesses: float, told: tuple[Direction, float] | None
) -> list[tuple[float, Direction]]:
    """Fit up from each of the best few starts that are far from each other: log odds and direction, best first."""
    tried = _tried() if told is None else np.concatenate([_tried(), told[0][None]])
    few = normals.thinned(COMPARED)
    normals = normals.thinned(2 * COMPARED)
    odds = witnesses * np.log(_likelihoods(few, tried, COARSE)[3]).mean(axis=0) + _preference(tried, told)
    starts: list[Direction] = []
    for place in np.argsort(-odds, kind="stable"):
        if all(tried[place] @ start < math.cos(OTHER) for start in starts):
            starts.append(tried[place])
        if len(starts) == RIVALS:
            break
    found = []
    for start in starts:
        up = _fit(normals, start, NARROWING)
        log_likelihood = float(np.log(_likelihoods(normals, up[None], CHOOSING)[3]).mean())
        found.append((witnesses * log_likelihood + float(_preference(up[None], told)[0]), up))
    return sorted(found, key=lambda pair: -pair[0])


def _tried() -> Directions:
    """Spread directions evenly about the image's up."""
    rings = []
    for away in np.arange(0.0, FROM_IMAGE_UP + APART / 2.0, APART):
        around = np.linspace(0.0, 2.0 * math.pi, max(1, round(2.0 * math.pi * math.sin(away) / APART)), endpoint=False)
        across = math.sin(away)
        rings.append(
            np.stack([across * np.cos(around), np.full(len(around), -math.cos(away)), across * np.sin(around)], axis=1)
        )
    return np.concatenate(rings)


def _preference(ups: Directions, told: tuple[Direction, float] | None) -> Float64[np.ndarray, " m"]:
    """Compute the log density of directions, but for a constant, before the picture is looked at."""
    if told is not None:
        return -2.0 * (1.0 - ups @ told[0]).clip(0.0) / (2.0 * told[1] ** 2)
    pitch, roll = np.arcsin((-ups[:, 2]).clip(-1.0, 1.0)), np.arctan2(ups[:, 0], -ups[:, 1])
    return -(((pitch - USUAL_PITCH) / PITCH_SPREAD) ** 2) / 2.0 - (roll / ROLL_SPREAD) ** 2 / 2.0


def _likelihoods(
    normals: SurfaceNormals, ups: Directions, spread_rad: float
) -> tuple[Likelihoods, Likelihoods, Likelihoods, Likelihoods]:
    """Compute the density of each normal, per steradian: as level, hanging, upright, and in all, for each up.

    Level ones are spread about up by their own error and `spread_rad` in two directions, upright ones about the
    horizon in one.
    """
    variance = (normals.error_rad**2 + spread_rad**2)[:, None]
    cosines = normals.in_camera @ ups.T
    peaks = np.exp((np.abs(cosines) - 1.0) / variance) / (2.0 * math.pi * variance)
    faces_up = cosines > 0
    level, hanging = UP * peaks * faces_up, DOWN * peaks * ~faces_up
    upright = UPRIGHT / (2.0 * math.pi * np.sqrt(2.0 * math.pi * variance)) * np.exp(-(cosines**2) / (2.0 * variance))
    return level, hanging, upright, level + hanging + upright + NEITHER / (2.0 * math.pi)


def _responses(normals: SurfaceNormals, up: Direction, spread_rad: float) -> Responses:
    """Tell how far each normal is likely to be level, and upright, and with what variance it would be."""
    level, hanging, upright, total = (part[:, 0] for part in _likelihoods(normals, up[None], spread_rad))
    return Responses((level + hanging) / total, upright / total, normals.error_rad**2 + spread_rad**2)


def _fit(normals: SurfaceNormals, start: Direction, spreads_rad: list[float]) -> Direction:
    """Fit up to what is level and what is upright, ever more strictly."""
    up = start
    for spread_rad in spreads_rad:
        _, vectors = np.linalg.eigh(_responses(normals, up, spread_rad).scatter(normals.in_camera))
        up = vectors[:, 0] * np.sign(vectors[:, 0] @ up)
    return up / np.linalg.norm(up)
