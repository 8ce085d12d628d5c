"""Which facts are asked: Facts and the names of their objects in, row numbers out.

The family is chosen first, then the kind by the paper's weight among those with facts left, then a fact of that kind
at random, never the same thing about the same objects twice. Numpy sorts once; a light loop over the draws remains.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase.references import Reference
from spatialvlm.records import Facts

_QUANTITIES = tuple(dict.fromkeys(kind.quantity for kind in KINDS.values()))


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What KINDS says about the kinds that a table of facts indexes.

    Kinds of one `topic` say the same: left of and right of, bigger and smaller, behind by and in front by.
    """

    topic: Int[np.ndarray, " k"]
    quantity: Int[np.ndarray, " k"]
    comparison: Bool[np.ndarray, " k"]
    weights: tuple[tuple[int, ...], tuple[int, ...]]
    quantitative: tuple[bool, ...]


@lru_cache(maxsize=64)
def _columns(kinds: tuple[str, ...]) -> _Columns:
    rows = [KINDS[name] for name in kinds]
    topics = {
        topic: i for i, topic in enumerate(dict.fromkeys((row.form, row.quantity, bool(row.sign)) for row in rows))
    }
    return _Columns(
        np.array([topics[row.form, row.quantity, bool(row.sign)] for row in rows], dtype=np.int64),
        np.array([_QUANTITIES.index(row.quantity) for row in rows], dtype=np.intp),
        np.array([row.form != "length" for row in rows], dtype=bool),
        (tuple(row.weights[0] for row in rows), tuple(row.weights[1] for row in rows)),
        tuple(row.family == "quantitative" for row in rows),
    )


def askable(
    facts: Facts, references: Sequence[Reference], wanted: frozenset[str]
) -> tuple[Int[np.ndarray, " m"], Counter[tuple[str, str]]]:
    """Find the rows to ask, and how many of each kind can't be: an object without a name, an answer in the names.

    `references` are those of `facts.object_ids`, in that order.
    """
    columns = _columns(facts.kinds)
    named = np.array([reference.phrase is not None for reference in references] + [True])  # b = -1 takes the last
    mask = np.array([name in wanted for name in facts.kinds], dtype=bool)[facts.kind]
    unnamed = mask & ~(named[facts.a] & named[facts.b])
    says = np.zeros((len(_QUANTITIES), len(references) + 1), dtype=np.int8)
    for i, reference in enumerate(references):
        for quantity, sign in reference.says:
            says[_QUANTITIES.index(quantity), i] = sign
    quantity = columns.quantity[facts.kind]
    given_away = mask & ~unnamed & (says[quantity, facts.a] * says[quantity, facts.b] < 0)
    refusals: Counter[tuple[str, str]] = Counter()
    for reason, rows in (("unnamed", unnamed), ("given_away", given_away)):
        counts = np.bincount(facts.kind[rows], minlength=len(facts.kinds)).tolist()
        refusals.update({(name, reason): count for name, count in zip(facts.kinds, counts) if count})
    return np.flatnonzero(mask & ~unnamed & ~given_away), refusals


def draw(
    facts: Facts,
    rows: Int[np.ndarray, " m"],
    rng: np.random.Generator,
    *,
    count: int,
    quantitative_share: float,
    similar_share: float,
    gravity: bool,
) -> list[int]:
    """Draw up to `count` of `rows`, in the order to ask them; where a family runs out, the other one fills in."""
    queues = _queues(facts, rows, rng, similar_share)
    columns = _columns(facts.kinds)
    weights = columns.weights[gravity]
    families = [
        _Family([(queue, weights[kind]) for kind, queue in queues if columns.quantitative[kind] is side])
        for side in (False, True)
    ]
    plan = np.arange(count) < np.floor(count * quantitative_share + rng.random())
    chosen = []
    for side, uniform in zip(rng.permutation(plan).tolist(), rng.random(count).tolist()):
        family = families[side] or families[not side]
        if not family:
            break
        chosen.append(family.pop(uniform))
    return chosen


