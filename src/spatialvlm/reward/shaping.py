"""Distances -> rewards: a potential that rises as things come together, and what each step of it is worth.

potential(d, d0) = -d / d0                    -1 at the start, 0 where they are together
shaped     r(t) = gamma * Phi(t + 1) - Phi(t)       changes no optimal policy; all lengths scaled: the same
distance   r(t) = -d(t)
tanh       r(t) = 1 - tanh(k d(t))
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

from spatialvlm.errors import UserError

Shaping = Literal["shaped", "distance", "tanh"]
TANH_SHARE = 10.0
"""k of `tanh`, one over metres: at 10 cm a quarter of the reward is left."""


def potential(distance_m: float, start_m: float) -> float:
    """Return how far a goal is from done: -1 at the distance of the start, 0 at none."""
    if not start_m > 0:
        raise UserError(f"distance at the start {start_m:g} m: expected more than 0")
    return -distance_m / start_m


def staged_potentials(
    distances_m: Sequence[Sequence[float]], starts_m: Sequence[float], done: Sequence[Sequence[bool]]
) -> list[float]:
    """Return the potential of each frame: the sum over the stages, in which a stage that is done counts 0.

    `done` tells for each frame and stage whether it is. Finishing a stage never lowers the sum, since 0 is the most
    that a stage can be.
    """
    return [
        sum(0.0 if finished else potential(one, start) for one, start, finished in zip(row, starts_m, now))
        for row, now in zip(distances_m, done)
    ]


def shaped_rewards(potentials: Sequence[float], gamma: float = 1.0) -> list[float]:
    """Return gamma * Phi(t + 1) - Phi(t) of each frame; nothing follows the last one, whose reward is 0."""
    check_gamma(gamma)
    steps = [gamma * after - before for before, after in pairwise(potentials)]
    return [*steps, 0.0] if len(potentials) else []


def check_gamma(gamma: float) -> None:
    """Raise UserError for a discount out of range."""
    if not 0 < gamma <= 1:
        raise UserError(f"gamma {gamma:g}: expected a discount above 0, up to 1, such as 0.99")


def check_shaping(shaping: str) -> None:
    """Raise UserError for a shaping that there is not."""
    if shaping not in get_args(Shaping):
        raise UserError(f"shaping {shaping!r}: unknown; choose one of {', '.join(get_args(Shaping))}")


def rewards_of(
    shaping: Shaping,
    distances_m: Sequence[Sequence[float]],
    potentials: Sequence[float],
    done: Sequence[Sequence[bool]],
    gamma: float = 1.0,
) -> list[float]:
    """Return the reward of each frame; of several stages distances are summed, and `tanh` is their mean."""
    check_shaping(shaping)
    if shaping == "shaped":
        return shaped_rewards(potentials, gamma)
    left = [[0.0 if is_done else one for one, is_done in zip(*both)] for both in zip(distances_m, done)]
    if shaping == "distance":
        return [-sum(row) for row in left]
    return [sum(1 - math.tanh(TANH_SHARE * one) for one in row) / len(row) for row in left]
