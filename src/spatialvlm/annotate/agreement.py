"""Measure how far annotators agree, with each other and with the pipeline: decisions -> figures, as text.

Two answers are compared where both annotators answered the same question. Lengths agree within a factor: 2 as in
SpatialVLM's measure of being in range (arXiv 2401.12168, section 4.1), 1.25 for "within 25 %", both the same whichever
of the two is divided by the other. Answers out of a few agree or not; Cohen's kappa (Educational and Psychological
Measurement 20, 1960) takes off what two people would share by chance.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import median

from spatialvlm.annotate.decisions import Decision, latest, read_decisions
from spatialvlm.quantities import parse

PIPELINE = "the pipeline"
"""Stands for an annotator that gave the pipeline's own answer to every question that it proposed."""


@dataclass(frozen=True, slots=True)
class LengthAgreement:
    """How two people's lengths compare: shares of their pairs, and the median of |ln(one / other)|."""

    pairs: int
    within_2: float
    within_25_percent: float
    median_log_ratio: float


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """How two people's answers out of a few compare; kappa is None where chance alone would make them all alike."""

    pairs: int
    agree: float
    kappa: float | None


@dataclass(frozen=True, slots=True)
class DecisionCounts:
    """How often one annotator did what. `untold` are kept or rewritten questions whose answer nobody can tell."""

    kept: int
    rewritten: int
    skipped: int
    untold: int


def count_decisions(decisions: Iterable[Decision]) -> dict[str, DecisionCounts]:
    """Count what every annotator did, by name."""
    by_name: dict[str, list[Decision]] = {}
    for one in decisions:
        by_name.setdefault(one.annotator, []).append(one)
    return {name: _counts(own) for name, own in sorted(by_name.items())}


def _counts(own: Sequence[Decision]) -> DecisionCounts:
    made = Counter(one.decision for one in own)
    untold = sum(one.decision != "skip" and one.answer is None for one in own)
    return DecisionCounts(made["keep"], made["rewrite"], made["skip"], untold)


def pipeline_decisions(decisions: Iterable[Decision]) -> list[Decision]:
    """Make the decisions of one who kept every proposed question and gave the pipeline's answer."""
    found: dict[str, Decision] = {}
    for one in decisions:
        if one.decision == "keep" and one.proposed is not None:
            value = one.proposed.value
            answer = value if isinstance(value, str) else f"{value} m"
            found.setdefault(
                one.frame, Decision(one.frame, PIPELINE, "keep", None, one.question, answer, one.form, one.options)
            )
    return list(found.values())


def pair_answers(first: Iterable[Decision], second: Iterable[Decision]) -> list[tuple[Decision, Decision]]:
    """Pair the answers of two people to the same questions, in the order of the first."""
    others = {one.frame: one for one in second if one.answer is not None}
    found = [(one, others[one.frame]) for one in first if one.answer is not None and one.frame in others]
    return [(one, other) for one, other in found if _asked(one) == _asked(other)]


def _asked(one: Decision) -> tuple[object, ...]:
    return " ".join((one.question or "").lower().split()), one.form, tuple(option.lower() for option in one.options)


def _log_ratio(one: float, other: float) -> float:
    """Compute |ln(one / other)| of two lengths: 0 where both are 0, infinite where one is."""
    if one == other:
        return 0.0
    return abs(math.log(one / other)) if one > 0 and other > 0 else math.inf


def compare_lengths(values: Sequence[tuple[float, float]]) -> LengthAgreement | None:
    """Compare pairs of lengths in metres; None for no pairs."""
    if not values:
        return None
    ratios = [_log_ratio(one, other) for one, other in values]
    within = [sum(ratio <= math.log(most) + 1e-9 for ratio in ratios) / len(ratios) for most in (2.0, 1.25)]
    return LengthAgreement(len(ratios), within[0], within[1], median(ratios))


def compare_labels(values: Sequence[tuple[str, str]]) -> LabelAgreement | None:
    """Compare pairs of labels; None for no pairs."""
    if not values:
        return None
    total = len(values)
    agree = sum(one == other for one, other in values) / total
    first, second = Counter(one for one, _ in values), Counter(other for _, other in values)
    chance = sum(first[label] * second[label] for label in first) / total**2
    return LabelAgreement(total, agree, None if chance == 1 else (agree - chance) / (1 - chance))


def length_pairs(found: Sequence[tuple[Decision, Decision]]) -> list[tuple[float, float]]:
    """Take the metres of pairs of answers, where both are lengths."""
    both = [(parse(one.answer or ""), parse(other.answer or "")) for one, other in found if one.form == "length"]
    return [(one, other) for one, other in both if one is not None and other is not None]


def yes_no_pairs(found: Sequence[tuple[Decision, Decision]]) -> list[tuple[str, str]]:
    """Take the pairs of answers to questions of yes or no."""
    return [(one.answer or "", other.answer or "") for one, other in found if one.form == "yes_no"]


def choice_pairs(found: Sequence[tuple[Decision, Decision]]) -> list[tuple[str, str]]:
    """Take pairs of choices as the places of the options: their words differ from question to question."""
    return [(_place(one), _place(other)) for one, other in found if one.form == "choice"]


def _place(one: Decision) -> str:
    words = [option.lower() for option in one.options]
    return str(words.index((one.answer or "").lower())) if (one.answer or "").lower() in words else one.answer or ""


def agreement_report(path: Path) -> str:
    """Write what annotators did and how far they agree. Raises UserError for a file that is no `annotate` wrote."""
    decisions = list(latest(read_decisions(path)).values())
    people = count_decisions(decisions)
    own = {name: [one for one in decisions if one.annotator == name] for name in people}
    frames = len({one.frame for one in decisions})
    head = f"{path.name}: {_plural(frames, 'image')}, {_plural(len(people), 'annotator')}"
    did = [(name, *map(str, (c.kept, c.rewritten, c.skipped, c.untold))) for name, c in people.items()]
    blocks = [head, _table(("annotator", "kept", "rewritten", "skipped", "cannot tell"), did)]
    sides = [(f"{a} and {b}", pair_answers(own[a], own[b])) for a, b in combinations(people, 2)]
    sides += [(f"{a} and {PIPELINE}", pair_answers(own[a], pipeline_decisions(own[a]))) for a in people]
    blocks += [_lengths(sides), _labels("yes or no", sides, yes_no_pairs), _labels("choices", sides, choice_pairs)]
    blocks.append("Compared are answers to the same question, and those to proposed questions with the pipeline's own.")
    return "\n\n".join(block for block in blocks if block)


Sides = Sequence[tuple[str, Sequence[tuple[Decision, Decision]]]]


def _lengths(sides: Sides) -> str:
    rows = []
    for name, found in sides:
        made = compare_lengths(length_pairs(found))
        if made is not None:
            shares = (_percent(made.within_2), _percent(made.within_25_percent))
            rows.append((name, str(made.pairs), *shares, f"{made.median_log_ratio:.3f}"))
    return _table(("lengths", "pairs", "within 2x", "within 25 %", "median |ln ratio|"), rows)


def _labels(
    title: str, sides: Sides, labels_of: Callable[[Sequence[tuple[Decision, Decision]]], list[tuple[str, str]]]
) -> str:
    rows = []
    for name, found in sides:
        made = compare_labels(labels_of(found))
        if made is not None:
            kappa = "–" if made.kappa is None else f"{made.kappa:.2f}"
            rows.append((name, str(made.pairs), _percent(made.agree), kappa))
    return _table((title, "pairs", "agree", "Cohen's kappa"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Align columns, the first to the left; nothing where there are no rows."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in (head, *rows)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