class _Family:
    """The kinds of one family that have facts left, drawn by weight."""

    def __init__(self, kinds: list[tuple[list[int], int]]):
        self._kinds = [(queue, weight) for queue, weight in kinds if weight > 0]
        self._bounds = list(accumulate(weight for _, weight in self._kinds))

    def __bool__(self) -> bool:
        return bool(self._kinds)

    def pop(self, uniform: float) -> int:
        """Take the next fact of the kind that `uniform` in [0, 1) falls on."""
        i = bisect_right(self._bounds, uniform * self._bounds[-1], hi=len(self._bounds) - 1)
        queue = self._kinds[i][0]
        row = queue.pop()
        if not queue:
            del self._kinds[i]
            self._bounds = list(accumulate(weight for _, weight in self._kinds))
        return row


def _queues(
    facts: Facts, rows: Int[np.ndarray, " m"], rng: np.random.Generator, similar_share: float
) -> list[tuple[int, list[int]]]:
    """List per kind its rows in random order: one per set of objects, "similar" outcomes cut to their share."""
    rows = rng.permutation(rows)
    rows = rows[_first_of_each(facts, rows)]  # either order of two objects comes first with probability 1/2
    rows = _by_kind(facts, rows)
    rows = rows[_within_share(facts, rows, rng.random(len(facts.kinds)), similar_share)]
    rows = _by_kind(facts, rng.permutation(rows))  # what was cut came late: without this "similar" would come early
    kinds, starts = np.unique(facts.kind[rows], return_index=True)
    listed, bounds = rows.tolist(), [*starts.tolist(), len(rows)]
    return [(kind, listed[bounds[i] : bounds[i + 1]]) for i, kind in enumerate(kinds.tolist())]


def _by_kind(facts: Facts, rows: Int[np.ndarray, " m"]) -> Int[np.ndarray, " m"]:
    """Group the rows by kind, within a kind in the order they come in."""
    return rows[np.argsort(facts.kind[rows], kind="stable")]


def _first_of_each(facts: Facts, rows: Int[np.ndarray, " m"]) -> Bool[np.ndarray, " m"]:
    """Find which rows are the first about their topic and set of objects."""
    size = len(facts.object_ids) + 1
    topic = _columns(facts.kinds).topic[facts.kind[rows]]
    a, b = facts.a[rows].astype(np.int64), facts.b[rows].astype(np.int64)
    key = (topic * size + np.minimum(a, b) + 1) * size + np.maximum(a, b)
    narrow = np.uint16 if len(facts.kinds) * size * size < 1 << 16 else np.int64  # 16 bits sort 10 times as fast
    first = np.zeros(len(rows), dtype=bool)
    first[np.unique(key.astype(narrow), return_index=True)[1]] = True
    return first


def _within_share(
    facts: Facts, rows: Int[np.ndarray, " m"], uniform: Float64[np.ndarray, " k"], similar_share: float
) -> Bool[np.ndarray, " m"]:
    """Choose which rows (grouped by kind) stay so that "similar" is about that share of a kind's comparisons.

    On a floor nearly all bottoms are level: unchecked, most answers about above and below would be "about the same".
    """
    if similar_share >= 1:
        return np.ones(len(rows), dtype=bool)
    kind = facts.kind[rows]
    similar = _columns(facts.kinds).comparison[kind] & (facts.outcome[rows] == 0)
    decided = np.bincount(kind[~similar], minlength=len(facts.kinds))
    allowed = np.floor(decided * (similar_share / (1 - similar_share)) + uniform)
    rank = np.cumsum(similar)
    before = np.zeros(len(facts.kinds), dtype=np.int64)
    starts = np.flatnonzero(np.diff(kind, prepend=-1))
    before[kind[starts]] = rank[starts] - similar[starts]
    return ~similar | (rank - before[kind] <= allowed[kind])
