"""Following over time: what is measured of a place or a distance, frame by frame -> where it is, with its error.

A Kalman filter with constant velocity and random accelerations, the axes by themselves. What is hidden keeps its place
while its error grows. A measurement far from what was expected is refused until several in a row agree on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

Vector = Float64[np.ndarray, " n"]


@dataclass(frozen=True, slots=True)
class Motion:
    """How things move and when a measurement is believed. SI units.

    `acceleration`: 1 sigma of the random acceleration; `speed`: of the velocity at first sight; `start`: of a sudden
    change of velocity, which is thought of where a measurement is more than `sudden` sigma off. `fade_s`: how fast the
    velocity of a hidden thing is forgotten. A measurement beyond `gate` sigma, sudden changes included, is refused
    until `confirm` frames in a row agree.
    """

    acceleration: float = 1.0
    speed: float = 0.25
    start: float = 0.2
    sudden: float = 3.0
    fade_s: float = 0.5
    gate: float = 5.0
    confirm: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where something is, with its 1-sigma error for each axis; `used` where a measurement of this frame counted."""

    at: Vector
    sigma: Vector
    used: bool
    refused: bool = False


class Follower:
    """One place (three axes) or one distance (one), from its first measurement on."""

    def __init__(self, motion: Motion | None = None) -> None:
        self.motion = motion or Motion()
        self._mean: Float64[np.ndarray, "n 2"] | None = None
        self._cov: Float64[np.ndarray, "n 2 2"] = np.zeros((0, 2, 2))
        self._waiting: list[tuple[Vector, Vector]] = []

    @property
    def at(self) -> Vector | None:
        """Where it was last; None before its first measurement."""
        return None if self._mean is None else self._mean[:, 0]

    def step(self, dt_s: float, at: Sequence[float] | None, sigma: Sequence[float] | None = None) -> Followed | None:
        """Go on by `dt_s`, with what is measured now or nothing; None as long as nothing ever was."""
        seen = None if at is None or sigma is None else (np.asarray(at, float), np.asarray(sigma, float))
        if self._mean is None:
            return None if seen is None else self._begin(seen)
        if seen is None:
            self._waiting.clear()
            return self._hold(dt_s)
        mean, cov = self._predicted(self._mean, dt_s, 1.0)
        innovation, noise = seen[0] - mean[:, 0], seen[1] ** 2
        if _sigmas(innovation, cov[:, 0, 0] + noise) > self.motion.sudden:
            begun = np.array([dt_s, 1.0]) * self.motion.start
            cov = cov + np.outer(begun, begun)
        if _sigmas(innovation, cov[:, 0, 0] + noise) <= self.motion.gate:
            self._waiting.clear()
            return self._update(mean, cov, innovation, cov[:, 0, 0] + noise)
        self._wait(seen, dt_s)
        if len(self._waiting) >= self.motion.confirm:
            return self._begin(seen)
        return self._hold(dt_s, refused=True)

    def _begin(self, seen: tuple[Vector, Vector]) -> Followed:
        self._waiting.clear()
        at, sigma = seen
        self._mean = np.stack([at, np.zeros_like(at)], axis=1)
        self._cov = np.zeros((len(at), 2, 2))
        self._cov[:, 0, 0], self._cov[:, 1, 1] = sigma**2, self.motion.speed**2
        return self._followed(True)

    def _hold(self, dt_s: float, refused: bool = False) -> Followed:
        """Keep the place; where it may have gone meanwhile is in the error."""
        assert self._mean is not None
        fade, gone = math.exp(-dt_s / self.motion.fade_s), self._mean[:, 1] * dt_s
        _, self._cov = self._predicted(self._mean, dt_s, fade)
        self._cov[:, 0, 0] += gone**2
        self._mean = np.stack([self._mean[:, 0], self._mean[:, 1] * fade], axis=1)
        return self._followed(False, refused)

    def _predicted(
        self, mean: Float64[np.ndarray, "n 2"], dt_s: float, fade: float
    ) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "n 2 2"]]:
        step = np.array([[1.0, dt_s], [0.0, fade]])
        pushed = np.array([dt_s**2 / 2, dt_s]) * self.motion.acceleration
        return mean @ step.T, step @ self._cov @ step.T + np.outer(pushed, pushed)

    def _update(
        self, mean: Float64[np.ndarray, "n 2"], cov: Float64[np.ndarray, "n 2 2"], innovation: Vector, spread: Vector
    ) -> Followed:
        gain = cov[:, :, 0] / spread[:, None]
        self._mean = mean + gain * innovation[:, None]
        self._cov = cov - gain[:, :, None] * cov[:, None, 0, :]
        return self._followed(True)

    def _wait(self, seen: tuple[Vector, Vector], dt_s: float) -> None:
        """Note a refused measurement; those that disagree with it are forgotten."""
        if self._waiting:
            last, error = self._waiting[-1]
            moved = 2 * self.motion.speed * dt_s
            if _sigmas(seen[0] - last, error**2 + seen[1] ** 2 + moved**2) > self.motion.gate:
                self._waiting.clear()
        self._waiting.append(seen)

    def _followed(self, used: bool, refused: bool = False) -> Followed:
        assert self._mean is not None
        return Followed(self._mean[:, 0].copy(), np.sqrt(self._cov[:, 0, 0]), used, refused)


def _sigmas(away: Vector, variance: Vector) -> float:
    """Return how many sigma something is away, over all axes."""
    return math.sqrt(float(np.sum(away**2 / variance)))
