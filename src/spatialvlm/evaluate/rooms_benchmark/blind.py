"""How well one guesses without looking: questions of a benchmark in, shares of blind hits out.

The best constant of a kind of length is the one that lands in [50, 200] % of the truth most often, chosen with the
answers in hand, so it bounds what any constant can do; the majority answer of a comparison likewise.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from spatialvlm.evaluate.rooms_benchmark.definition import Asked
from spatialvlm.evaluate.rooms_benchmark.selection import Candidate
from spatialvlm.kinds import KINDS

WINDOW = 4.0  # from 50 % to 200 %: truths within this factor of each other share a constant


@dataclass(frozen=True, slots=True)
class Guess:
    """How a blind guess fares: `hits` of `count` questions. `guess` is the constant in metres, or the answer 1 or 0."""

    count: int
    hits: int
    guess: float

    @property
    def share(self) -> float:
        """Hits over questions."""
        return self.hits / self.count


def by_kind(asked: Iterable[Asked]) -> dict[str, Guess]:
    """The best blind guess of every kind."""
    groups: dict[str, list[float]] = defaultdict(list)
    for question in asked:
        groups[question.kind].append(question.value)
    return {kind: best_guess(kind, groups[kind]) for kind in KINDS if kind in groups}


def by_names(candidates: Sequence[Candidate]) -> dict[str, Guess]:
    """How someone fares who has learnt from the other rooms how things of these names usually compare or measure.

    The guess for a question is the best one for the questions of its kind about things of the same names, in this
    order, in the other rooms; where there are none, the best one for its kind there.
    """
    groups: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.asked.kind, *candidate.names].append(candidate)
        groups[candidate.asked.kind,].append(candidate)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for candidate in candidates:
        kind, value = candidate.asked.kind, candidate.asked.value
        others: list[float] = []
        for group in ((kind, *candidate.names), (kind,)):
            others = others or [other.asked.value for other in groups[group] if other.room != candidate.room]
        if others:
            guess = best_guess(kind, others).guess
            counts[kind][1] += value / 2 <= guess <= 2 * value if KINDS[kind].form == "length" else value == guess
        counts[kind][0] += 1
    return {kind: Guess(count, hits, float("nan")) for kind, (count, hits) in counts.items()}


def families(guesses: Iterable[tuple[str, Guess]]) -> tuple[Guess, Guess]:
    """All comparisons together, and all lengths; the guess is none (NaN)."""
    totals = [[0, 0], [0, 0]]
    for kind, guess in guesses:
        total = totals[KINDS[kind].form == "length"]
        total[0] += guess.count
        total[1] += guess.hits
    comparisons, lengths = (Guess(count, hits, float("nan")) for count, hits in totals)
    return comparisons, lengths


def best_guess(kind: str, values: Sequence[float]) -> Guess:
    """The best constant or the majority answer."""
    if KINDS[kind].form == "length":
        truths = np.sort(np.array(values, np.float64))
        reach = np.searchsorted(truths, truths * WINDOW, side="right") - np.arange(len(truths))
        best = int(reach.argmax())
        return Guess(len(values), int(reach[best]), float(2.0 * truths[best]))
    answer, hits = Counter(values).most_common(1)[0]
    return Guess(len(values), hits, float(answer))
