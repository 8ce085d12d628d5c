"""What names alone tell of the answers: facts and the names of their objects in, how likely each one is asked out.

Whoever knows that a fridge is taller than a mug needs no picture. `what_names_tell.tsv` says for words, pairs of words
and clauses how far they speak for more of a quantity; names add up their words, and an answer adds up what the names of
its subjects say for it and against the others (`Form.leanings`). The sum is its margin m. A fact stays with the odds
min(1, exp(-m)), so that of those that stay as many go against the names as with them. That is what the weights were
fitted for, on rooms (benchmarks/fit_names.py): no word is right more often than chance among what is kept.

A fact is left alone where the table does not know what some name calls its object.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.captions import CUTS
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase.references import Reference
from spatialvlm.records import Facts

SAME = "same "
"""Before a quantity: the column of how far words speak for "about the same"."""
Rows = Int[np.ndarray, " m"]


@dataclass(frozen=True, slots=True, eq=False)
class WordTable:
    """What words tell: for each a row of numbers, one for each of the columns."""

    columns: tuple[str, ...]
    rows: Mapping[str, Float64[np.ndarray, " c"]]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What the names of the objects of an image tell, in their order, and at the end nothing, for no object."""

    scores: Float64[np.ndarray, "n c"]
    known: Bool[np.ndarray, " n"]


@dataclass(frozen=True, slots=True, eq=False)
class Leanings:
    """What some of the rows take from the names: of which object, from which column, with which weight.

    `objects` index those of the Facts, or `words` where these are given: the limits that questions give.
    """

    rows: Rows
    objects: Rows
    columns: Rows
    weights: Float64[np.ndarray, " m"]
    words: tuple[str, ...] | None = None


@cache
def load_table() -> WordTable:
    """Read the table of the package."""
    text = files("spatialvlm.pipeline.phrase").joinpath("what_names_tell.tsv").read_text(encoding="utf-8")
    head, *lines = [line.split("\t") for line in text.splitlines()]
    return WordTable(
        tuple(head[1:]),
        MappingProxyType({word: np.array([float(cell or 0.0) for cell in cells]) for word, *cells in lines}),
    )


def features_of(phrase: str) -> tuple[str, ...]:
    """Take a name apart: what it calls the object first, then the words before that, their pairs, and its clauses.

    "the white coffee table on the left" is "table", "white-", "coffee-", "white coffee", "coffee table", "on the left".
    """
    words = phrase.lower().split()[1:]
    cuts = [place for place, word in enumerate(words) if place and word in CUTS]
    chunks = [words[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(words)])]
    noun, *clauses = chunks
    before = [f"{word}-" for word in noun[:-1]]
    return tuple(dict.fromkeys((*noun[-1:], *before, *map(" ".join, (*pairwise(noun), *clauses)))))


def told_by(references: Sequence[Reference]) -> Told:
    """Look up what names tell."""
    told = [_score(one.phrase or "") for one in references]
    nothing = np.zeros(len(load_table().columns))
    return Told(np.stack([*(scores for scores, _ in told), nothing]), np.array([*(known for _, known in told), True]))


@lru_cache(maxsize=1 << 14)
def _score(phrase: str) -> tuple[Float64[np.ndarray, " c"], bool]:
    """Add up what a name tells, and say whether the table knows what it calls its object."""
    table, features = load_table(), features_of(phrase)
    scores = sum((table.rows[one] for one in features if one in table.rows), np.zeros(len(table.columns)))
    return scores, not table.rows.keys().isdisjoint(features[:1])


def odds_of(facts: Facts, rows: Rows, references: Sequence[Reference]) -> Float64[np.ndarray, " f"]:
    """Say how likely each fact is to be asked, of those in `rows`; the others get 1."""
    found = np.ones(len(facts))
    found[rows] = odds(facts, rows, told_by(references))
    return found


