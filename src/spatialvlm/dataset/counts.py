"""What is in a dataset, counted per shard and added up: kinds, balance of the answers, refusals, lengths."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from spatialvlm.answers import (
    SAME,
    Angle,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
)
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Drop, Fact

# Eight bins per decade from 1 mm to 1 km; what lies outside is counted in the first or the last bin.
BINS_PER_DECADE = 8
LENGTH_EDGES_M = tuple(10.0 ** (i / BINS_PER_DECADE - 3) for i in range(6 * BINS_PER_DECADE + 1))

Counts = dict[str, Any]


def shard_counts(
    questions: Iterable[QA], refusals: Iterable[Mapping[tuple[str, str], int]], unasked: Iterable[str] = ()
) -> Counts:
    """Count what one shard holds, from its questions and the refusals of its Samples, ready for JSON.

    {"kinds": {kind: n}, "labels": {kind: {label: n}}, "lengths": {kind: [n per bin]}, "refusals": {kind: {reason: n}},
    "unasked": {reason: n}}. `unasked` are the reasons for scenes about which nothing is asked, one a scene. The label
    of a choice is the place of the chosen object in the question: "A", "B", ...
    """
    facts = [qa.fact for qa in questions]
    lengths: dict[str, list[int]] = {}
    labels: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        if isinstance(fact.answer, Length):
            bins = lengths.setdefault(fact.kind, [0] * (len(LENGTH_EDGES_M) - 1))
            bins[min(max(bisect_right(LENGTH_EDGES_M, fact.answer.metres) - 1, 0), len(bins) - 1)] += 1
        elif (label := answer_label(fact)) is not None:
            labels[fact.kind, label] += 1
    refused: Counter[tuple[str, str]] = Counter()
    for counts in refusals:
        refused.update(counts)
    return {
        "kinds": dict(Counter(fact.kind for fact in facts)),
        "labels": _nested(labels),
        "lengths": lengths,
        "refusals": _nested(refused),
        "unasked": dict(Counter(unasked)),
    }


def answer_label(fact: Fact) -> str | None:
    """Say what an answer came to, in words that mean the same in every image; None for what has no few values."""
    kind = KINDS.get(fact.kind)
    match fact.answer:
        case YesNo(yes):
            return "true" if yes else "false"
        case Choice() as choice:
            if kind is not None and kind.form.of_subjects and choice.chosen in fact.subjects:
                return chr(ord("A") + fact.subjects.index(choice.chosen))
            return "similar" if choice.chosen == SAME else choice.chosen
        case Count(number) | Clock(number):
            return str(number)
        case CannotTell(reason):
            return reason
        case Length() | Angle() | Area() | Order() | Region() | BoundingBox():
            return None


def merge_counts(parts: Iterable[Counts]) -> Counts:
    """Add up counts of the same shape."""
    total: Counts = {"kinds": {}, "labels": {}, "lengths": {}, "refusals": {}, "unasked": {}}
    for part in parts:
        _add(total, part)
    return total


def drop_counts(drops: Iterable[Drop]) -> dict[str, dict[str, int]]:
    """Count drops as {stage: {code: n}}; the code of a reason is its text before the colon."""
    return _nested(Counter((drop.stage, drop.reason.partition(":")[0].strip()) for drop in drops))


def doubt_counts(doubts: Iterable[Drop]) -> dict[str, dict[str, Any]]:
    """Count what may be wrong as {code: {"count": n, "first": the first of them, in words}}."""
    found: dict[str, dict[str, Any]] = {}
    for doubt in doubts:
        code, _, sentence = doubt.reason.partition(":")
        one = found.setdefault(code.strip(), {"count": 0, "first": sentence.strip()})
        one["count"] += 1
    return found


def _nested(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    tree: dict[str, dict[str, int]] = {}
    for (outer, inner), count in counts.items():
        tree.setdefault(outer, {})[inner] = count
    return tree


def _add(total: dict[str, Any], part: Mapping[str, Any]) -> None:
    for key, value in part.items():
        match value:
            case dict():
                _add(total.setdefault(key, {}), value)
            case list():
                total[key] = [a + b for a, b in zip(total.get(key, [0] * len(value)), value, strict=True)]
            case _:
                total[key] = total.get(key, 0) + value
