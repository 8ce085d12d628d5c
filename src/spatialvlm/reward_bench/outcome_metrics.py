"""Figures of many episodes: a score of each and whether it succeeded enter, numbers with 95 % intervals leave.

`scores` are higher where success is likelier (here minus the last distance, in metres); `succeeded` is the truth. A NaN
score is an episode without an answer, and counts as a failure foretold. A figure that has no value is NaN.

Sources: Fawcett, An introduction to ROC analysis, 2006; Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
chapter 13.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int

Scores = Float64[np.ndarray, " n"]
Outcomes = Bool[np.ndarray, " n"]
Places = Int[np.ndarray, " n"]

RESAMPLES = 1000
TAILS = (0.025, 0.975)
ASKED_RECALL = 0.95


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How well episodes are called a success: shares from 0 to 1, at the threshold of other episodes."""

    precision: float
    recall: float
    f1: float
    auroc: float
    fpr95: float


def best_threshold(scores: Scores, succeeded: Outcomes) -> float:
    """Return the score from which on success is foretold that has the highest F1: half-way to the next score below."""
    known = np.unique(scores[np.isfinite(scores)])
    if len(known) == 0:
        return np.inf
    middles = np.append((known[1:] + known[:-1]) / 2, known[0])
    middles = np.sort(middles)[::-1]
    found = [f1(scores >= one, succeeded) for one in middles]
    best = int(np.nanargmax(found)) if np.isfinite(found).any() else 0
    return float(middles[best])


def precision(foretold: Outcomes, succeeded: Outcomes) -> float:
    """Return the share of successes among those foretold; NaN where none is foretold."""
    return _share(succeeded[foretold])


def recall(foretold: Outcomes, succeeded: Outcomes) -> float:
    """Return the share of successes that are foretold; NaN where nothing succeeded."""
    return _share(foretold[succeeded])


def f1(foretold: Outcomes, succeeded: Outcomes) -> float:
    """Return the harmonic mean of precision and recall, 0 where nothing is foretold; NaN where nothing succeeded."""
    both = int(np.count_nonzero(foretold & succeeded))
    size = int(np.count_nonzero(foretold)) + int(np.count_nonzero(succeeded))
    return 2 * both / size if succeeded.any() else np.nan


def auroc(scores: Scores, succeeded: Outcomes) -> float:
    """Return the chance that a success scores above a failure, ties counting half; NaN where one of them is missing."""
    above, below = _split(scores, succeeded)
    if len(above) == 0 or len(below) == 0:
        return np.nan
    wins = above[:, None] > below[None, :]
    ties = above[:, None] == below[None, :]
    return float(np.mean(wins + 0.5 * ties))


def fpr_at_recall(scores: Scores, succeeded: Outcomes, asked: float = ASKED_RECALL) -> float:
    """Return the share of failures called a success where `asked` of the successes, or the next more, are found."""
    above, below = _split(scores, succeeded)
    if len(above) == 0 or len(below) == 0:
        return np.nan
    needed = int(np.ceil(asked * len(above) - 1e-9))
    return float(np.mean(below >= np.sort(above)[::-1][needed - 1]))


def verdicts(scores: Scores, succeeded: Outcomes, threshold: float) -> Verdicts:
    """Judge episodes by a threshold that was set on others, and by the order of their scores alone."""
    foretold = scores >= threshold
    return Verdicts(
        precision(foretold, succeeded),
        recall(foretold, succeeded),
        f1(foretold, succeeded),
        auroc(scores, succeeded),
        fpr_at_recall(scores, succeeded),
    )


def episode_interval(
    figure: Callable[[Places], float], episodes: int, seed: int = 0, clusters: Places | None = None
) -> tuple[float, float, float]:
    """Return a figure of all episodes and the ends of its 95 % interval, by the percentile bootstrap over episodes.

    `figure` takes places of episodes, any of them several times. `clusters` numbers what belongs together (the views of
    one episode), which is drawn together. Draws without a figure are left out.
    """
    everything = np.arange(episodes)
    value = figure(everything)
    if episodes == 0 or not np.isfinite(value):
        return np.nan, np.nan, np.nan
    groups = everything if clusters is None else np.unique(clusters, return_inverse=True)[1]
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, len(members), (RESAMPLES, len(members)))
    figures = np.array([figure(np.concatenate([members[group] for group in row])) for row in drawn.tolist()])
    known = figures[np.isfinite(figures)]
    low, high = np.quantile(known, TAILS).tolist() if len(known) else (np.nan, np.nan)
    return value, low, high


def _split(scores: Scores, succeeded: Outcomes) -> tuple[Scores, Scores]:
    known = np.where(np.isfinite(scores), scores, -np.inf)
    return known[succeeded], known[~succeeded]


def _share(values: Outcomes) -> float:
    return float(values.mean()) if len(values) else np.nan
