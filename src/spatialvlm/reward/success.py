"""Success from distances: below a threshold, held for some frames, with hysteresis; and which threshold to take."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spatialvlm.errors import UserError

RELEASE = 1.5
"""What was together is together until the distance is so many times the threshold."""


@dataclass(frozen=True, slots=True)
class SuccessRule:
    """When a goal is done: at most `threshold_m` for `hold` frames in a row, and until `release_m` is exceeded."""

    threshold_m: float = 0.05
    hold: int = 3
    release_m: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.threshold_m < math.inf:
            raise UserError(f"threshold {self.threshold_m:g} m: expected a length above 0, such as 0.05")
        if self.hold < 1:
            raise UserError(f"hold {self.hold}: expected 1 or more frames")
        if self.release_m is not None and not self.threshold_m <= self.release_m < math.inf:
            raise UserError(f"release {self.release_m:g} m: expected at least the threshold, {self.threshold_m:g} m")

    @property
    def released_m(self) -> float:
        """The distance above which it is done no longer."""
        return RELEASE * self.threshold_m if self.release_m is None else self.release_m


class GoalHold:
    """Follows whether one goal is done, frame by frame."""

    def __init__(self, rule: SuccessRule) -> None:
        self._rule, self._streak, self._done = rule, 0, False

    def step(self, distance_m: float, sigma_m: float = 0.0) -> bool:
        """Tell whether it is done in this frame; it is from the frame on that completes the hold.

        A frame whose error is larger than the threshold begins nothing: where nobody knows, nothing is done.
        """
        self._streak = self._streak + 1 if max(distance_m, sigma_m) <= self._rule.threshold_m else 0
        self._done = distance_m <= self._rule.released_m if self._done else self._streak >= self._rule.hold
        return self._done


class StageHolds:
    """Follows which stages are done: once the last stage is done, those before it are for good.

    An earlier stage that lets go before counts as open again: what is dropped on the way is no progress.
    """

    def __init__(self, rule: SuccessRule, stages: int) -> None:
        self._holds, self._finished = [GoalHold(rule) for _ in range(stages)], False

    def step(self, distances_m: Sequence[float], sigmas_m: Sequence[float]) -> list[bool]:
        """Tell for each stage whether it is done in this frame."""
        now = [
            hold.step(*both) for hold, both in zip(self._holds, zip(distances_m, sigmas_m, strict=True), strict=True)
        ]
        self._finished = self._finished or now[-1]
        return [one or (self._finished and place < len(now) - 1) for place, one in enumerate(now)]


def held(distances_m: Sequence[float], rule: SuccessRule, sigmas_m: Sequence[float] | None = None) -> list[bool]:
    """Tell for each frame whether the goal is done there, as a GoalHold does."""
    hold = GoalHold(rule)
    return [hold.step(*both) for both in zip(distances_m, sigmas_m or [0.0] * len(distances_m))]


def stages_done(
    distances_m: Sequence[Sequence[float]], rule: SuccessRule, sigmas_m: Sequence[Sequence[float]] | None = None
) -> list[list[bool]]:
    """Tell for each frame and stage whether it is done, as StageHolds does."""
    if not distances_m:
        return []
    holds = StageHolds(rule, len(distances_m[0]))
    return [holds.step(*row) for row in zip(distances_m, sigmas_m or [[0.0] * len(row) for row in distances_m])]


@dataclass(frozen=True, slots=True)
class CalibratedThreshold:
    """A threshold chosen on some episodes, and what others say of it.

    `f1` is that of the episodes it was chosen on. `error_rate` is the share of wrong verdicts on the others; with
    probability 1 - `risk` over the split, episodes of the same kind have at most `error_bound`. `statement` says so.

    `done_m` and `failed_m` are the limits of verdicts that are rarely wrong, by split conformal prediction: of failed
    episodes at most a share `risk` is judged done by a distance below `done_m`, of successful ones at most as many
    failed by one above `failed_m`; in between it is left open. Too few episodes give the limits 0 and infinity.
    """

    threshold_m: float
    f1: float
    chosen_on: int
    error_rate: float
    error_bound: float
    risk: float
    tested_on: int
    done_m: float = 0.0
    failed_m: float = math.inf

    def verdict(self, distance_m: float) -> bool | None:
        """Judge an episode by its least distance held; None where it is left open."""
        if distance_m <= self.done_m:
            return True
        return False if distance_m > self.failed_m else None

    @property
    def statement(self) -> str:
        """What is known of the threshold, in a sentence."""
        return (
            f"at {self.threshold_m:.3g} m {self.error_rate:.1%} of {self.tested_on} other episodes are judged wrongly; "
            f"of episodes like these at most {self.error_bound:.1%}, with {1 - self.risk:.0%} confidence"
        )


def calibrate(
    distances_m: Sequence[float], succeeded: Sequence[bool], *, share: float = 0.5, risk: float = 0.1, seed: int = 0
) -> CalibratedThreshold:
    """Choose the threshold of the best F1 on a random share of the episodes, and bound its error rate on the rest.

    `distances_m` is for each episode the least distance that it held (`held_distance`), `succeeded` whether it did.
    The threshold does not depend on the rest, so the bound is exact for any distribution: the largest error rate under
    which so few wrong verdicts have a probability of `risk` (Clopper and Pearson). Raises UserError for too few
    episodes, or where all ended alike.
    """
    if not 0 < share < 1 or not 0 < risk < 1:
        raise UserError(f"share {share:g}, risk {risk:g}: expected numbers between 0 and 1")
    values, right = np.asarray(distances_m, float), np.asarray(succeeded, bool)
    if len(values) != len(right) or len(values) < 4 or not np.isfinite(values).all():
        raise UserError(
            f"{len(values)} distances, {len(right)} outcomes: expected as many of both, 4 or more, all finite"
        )
    order = np.random.default_rng(seed).permutation(len(values))
    count = min(max(round(share * len(values)), 2), len(values) - 1)
    chosen, rest = order[:count], order[count:]
    if right[chosen].all() or not right[chosen].any():
        raise UserError(f"the {count} episodes to choose on all ended alike; give more, or another seed")
    threshold_m, f1 = best_threshold(values[chosen], right[chosen])
    wrong = int(np.sum((values[rest] <= threshold_m) != right[rest]))
    bound = error_bound(wrong, len(rest), risk)
    limits = conformal_limits(values[rest], right[rest], threshold_m, risk)
    return CalibratedThreshold(threshold_m, f1, count, wrong / len(rest), bound, risk, len(rest), *limits)


def best_threshold(distances_m: np.ndarray, succeeded: np.ndarray) -> tuple[float, float]:
    """Return the threshold of the best F1, halfway to the next larger distance, and that F1."""
    levels = np.unique(distances_m)
    said = distances_m[None, :] <= levels[:, None]
    hits = (said & succeeded).sum(axis=1)
    f1 = 2 * hits / (said.sum(axis=1) + succeeded.sum())
    best = int(np.argmax(f1))
    above = levels[best + 1] if best + 1 < len(levels) else levels[best]
    return float((levels[best] + above) / 2), float(f1[best])


def error_bound(wrong: int, count: int, risk: float) -> float:
    """Return the upper end of the one-sided Clopper-Pearson interval of a share."""
    from scipy.stats import beta

    return 1.0 if wrong >= count else float(beta.ppf(1 - risk, wrong + 1, count - wrong))


def conformal_limits(
    distances_m: np.ndarray, succeeded: np.ndarray, threshold_m: float, risk: float
) -> tuple[float, float]:
    """Return below which distance an episode is done, above which it failed, each wrong at most at a rate of `risk`.

    They are order statistics of the failed and of the successful episodes. Where those do not overlap, nothing is left
    open: both are the threshold, moved to between them.
    """
    failed, done = np.sort(distances_m[~succeeded]), np.sort(distances_m[succeeded])
    low, high = math.floor((len(failed) + 1) * risk), math.ceil((len(done) + 1) * (1 - risk))
    done_m = float(np.nextafter(failed[low - 1], 0.0)) if low > 0 else 0.0
    failed_m = float(done[high - 1]) if high <= len(done) else math.inf
    if done_m < failed_m:
        return done_m, failed_m
    between = min(max(threshold_m, failed_m), done_m)
    return between, between


def held_distance(distances_m: Sequence[float], hold: int = 1) -> float:
    """Return the least threshold at which an episode holds for `hold` frames; infinite where it is shorter."""
    windows = [max(distances_m[start : start + hold]) for start in range(len(distances_m) - hold + 1)]
    return min(windows, default=math.inf)
