"""Two runs on the same questions: two Results enter, what differs and whether that can be told leaves.

Questions are paired by task and id; those of one run alone are counted and left out. A difference is the second run's
mean less the first's over the common questions, with its paired 95 % bootstrap interval: both runs are drawn again
together, all questions about the same pictures at once. It can be told where 0 lies outside that interval and there are
enough pictures (FEWEST). Where scores are 0 or 1 there is the exact p of McNemar's test too, which takes each question
as evidence of its own, so that it is too sure where many share a picture.

Source: McNemar, Psychometrika 12, 1947; exact as a two-sided sign test of the questions on which the two differ.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import bdtr

from spatialvlm.errors import DatasetError, UserError
from spatialvlm.evaluate.metrics.bootstrap import difference_interval
from spatialvlm.evaluate.report.measures import FEWEST, tidy
from spatialvlm.evaluate.report.rows import cluster_numbers, value_of
from spatialvlm.evaluate.report.run_tables import short
from spatialvlm.evaluate.results import Results, TaskRun
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.page import counted

SHOWN = 10
"""Ids of one run alone that are listed."""

TOLD = {True: "{better} is better", False: "no difference can be told"}
SAME = ("prompt_sha256", "data", "parser", "track", "limit")
"""What has to be the same of a task for its scores to be comparable."""
_NAMES = {"prompt_sha256": "prompts", "data": "data", "parser": "parsers", "track": "tracks", "limit": "limits"}

Pair = tuple[Scored, Scored]


def compare_runs(first: Results, second: Results) -> dict[str, Any]:
    """Compare runs by task and kind, JSON values only. Raises UserError where they have no question in common."""
    heads = [{one.task: one for one in results.run.tasks} for results in (first, second)]
    tasks = [name for name in heads[0] if name in heads[1]]
    found = {
        name: _task(first.scored[name], second.scored[name], _warnings(heads[0][name], heads[1][name]))
        for name in tasks
    }
    if not any(one["n"] for one in found.values()):
        names = " and ".join(", ".join(one) or "none" for one in heads)
        raise UserError(f"no question in common: got the tasks {names}; evaluate both models on the same task")
    return tidy(
        {
            "first": {"model": first.run.model, "version": first.run.version},
            "second": {"model": second.run.model, "version": second.run.version},
            "only_first": [name for name in heads[0] if name not in heads[1]],
            "only_second": [name for name in heads[1] if name not in heads[0]],
            "tasks": found,
        }
    )


def _task(first: Sequence[Scored], second: Sequence[Scored], warnings: list[str]) -> dict[str, Any]:
    ours, theirs = _by_id(first), _by_id(second)
    common = sorted(ours.keys() & theirs.keys())
    pairs = [(ours[name], theirs[name]) for name in common]
    other = sum(a.item.truth != b.item.truth or a.item.question != b.item.question for a, b in pairs)
    if other:
        warnings.append(
            f"{counted(other, 'question')} with the same id in both runs, but with other words or another truth"
        )
    alone = [sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())]
    kinds = sorted({a.item.kind for a, _ in pairs})
    by_kind = {kind: [pair for pair in pairs if pair[0].item.kind == kind] for kind in kinds}
    return {
        "n": len(pairs),
        "only_first": {"count": len(alone[0]), "ids": alone[0][:SHOWN]},
        "only_second": {"count": len(alone[1]), "ids": alone[1][:SHOWN]},
        "warnings": warnings,
        **_both(pairs),
        "kinds": {kind: _both(some) for kind, some in by_kind.items()},
    }


def _both(pairs: Sequence[Pair]) -> dict[str, dict[str, Any] | None]:
    """Compare the two runs over some questions, by our parser and by the official rule."""
    return {rule: _paired(pairs, rule) for rule in ("robust", "official")}


def _paired(pairs: Sequence[Pair], rule: str) -> dict[str, Any] | None:
    """Compare them over some questions by one rule; None of none, and where either run has no such scores."""
    scores = [[getattr(one, rule) for one in pair] for pair in pairs]
    if any(None in found for found in scores):
        return None
    first, second = (np.array([value_of(found[which]) for found in scores], np.float64) for which in (0, 1))
    # as either run knows the pictures of a question
    clusters = cluster_numbers([a if a.item.pictures else b for a, b in pairs]).tolist()
    difference = difference_interval(second, first, clusters)
    if difference is None:
        return None
    wins, losses = int(np.sum(second > first)), int(np.sum(second < first))
    outside = not difference.low <= 0.0 <= difference.high
    few = len(set(clusters)) < FEWEST
    ends = (None, None) if few else (difference.low, difference.high)
    whole = bool(np.all(np.isin(first, (0.0, 1.0)) & np.isin(second, (0.0, 1.0))))
    return {
        "n": len(pairs),
        "clusters": len(set(clusters)),
        "first": float(np.mean(first)),
        "second": float(np.mean(second)),
        "difference": {"mean": difference.value, "low": ends[0], "high": ends[1]},
        "second_better": wins,
        "first_better": losses,
        "ties": len(pairs) - wins - losses,
        "mcnemar_p": mcnemar(wins, losses) if whole else None,
        "told": outside and not few,
    }


def mcnemar(wins: int, losses: int) -> float:
    """Compute the exact two-sided p that so uneven a split of the questions on which two runs differ is chance."""
    if wins == losses:
        return 1.0
    return min(1.0, 2.0 * float(bdtr(min(wins, losses), wins + losses, 0.5)))


def verdict(paired: Mapping[str, Any] | None, first: str, second: str) -> str:
    """Put in words what can be said of two runs."""
    if paired is None:
        return "nothing in common"
    if not paired["told"]:
        few = paired["clusters"] < FEWEST
        return TOLD[False] + (f": fewer than {FEWEST} sets of pictures" if few else "")
    return TOLD[True].format(better=second if paired["difference"]["mean"] > 0 else first)


def _by_id(scored: Sequence[Scored]) -> dict[str, Scored]:
    found = {one.item.id: one for one in scored}
    if len(found) < len(scored):
        ids = [one.item.id for one in scored]
        twice = next(name for name in ids if ids.count(name) > 1)
        raise DatasetError(f"item {twice!r}: twice in one task; expected each id once; evaluate again")
    return found


def _warnings(first: TaskRun, second: TaskRun) -> list[str]:
    found = []
    for name in SAME:
        a, b = getattr(first, name), getattr(second, name)
        if a != b:
            shown = [f"{short(value)!r}" if isinstance(value, str) else str(value or "all") for value in (a, b)]
            found.append(f"the {_NAMES[name]} differ: {shown[0]} and {shown[1]}")
    return found
