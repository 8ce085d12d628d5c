"""Guess without looking: questions of a benchmark in, shares of blind hits out.

The best constant of a kind of length is the one that lands in [50, 200] % of the truth most often, chosen with the
answers in hand, so it bounds what any constant can do; the majority answer of a comparison likewise.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from choose_rooms.selection import Candidate
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkQuestion
from spatialvlm.kinds import KINDS

WINDOW = 4.0  # from 50 % to 200 %: truths within this factor of each other share a constant


@dataclass(frozen=True, slots=True)
class BlindGuess:
    """How a blind guess fares: `hits` of `count` questions. `guess` is the constant in metres, or the answer 1 or 0."""

    count: int
    hits: int
    guess: float

    @property
    def share(self) -> float:
        """Hits over questions."""
        return self.hits / self.count


def guess_by_kind(questions: Iterable[BenchmarkQuestion]) -> dict[str, BlindGuess]:
    """Find the best blind guess of every kind."""
    groups: dict[str, list[float]] = defaultdict(list)
    for question in questions:
        groups[question.kind].append(question.value)
    return {kind: best_guess(kind, groups[kind]) for kind in KINDS if kind in groups}


def guess_by_names(candidates: Sequence[Candidate]) -> dict[str, BlindGuess]:
    """Guess as someone who has learnt from the other rooms how things of these names usually compare or measure.

    The guess for a question is the best one for the questions of its kind about things of the same names, in this
    order, in the other rooms; where there are none, the best one for its kind there.
    """
    groups: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.question.kind, *candidate.names].append(candidate)
        groups[candidate.question.kind,].append(candidate)
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for candidate in candidates:
        kind, value = candidate.question.kind, candidate.question.value
        others: list[float] = []
        for group in ((kind, *candidate.names), (kind,)):
            others = others or [other.question.value for other in groups[group] if other.room != candidate.room]
        if others:
            guess = best_guess(kind, others).guess
            is_length = KINDS[kind].family == "quantitative"
            counts[kind][1] += value / 2 <= guess <= 2 * value if is_length else value == guess
        counts[kind][0] += 1
    return {kind: BlindGuess(count, hits, float("nan")) for kind, (count, hits) in counts.items()}


def sum_families(guesses: Iterable[tuple[str, BlindGuess]]) -> tuple[BlindGuess, BlindGuess]:
    """Add up all comparisons, and all lengths; the guess is none (NaN)."""
    totals = [[0, 0], [0, 0]]
    for kind, guess in guesses:
        total = totals[KINDS[kind].family == "quantitative"]
        total[0] += guess.count
        total[1] += guess.hits
    comparisons, lengths = (BlindGuess(count, hits, float("nan")) for count, hits in totals)
    return comparisons, lengths


def best_guess(kind: str, values: Sequence[float]) -> BlindGuess:
    """Find the best constant or the majority answer."""
    if KINDS[kind].family == "quantitative":
        truths = np.sort(np.array(values, np.float64))
        reach = np.searchsorted(truths, truths * WINDOW, side="right") - np.arange(len(truths))
        best = int(reach.argmax())
        return BlindGuess(len(values), int(reach[best]), float(2.0 * truths[best]))
    answer, hits = Counter(values).most_common(1)[0]
    return BlindGuess(len(values), hits, float(answer))
