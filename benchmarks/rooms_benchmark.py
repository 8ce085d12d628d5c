"""How well one guesses the rooms benchmark without looking: python benchmarks/rooms_benchmark.py

For every kind: how many questions, and how often the best blind guess is right: the majority answer of a comparison,
the constant that lands in [50, 200] % of the truth of a length most often. And how far what the pipeline measures is
from the true lengths of the visible surfaces.
"""

from collections import Counter

import numpy as np

from choose_rooms.blind_guesses import guess_by_kind, sum_families
from spatialvlm.evaluate.rooms_benchmark.definition import BenchmarkDefinition, BenchmarkQuestion, load_definition
from spatialvlm.kinds import KINDS


def print_figures(definition: BenchmarkDefinition) -> None:
    """Print the table, and the two figures that the benchmark promises."""
    questions = [question for room in definition.rooms for question in room.questions]
    guesses = guess_by_kind(questions)
    for kind, guess in guesses.items():
        print(f"{kind:24}{guess.count:6}{guess.share:8.1%}")
    comparisons, lengths = sum_families(guesses.items())
    values = sorted(question.value for question in questions if KINDS[question.kind].family == "quantitative")
    per_room = Counter(len(room.questions) for room in definition.rooms)
    print(f"rooms {len(definition.rooms)}, questions {len(questions)}, a room {min(per_room)} to {max(per_room)}")
    print(f"comparisons {comparisons.count}: the majority answer is right for {comparisons.share:.1%}")
    print(
        f"lengths {lengths.count} of {values[0]:.2f} to {values[-1]:.1f} m: the best constant hits {lengths.share:.1%}"
    )
    print_truth([question for question in questions if question.visible_m is not None])


def print_truth(lengths: list[BenchmarkQuestion]) -> None:
    """Print how far the measured lengths are from the true ones."""
    true_m = np.array([question.visible_m for question in lengths])
    off_m = np.abs(np.array([question.value for question in lengths]) - true_m)
    share, worst = off_m / true_m, int(np.argmax(off_m / true_m))
    kind, at_m, by_m = lengths[worst].kind, true_m[worst], off_m[worst]
    print(
        f"measured lengths against the {len(lengths)} true ones: off by {np.median(share):.2%} in the median, by "
        f"{np.quantile(share, 0.95):.2%} at the 95th percentile, by {share[worst]:.1%} at most ({kind} {at_m:.4f} m, "
        f"{1000 * by_m:.1f} mm off); by {off_m.max():.3f} m at most"
    )


if __name__ == "__main__":
    print_figures(load_definition())
