"""What was measured -> figures with 95 % intervals, a row a source.

Errors and orders are those of successes and failures together, each episode's figure first, then their mean. VOC is of
successes, failures and successes played backwards apart. Whether an episode succeeded is told by the last distance; its
threshold is set on the calibration half and judged on the other. The views of one scene are drawn together by the
bootstrap.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm.reward_bench import outcome_metrics
from spatialvlm.reward_bench.reward_metrics import (
    HALF_TO_DOUBLE,
    MARGINS_M,
    QUARTER,
    absolute_relative_error,
    jitter,
    kendall_tau_b,
    mean_absolute_error,
    monotone_violations,
    pair_accuracy,
    pearson,
    scale_aligned_error,
    share_within,
    spearman,
    value_order_correlation,
)

Series = Float64[np.ndarray, " t"]
Triple = tuple[float, float, float]
NOTHING: Triple = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredEpisode:
    """One episode as one source sees it: its truth (m), what was told, and whose half it is in."""

    kind: str
    scene: int
    succeeded: bool
    calibration: bool
    truth_m: Series
    distances: Series
    sigmas: Series
    told: Series

    @property
    def score(self) -> float:
        """The likelihood of success, in any unit: minus the last distance."""
        return -float(self.distances[-1])


CORRELATIONS: Mapping[str, Callable[[Series, Series], float]] = {
    "spearman": spearman,
    "kendall_tau_b": kendall_tau_b,
    "pearson": pearson,
}
"""Where an episode is told one distance throughout, or none, they are 0: nothing of its order was told."""
ORDERS: Mapping[str, Callable[[Series, Series], float]] = {
    **{f"pairs_{margin * 100:.0f}cm": partial(pair_accuracy, margin_m=margin) for margin in MARGINS_M},
    "scale_aligned_error": scale_aligned_error,
}
LENGTHS: Mapping[str, Callable[[Series, Series], float]] = {
    "mae_m": mean_absolute_error,
    "abs_rel": absolute_relative_error,
    "within_50_200": lambda d, g: share_within(d, g, *HALF_TO_DOUBLE),
    "within_25": lambda d, g: share_within(d, g, *QUARTER),
    "jitter_m": jitter,
}
"""What only has a meaning for distances in metres."""


def figures_of(measured: Sequence[MeasuredEpisode], in_metres: bool) -> dict[str, Triple]:
    """Return all figures of one source by name: the value and the ends of its interval, NaN where there is none."""
    forward = [one for one in measured if one.kind != "reversed"]
    figures = {name: _mean(forward, _correlated(metric)) for name, metric in CORRELATIONS.items()}
    figures |= {name: _mean(forward, _of_pair(metric)) for name, metric in ORDERS.items()}
    for name, metric in LENGTHS.items():
        figures[name] = _mean(forward, _of_pair(metric)) if in_metres else NOTHING
    figures["within_2_sigma"] = _mean(forward, _within_two_sigmas)
    figures["told"] = _mean(measured, lambda one: float(np.mean(one.told)))
    succeeded = [one for one in forward if one.kind == "success"]
    failed = [one for one in forward if one.kind != "success"]
    figures["spearman_success"] = _mean(succeeded, _correlated(spearman))
    figures["violations_success"] = _mean(succeeded, lambda one: monotone_violations(one.distances))
    figures["voc_success"] = _mean(succeeded, _voc)
    figures["voc_failed"] = _mean(failed, _voc)
    figures["voc_reversed"] = _mean([one for one in measured if one.kind == "reversed"], _voc)
    figures["voc_gap"] = _gap(succeeded, failed)
    return figures | _outcomes(forward)


def _of_pair(metric: Callable[[Series, Series], float]) -> Callable[[MeasuredEpisode], float]:
    return lambda one: metric(one.distances, one.truth_m)


def _correlated(metric: Callable[[Series, Series], float]) -> Callable[[MeasuredEpisode], float]:
    return lambda one: _or_zero(metric(one.distances, one.truth_m))


def _or_zero(correlation: float) -> float:
    return correlation if np.isfinite(correlation) else 0.0


def _within_two_sigmas(one: MeasuredEpisode) -> float:
    if not np.isfinite(one.sigmas).any():
        return np.nan
    return float(np.mean(np.abs(one.distances - one.truth_m) <= 2 * one.sigmas))


def _voc(one: MeasuredEpisode) -> float:
    return _or_zero(value_order_correlation(-one.distances))


def _mean(measured: Sequence[MeasuredEpisode], figure: Callable[[MeasuredEpisode], float]) -> Triple:
    values = np.array([figure(one) for one in measured])
    return outcome_metrics.episode_interval(partial(_mean_at, values), len(measured), clusters=_scenes(measured))


def _mean_at(values: Series, places: Any) -> float:
    known = values[places]
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else np.nan


def _gap(succeeded: Sequence[MeasuredEpisode], failed: Sequence[MeasuredEpisode]) -> Triple:
    both = [*succeeded, *failed]
    values = np.array([_voc(one) for one in both])
    is_success = np.array([one.kind == "success" for one in both], bool)

    def gap(places: Any) -> float:
        kind = is_success[places]
        return _mean_at(values, places[kind]) - _mean_at(values, places[~kind])

    return outcome_metrics.episode_interval(gap, len(both), clusters=_scenes(both))


def _outcomes(forward: Sequence[MeasuredEpisode]) -> dict[str, Triple]:
    """Judge the half that was not calibrated on."""
    ours = [one for one in forward if one.calibration]
    others = [one for one in forward if not one.calibration]
    threshold = outcome_metrics.best_threshold(*_scored(ours))
    scores, succeeded = _scored(others)
    names = ("precision", "recall", "f1", "auroc", "fpr95")

    def figure(places: Any, name: str) -> float:
        return getattr(outcome_metrics.verdicts(scores[places], succeeded[places], threshold), name)

    found = {
        name: outcome_metrics.episode_interval(partial(figure, name=name), len(others), clusters=_scenes(others))
        for name in names
    }
    return found | {"threshold": (-threshold, np.nan, np.nan)}


def _scored(measured: Sequence[MeasuredEpisode]) -> tuple[Series, Any]:
    return np.array([one.score for one in measured]), np.array([one.succeeded for one in measured], bool)


def _scenes(measured: Sequence[MeasuredEpisode]) -> Any:
    return np.array([one.scene for one in measured], np.int64)
