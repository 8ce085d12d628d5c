"""What a source of the bench tells of an episode, and how frames are filled of which it told nothing."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.worlds.fetch import Episode

Series = Float64[np.ndarray, " t"]

HELD_M = 0.02
"""What the error grows by for each frame in which a distance is held that an earlier frame told."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """One distance a frame and its 1-sigma error, NaN where there is none; in metres where the source tells metres.

    `told`: the frame itself told its distance, which is held from no other one.
    """

    distances: Series
    sigmas: Series
    told: Bool[np.ndarray, " t"]


class BenchSource(Protocol):
    """Tells distances. `in_metres` is False of what only tells an order."""

    name: str
    in_metres: bool

    def measure(self, episode: Episode) -> Readings:
        """Tell the distance of every frame of an episode."""
        ...


def hold(distances: Series, sigmas: Series) -> Readings:
    """Fill frames without a distance with that of the frame before, or of the first one that has any; errors grow."""
    told = np.isfinite(distances)
    known, frames = np.flatnonzero(told), np.arange(len(distances))
    if len(known) == 0:
        return Readings(distances, sigmas, told)
    held = known[np.maximum(np.searchsorted(known, frames, side="right") - 1, 0)]
    return Readings(distances[held], sigmas[held] + HELD_M * np.abs(frames - held), told)
