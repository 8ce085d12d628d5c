"""A reward while an episode goes on: what sources find in a frame enters, the RewardPoint of the step leaves."""

import math
from collections.abc import Iterable, Mapping, Sequence

from spatialvlm.errors import UserError
from spatialvlm.reward.distance_sources import FrameDistances
from spatialvlm.reward.goal_following import GoalDistance, SourcesFollower
from spatialvlm.reward.motion_filter import Motion
from spatialvlm.reward.reward_curve import RewardPoint, point_of
from spatialvlm.reward.shaping import Shaping, check_gamma, check_shaping, rewards_of, staged_potentials
from spatialvlm.reward.success import StageHolds, SuccessRule
from spatialvlm.reward.task_goals import Goal

UNSEEN_M = 1.0
"""A distance that no frame has told yet is taken for so large, with an infinite error."""


class LiveReward:
    """Judges one episode step by step, as `curve_of` judges it in one go.

    The reward of a step is that of the way to its frame: gamma * Phi(now) - Phi(before), or minus the distance now, or
    `tanh` of it; the first frame has none. A goal that no frame has told yet has the potential -1, and its first
    distance, at least the threshold, is the one that its potential counts from. `sources` are the names of who tells
    distances: "geometry", "vlm" or both. Raises UserError for an unknown shaping and a discount out of range.
    """

    def __init__(
        self,
        goals: Sequence[Goal],
        sources: Iterable[str] = ("geometry",),
        *,
        shaping: Shaping = "shaped",
        gamma: float = 1.0,
        rule: SuccessRule | None = None,
        motion: Motion | None = None,
    ) -> None:
        check_gamma(gamma)
        check_shaping(shaping)
        self._shaping: Shaping = shaping
        self._gamma, self._rule = gamma, rule or SuccessRule()
        self._follower = SourcesFollower(goals, sources, motion)
        self._holds = StageHolds(self._rule, len(goals))
        self._starts_m: list[float | None] = [None] * len(goals)
        self._last: tuple[list[float], float, list[bool]] | None = None
        self._index, self._time_s = 0, 0.0

    def step(self, dt_s: float, found: Mapping[str, FrameDistances | None], note: str = "") -> RewardPoint:
        """Go on by `dt_s` seconds, with what each source found in the frame; nothing where it was not measured.

        Raises UserError for a time that runs backwards.
        """
        if not 0 <= dt_s < math.inf:
            raise UserError(f"step of {dt_s:g} s: expected the seconds since the frame before, 0 or more")
        row = [one or _unseen() for one in self._follower.step(dt_s, found)]
        distances = [one.distance_m for one in row]
        done = self._holds.step(distances, [one.sigma_m for one in row])
        for place, one in enumerate(row):
            if self._starts_m[place] is None and one.sigma_m < math.inf:
                self._starts_m[place] = max(one.distance_m, self._rule.threshold_m)
        starts = [UNSEEN_M if start is None else start for start in self._starts_m]
        (now,) = staged_potentials([distances], starts, [done])
        reward = self._reward(distances, now, done)
        self._last = distances, now, done
        if self._index:
            self._time_s += dt_s
        self._index += 1
        return point_of(self._index - 1, self._time_s, row, done, now, reward, note)

    def _reward(self, distances: list[float], potential: float, done: list[bool]) -> float:
        if self._last is None:
            return 0.0
        before = self._last
        both = [before[0], distances], [before[1], potential], [before[2], done]
        rewards = rewards_of(self._shaping, *both, self._gamma)
        return rewards[0] if self._shaping == "shaped" else rewards[1]


def _unseen() -> GoalDistance:
    return GoalDistance(UNSEEN_M, math.inf, False, "not seen yet")
