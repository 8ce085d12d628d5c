"""Scores of answers, and the groups that they belong to -> accuracies.

Sources. All variants right: 3DSRBench, arXiv 2412.07825 (a question with its options rotated; a picture and its mirror
image). Accuracy above chance: SITE, arXiv 2505.05456. Means of means: VSI-Bench, arXiv 2412.14171 (tasks; the three
direction tasks count as one), CV-Bench, arXiv 2406.16860 (2D and 3D; ADE20K and COCO within 2D).

An answer that cannot be read is a score of 0 or a verdict of False.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Bool, Int, Real

Scores = Real[np.ndarray, " n"] | Bool[np.ndarray, " n"]
Groups = Sequence[Hashable]
Name = TypeVar("Name", bound=Hashable)


def accuracy(scores: Scores) -> float:
    """Compute the mean of scores in [0, 1]; NaN of none."""
    return float(np.mean(scores)) if len(scores) else float("nan")


def all_right(right: Bool[np.ndarray, " n"], groups: Groups) -> Bool[np.ndarray, " g"]:
    """Tell for each group whether all of its rows are right; in the order in which groups appear.

    Rows of a group that were not asked are not missed: a picture without a mirror image is a group of its own.
    """
    place, count = _places(groups)
    verdicts = np.ones(count, np.bool_)
    np.logical_and.at(verdicts, place, right)
    return verdicts


def circular(right: Bool[np.ndarray, " n"], questions: Groups) -> float:
    """Compute the share of questions that are right with their options in every rotation; NaN of none."""
    return accuracy(all_right(right, questions))


def flip(right: Bool[np.ndarray, " n"], questions: Groups) -> float:
    """Compute the share of questions that are right on the picture and on its mirror image; NaN of none.

    With groups that hold rotations too, both are asked for at once.
    """
    return accuracy(all_right(right, questions))


def chance_adjusted(scores: Scores, options: Int[np.ndarray, " n"]) -> float:
    """Compute (sum X - sum 1/n) / (N - sum 1/n), with n the number of options of each row: 0 by chance, 1 at best.

    Worse than chance is negative. NaN of none, and where no row has more than one option.
    """
    chance = float(np.sum(1.0 / options))
    room = len(scores) - chance
    return (float(np.sum(scores)) - chance) / room if room > 0 else float("nan")


def group_means(scores: Scores, groups: Sequence[Name]) -> dict[Name, float]:
    """Compute the mean score of each group, in the order in which groups appear."""
    place, count = _places(groups)
    sums = np.bincount(place, weights=np.asarray(scores, np.float64), minlength=count)
    sizes = np.bincount(place, minlength=count)
    return dict(zip(dict.fromkeys(groups), (sums / sizes).tolist(), strict=True))


def macro_mean(scores: Scores, *levels: Groups) -> float:
    """Compute the mean of the means of groups, from the inmost level to the outermost; NaN of none.

    `levels` go from the outermost to the inmost, and each names a group of every row. With one level it is the plain
    macro mean. CV-Bench: macro_mean(scores, dimension, source). VSI-Bench: macro_mean(scores, task, difficulty), where
    the easy, medium and hard directions are one task, and a task without difficulties has one.
    """
    if len(scores) == 0:
        return float("nan")
    values = np.asarray(scores, np.float64)
    paths = list(zip(*levels, strict=True)) if levels else [()] * len(values)
    for depth in range(len(levels), -1, -1):
        means = group_means(values, [path[:depth] for path in paths])
        paths, values = list(means), np.array(list(means.values()))
    return float(values[0])


def _places(groups: Groups) -> tuple[Int[np.ndarray, " n"], int]:
    """Number each row's group, from 0 in the order in which groups appear, and how many there are."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(groups))}
    return np.array([numbers[name] for name in groups], np.int64), len(numbers)