def odds(facts: Facts, rows: Rows, told: Told) -> Float64[np.ndarray, " m"]:
    """Say how likely each row of Facts is to be asked."""
    table, margin = load_table(), np.zeros(len(rows))
    for leaning in leanings_of(facts, rows, _places()):
        scores = told.scores if leaning.words is None else np.stack([_of_limit(table, word) for word in leaning.words])
        margin[leaning.rows] += scores[leaning.objects, leaning.columns] * leaning.weights
    if not told.known.all():
        for subject in facts.subjects[rows].T:
            margin[~told.known[subject]] = 0.0
    return np.exp(-np.maximum(margin, 0.0))


def _of_limit(table: WordTable, word: str) -> Float64[np.ndarray, " c"]:
    return table.rows.get(word, np.zeros(len(table.columns)))


@cache
def _places() -> Mapping[str, int]:
    return {column: place for place, column in enumerate(load_table().columns)}


def leanings_of(facts: Facts, rows: Rows, places: Mapping[str, int]) -> Iterator[Leanings]:
    """List all that rows of Facts take from names, for the columns at these places; the others say nothing."""
    kinds = facts.kind[rows]
    yield from _of_comparisons(facts, rows, places)
    for number, name in _leaning():
        own = np.flatnonzero(kinds == number)
        if len(own):
            yield from _of_kind(facts, rows[own], own, name, places)


@cache
def _leaning() -> tuple[tuple[int, str], ...]:
    """List the kinds that names have to do with, beyond comparisons."""
    outcome, listed = np.zeros(1, np.int8), np.array([3])
    return tuple(
        (number, kind.name)
        for number, kind in enumerate(KINDS.values())
        if not kind.form.compares and kind.form.leanings(kind, outcome, listed)
    )


def _of_comparisons(facts: Facts, rows: Rows, places: Mapping[str, int]) -> Iterator[Leanings]:
    """List what comparisons of all kinds take at once: they are most of the rows."""
    compares, sign, column, same, even_weight = _comparing(tuple(places))
    kinds = facts.kind[rows]
    own = np.flatnonzero(compares[kinds])
    if not len(own):
        return
    kinds, subjects = kinds[own], facts.subjects[rows[own]]
    outcome = facts.outcome[rows[own]] * sign[kinds]
    even = outcome == 0
    columns, weights = np.where(even, same[kinds], column[kinds]), even * even_weight[kinds]
    yield Leanings(own, subjects[:, 0], columns, weights + outcome)
    yield Leanings(own, subjects[:, 1], columns, weights - outcome)


@lru_cache(maxsize=4)
def _comparing(columns: tuple[str, ...]) -> tuple[Bool[np.ndarray, " k"], Rows, Rows, Rows, Float64[np.ndarray, " k"]]:
    """Look up by kind: does it compare, its sign, the columns of its quantity and of "about the same", if any."""
    found = []
    for kind in KINDS.values():
        told = kind.form.compares and kind.quantity in columns
        both = told and SAME + kind.quantity in columns
        found.append(
            (
                told,
                kind.sign,
                columns.index(kind.quantity) if told else 0,
                columns.index(SAME + kind.quantity) if both else 0,
                float(both),
            )
        )
    compares, sign, column, same, weight = (np.array(values) for values in zip(*found))
    return compares, sign, column, same, weight


def _of_kind(facts: Facts, rows: Rows, own: Rows, name: str, places: Mapping[str, int]) -> Iterator[Leanings]:
    kind, subjects = KINDS[name], facts.subjects[rows]
    listed = (subjects >= 0).sum(axis=1) - kind.subjects
    words, limits = (), np.zeros(len(rows), np.intp)
    if kind.given:
        said = [limit_word(given, count) for given, count in zip(facts.given[rows].tolist(), listed.tolist())]
        words = tuple(dict.fromkeys(said))
        limits = np.array([words.index(word) for word in said], np.intp)
    for one in kind.form.leanings(kind, facts.outcome[rows], listed):
        if one.column in places:
            column = np.full(len(rows), places[one.column], np.intp)
            if one.place is None:
                yield Leanings(own, limits, column, one.weight, words)
            else:
                yield Leanings(own, subjects[:, one.place].astype(np.intp), column, one.weight)


def limit_word(metres: float, listed: int) -> str:
    """Say what the table calls the length that a question gives, about so many that it lists."""
    return f"{metres:g} m of {listed}" if listed else f"{metres:g} m"
