"""Which facts are asked: Facts and the names of their objects in, row numbers out.

The family is chosen first, then the kind by the paper's weight among those with facts left, then a fact of that kind
at random, never the same thing about the same objects twice. Facts that their names predict are left out with the
odds of `what_names_tell`. Numpy sorts once; a light loop over the draws remains.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, combinations

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.kinds import KINDS, MIXES, Kind
from spatialvlm.pipeline.phrase.references import Reference
from spatialvlm.records import Facts

_PLACES = ("x", "y")
"""What names claim of these holds against everything in the image; a tall mug is tall among mugs."""
_UP, _DOWN, _SIDE = 1, 2, 4
"""What names claim of a fact's subjects: the most or the least of what is asked, the viewer's left or right."""
_QUANTITIES = tuple(dict.fromkeys(kind.given_away_by for kind in KINDS.values()))


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """What KINDS says, in its order, which is that of `Facts.kinds`.

    Kinds of one `topic` say the same: left of and right of, bigger and smaller, behind by and in front by. `led`: the
    first subject has a role of its own. `revealed` tells by the claims of the names whether they answer the question,
    `names` whether there are any.
    """

    topic: Int[np.ndarray, " k"]
    led: Bool[np.ndarray, " k"]
    quantity: Int[np.ndarray, " k"]
    revealed: Bool[np.ndarray, "k c"]
    comparison: Bool[np.ndarray, " k"]
    names: Bool[np.ndarray, " k"]
    in_image: Bool[np.ndarray, " k"]
    weights: tuple[tuple[int, ...], tuple[int, ...]]
    quantitative: tuple[bool, ...]


@cache
def _columns() -> _Columns:
    rows = tuple(KINDS.values())
    of_topic = [(row.form.name, row.quantity, row.form.directed) for row in rows]
    topics = {topic: place for place, topic in enumerate(dict.fromkeys(of_topic))}
    return _Columns(
        np.array([topics[topic] for topic in of_topic], dtype=np.int64),
        np.array([row.led for row in rows], dtype=bool),
        np.array([_QUANTITIES.index(row.given_away_by) for row in rows], dtype=np.intp),
        np.array([[_reveals(row, claims) for claims in range(8)] for row in rows], dtype=bool),
        np.array([row.form.compares for row in rows], dtype=bool),
        np.array([row.form.names_subjects and not row.pointed for row in rows], dtype=bool),
        np.array([row.form.in_image for row in rows], dtype=bool),
        (tuple(row.weights[0] for row in rows), tuple(row.weights[1] for row in rows)),
        tuple(row.family == "quantitative" for row in rows),
    )


def _reveals(kind: Kind, claims: int) -> bool:
    """Tell whether claims answer a question: opposite ones, any of a place in the image, a side where it asks one."""
    claimed = claims & (_UP | _DOWN)
    placed = kind.given_away_by in _PLACES and not kind.form.is_number
    return claimed == _UP | _DOWN or bool(placed and claimed) or bool(kind.sided and claims & _SIDE)


def askable(
    facts: Facts, references: Sequence[Reference], wanted: frozenset[str], *, placed: bool = False
) -> tuple[Int[np.ndarray, " m"], Counter[tuple[str, str]]]:
    """Find the rows to ask, and how many of each kind can't be: an object without a name, an answer in the names.

    `references` are those of `facts.object_ids`, in that order. `placed`: objects are called by their places alone.
    Facts about points say no names of objects.
    """
    names = [kind.name for kind in facts.kinds]
    mask = np.array([name in wanted for name in names], dtype=bool)[facts.kind]
    named = np.array([reference.phrase is not None for reference in references] + [True])  # -1 takes the last
    all_named = np.ones(len(facts), dtype=bool)
    for subject in facts.subjects.T:
        all_named &= named[subject]
    says_names = mask & _columns().names[facts.kind]
    unnamed = says_names & ~all_named
    told = _claimed(facts, references) | _related(facts, references)
    if placed:
        told |= _columns().in_image[facts.kind]
    given_away = says_names & all_named & told
    refusals: Counter[tuple[str, str]] = Counter()
    for reason, rows in (("unnamed", unnamed), ("given_away", given_away)):
        counts = np.bincount(facts.kind[rows], minlength=len(names)).tolist()
        refusals.update({(name, reason): count for name, count in zip(names, counts) if count})
    return np.flatnonzero(mask & ~unnamed & ~given_away), refusals


def _claimed(facts: Facts, references: Sequence[Reference]) -> Bool[np.ndarray, " f"]:
    """Find the facts whose names answer the question by what they say of their objects."""
    columns = _columns()
    says = np.zeros((len(_QUANTITIES), len(references) + 1), dtype=np.uint8)
    for i, reference in enumerate(references):
        for quantity, sign in reference.says:
            says[_QUANTITIES.index(quantity), i] = _UP if sign > 0 else _DOWN
    if not says.any():
        return np.zeros(len(facts), dtype=bool)
    of_kind = says[columns.quantity] | np.where(says[_QUANTITIES.index("x")], np.uint8(_SIDE), np.uint8(0))
    claims = np.zeros(len(facts), dtype=np.uint8)
    for subject in facts.subjects.T:
        claims |= of_kind[facts.kind, subject]
    return columns.revealed[facts.kind, claims]


def _related(facts: Facts, references: Sequence[Reference]) -> Bool[np.ndarray, " f"]:
    """Find the facts of which one name relates its object to another subject: "the mug on the desk" and the desk."""
    found = np.zeros(len(facts), dtype=bool)
    related = np.zeros((len(references) + 1, len(references) + 1), dtype=bool)
    for i, one in enumerate(references):
        if one.mentions:
            for j, other in enumerate(references):
                if i != j and not one.mentions.isdisjoint(other.heads):
                    related[i, j] = related[j, i] = True
    if related.any():
        for one, other in combinations(facts.subjects.T, 2):
            found |= related[one, other]
    return found


def draw(
    facts: Facts,
    rows: Int[np.ndarray, " m"],
    rng: np.random.Generator,
    *,
    count: int,
    quantitative_share: float,
    similar_share: float,
    gravity: bool,
    odds: Float64[np.ndarray, " f"] | None = None,
) -> list[int]:
    """Draw up to `count` of `rows`, in the order to ask them; where a family runs out, the other one fills in.

    `odds` say of each fact how likely it stays among what may be drawn."""
    queues = _queues(facts, rows, rng, similar_share, odds)
    columns = _columns()
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
    facts: Facts,
    rows: Int[np.ndarray, " m"],
    rng: np.random.Generator,
    similar_share: float,
    odds: Float64[np.ndarray, " f"] | None,
) -> list[tuple[int, list[int]]]:
    """List per kind its rows in random order: one per set of objects, "similar" outcomes cut to their share."""
    rows = rng.permutation(rows)
    rows = rows[_first_of_each(facts, rows)]  # either order of two objects comes first with probability 1/2
    if odds is not None:
        rows = rows[rng.random(len(rows)) < odds[rows]]
    rows = _by_kind(facts, rows)
    uniform = np.zeros(len(KINDS))
    uniform[: len(MIXES["paper"])] = rng.random(len(MIXES["paper"]))  # only those compare: new kinds move no draw
    rows = rows[_within_share(facts, rows, uniform, similar_share)]
    rows = _by_kind(facts, rng.permutation(rows))  # what was cut came late: without this "similar" would come early
    kinds, starts = np.unique(facts.kind[rows], return_index=True)
    listed, bounds = rows.tolist(), [*starts.tolist(), len(rows)]
    return [(kind, listed[bounds[i] : bounds[i + 1]]) for i, kind in enumerate(kinds.tolist())]


def _by_kind(facts: Facts, rows: Int[np.ndarray, " m"]) -> Int[np.ndarray, " m"]:
    """Group the rows by kind, within a kind in the order they come in."""
    return rows[np.argsort(facts.kind[rows], kind="stable")]


def _first_of_each(facts: Facts, rows: Int[np.ndarray, " m"]) -> Bool[np.ndarray, " m"]:
    """Find which rows are the first about their topic and set of objects, and the one that has a role of its own."""
    size, columns = len(facts.object_ids) + 1, _columns()
    kind, subjects = facts.kind[rows], facts.subjects[rows]
    key = columns.topic[kind]
    if subjects.shape[1] > 1:
        plain = np.sort(subjects, axis=1)
        if subjects.shape[1] > 2:
            subjects[:, 1:] = np.sort(subjects[:, 1:], axis=1)
            subjects = np.where(columns.led[kind][:, None], subjects, plain)
        else:
            subjects = plain
    for place in range(subjects.shape[1]):
        key = key * size + subjects[:, place] + 1
    keys = int(key.max(initial=0)) + 1
    narrow = np.uint16 if keys < 1 << 16 else np.int64  # 16 bits sort 10 times as fast
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
    similar = _columns().comparison[kind] & (facts.outcome[rows] == 0)
    decided = np.bincount(kind[~similar], minlength=len(facts.kinds))
    allowed = np.floor(decided * (similar_share / (1 - similar_share)) + uniform)
    rank = np.cumsum(similar)
    before = np.zeros(len(facts.kinds), dtype=np.int64)
    starts = np.flatnonzero(np.diff(kind, prepend=-1))
    before[kind[starts]] = rank[starts] - similar[starts]
    return ~similar | (rank - before[kind] <= allowed[kind])
