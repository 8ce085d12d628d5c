"""Guess from words alone: a learner that sees the names and the given length of a question, and no picture.

A point is named by its place in the image, of which the learner sees how far down that is: what is lower is nearer. Of
a count of a class, which names nothing, it sees the words of the question.

A conditional logit: each question has alternatives, each alternative has features, one weight a feature. For a pick the
alternatives are the things that are listed, by their words; for an order all orders, in which each word pulls its
thing to the front or to the back; for anything else the answers of the kind, each with the words of every slot.
"""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations

import numpy as np
from jaxtyping import Float64
from scipy.sparse import csr_array

from spatialvlm.answers import CannotTell, Choice, Clock, Count, Length, Order, YesNo
from spatialvlm.kinds import KINDS, LETTERS
from spatialvlm.records import QA

STRENGTH = 1e-3
STEPS, RATE = 120, 0.1
FOLDS = 5
MANY = 3
"""More than so many of a class are rare in a room."""
_PLACE = re.compile(r"the point at \(\d+, (\d+)\)")
LIMITS_M = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 1.8, 2.0, 2.5, 3.0)

Features = dict[Hashable, float]
Guess = Mapping[Hashable, float]
"""How likely each answer is."""


def label_of(qa: QA) -> Hashable:
    """Say what is to be guessed; None where it is a length, an angle or a place.

    Of a doubt it is whether it can be told, of a count of a class whether there are many.
    """
    match qa.value:
        case YesNo(yes):
            return yes
        case Choice(right=right) as choice:
            return right if KINDS[qa.kind].form.of_subjects else choice.chosen
        case Order(items):
            listed = qa.names[KINDS[qa.kind].subjects :]
            return tuple(listed.index(item) for item in items)
        case Count(number) if not KINDS[qa.kind].form.names_subjects:
            return min(number, MANY)
        case Count(number) | Clock(number):
            return number
        case CannotTell() | Length() if KINDS[qa.kind].form.name == "length_if_told":
            return isinstance(qa.value, Length)
    return None


class NameLearner:
    """Learns from questions of one kind; `labels` are all that it comes in."""

    def __init__(self, rows: Sequence[QA]):
        self._labels = sorted({label for row in rows if (label := label_of(row)) is not None}, key=repr)
        self._place: dict[Hashable, int] = {}
        table, starts, _ = self._table(rows, learn=True)
        right = np.array([start + self._right(row) for start, row in zip(starts, rows, strict=True)])
        target = np.zeros(len(np.diff(table.indptr)))
        target[right] = 1.0
        self._weights = np.zeros(len(self._place))
        mean, square = np.zeros((2, len(self._place)))
        for step in range(1, STEPS + 1):  # Adam
            miss = _chances(table @ self._weights, starts) - target
            slope = table.T @ miss / len(rows) + STRENGTH * self._weights
            mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
            self._weights -= RATE * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.999**step)) + 1e-9)

    def chances(self, rows: Sequence[QA]) -> list[dict[Hashable, float]]:
        """Tell how likely each answer of each question is."""
        table, starts, labels = self._table(rows, learn=False)
        chances = np.split(_chances(table @ self._weights, starts), starts[1:])
        return [dict(zip(names, some.tolist(), strict=True)) for names, some in zip(labels, chances, strict=True)]

    def _right(self, row: QA) -> int:
        return [label for label, _ in self._alternatives(row)].index(label_of(row))

    def _table(self, rows: Sequence[QA], *, learn: bool) -> tuple[csr_array, np.ndarray, list[list[Hashable]]]:
        """Lay out the features of all alternatives of all questions, and where each question's begin."""
        columns, values, ends, starts, labels = [], [], [0], [], []
        for row in rows:
            starts.append(len(ends) - 1)
            labels.append([])
            for label, features in self._alternatives(row):
                labels[-1].append(label)
                for feature, value in features.items():
                    place = self._place.setdefault(feature, len(self._place)) if learn else self._place.get(feature)
                    if place is not None:
                        columns.append(place)
                        values.append(value)
                ends.append(len(columns))
        return csr_array((values, columns, ends), (len(ends) - 1, len(self._place))), np.array(starts), labels

    def _alternatives(self, row: QA) -> Iterator[tuple[Hashable, Features]]:
        kind = KINDS[row.kind]
        listed, anchors = row.names[kind.subjects :], row.names[: kind.subjects]
        if kind.form.of_subjects and isinstance(row.value, Order):
            for order in permutations(range(len(listed))):
                pulls: Features = {}
                for rank, place in enumerate(order):
                    for trait, value in _traits(listed[place]).items():
                        pulls[trait] = pulls.get(trait, 0.0) + value * (1.0 - 2.0 * rank / (len(listed) - 1))
                yield order, pulls
        elif kind.form.of_subjects:
            about = [word for anchor in anchors for word in _words(anchor)]
            for place, option in enumerate(listed):
                words = _words(option)
                pairs = [(one, word) for one in about for word in words]
                yield place, dict.fromkeys([*pairs, place], 1.0) | _traits(option)
        else:
            said = ["", *_slots(row)]
            for label in self._labels:
                yield label, {(label, one): 1.0 for one in said}


def _slots(row: QA) -> list[Hashable]:
    kind, given = KINDS[row.kind], row.fact.given
    letters = [LETTERS[min(place, kind.subjects)] for place in range(len(row.names))]
    said: list[Hashable] = [(letter, word) for letter, name in zip(letters, row.names) for word in _words(name)]
    if given is not None:
        over = [limit for limit in LIMITS_M if given >= limit]
        said += [*over, *((row.names[0], limit) for limit in over), ("listed", len(row.names))]
    if not kind.form.names_subjects:
        said += re.findall(r"\w+", row.question.lower())
    return list(dict.fromkeys(said))


@cache
def _traits(name: str) -> Features:
    """List what a name says of a thing that is picked or ordered."""
    place = _PLACE.search(name)
    return {"down": int(place[1]) / 1000} if place else dict.fromkeys(_words(name), 1.0)


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, *name.lower().split()[1:])))


def _chances(scores: Float64[np.ndarray, " a"], starts: np.ndarray) -> Float64[np.ndarray, " a"]:
    sizes = np.diff([*starts, len(scores)])
    raised = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), sizes))
    return raised / np.repeat(np.add.reduceat(raised, starts), sizes)


def guess_by_names(rooms: Sequence[int], rows: Sequence[QA]) -> list[Guess]:
    """Guess the answers of questions of one kind, each learnt from those about other rooms."""
    fold = {room: place % FOLDS for place, room in enumerate(sorted(set(rooms)))}
    found: list[Guess] = [{}] * len(rows)
    for held in sorted(set(fold.values())):
        learner = NameLearner([row for room, row in zip(rooms, rows) if fold[room] != held] or rows)
        test = [place for place, room in enumerate(rooms) if fold[room] == held]
        for place, guess in zip(test, learner.chances([rows[place] for place in test]), strict=True):
            found[place] = guess
    return found
