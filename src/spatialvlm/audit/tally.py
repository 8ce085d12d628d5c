"""What the audit counts: the compared facts of many scenes enter, one scene at a time; the figures of a preset leave.

Every unordered pair (or single object) and kind counts once, as in `Facts.refusals`: the other order says the same.
Tallies add up to the same sum however the scenes were spread over processes.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32
from scipy.special import erf

from spatialvlm.audit.compare import Compared
from spatialvlm.kinds import KIND_NAMES, KINDS, MIXES
from spatialvlm.records import Facts, Scene

RELATIVE_TO_LEAST_M = 0.01  # errors are relative to the true length, or to this where it is shorter
QUANTILES = (5, 25, 50, 75, 95)
SIGMAS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)
WORST = 12  # of each sort that are kept of a preset

Lengths = Float32[np.ndarray, "_ 4"]
"""Rows of (error_m, visible_m, amodal_m, sigma_m): error to the visible truth."""


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """One fact that was wrong, or far off: how far in sigmas, where, about what."""

    sigmas: float
    room: int
    quantity: str
    subjects: tuple[str, ...]
    said_m: float
    truth_m: float
    sigma_m: float


@dataclass(slots=True)
class Tally:
    """The counts of one preset under one error model. Counters are by kind, `reasons` by (kind, reason)."""

    rooms: int = 0
    rooms_with_heights: int = 0
    objects: int = 0
    pairs: int = 0
    silent_pairs: int = 0
    drops: Counter[str] = field(default_factory=Counter)
    planes: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    right_amodal: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    lengths: dict[str, list[Lengths]] = field(default_factory=dict)
    wrong: list[Case] = field(default_factory=list)
    far_off: list[Case] = field(default_factory=list)

    def add(self, room: int, scene: Scene, facts: Facts, compared: Compared) -> None:
        """Count one scene."""
        names = {o.instance.id: f"{o.instance.id} {next(iter(o.instance.captions), '')}".strip() for o in scene.objects}
        once = compared.only(compared.once)
        self._count(facts, once)
        for index in np.unique(once.kind[once.is_number]).tolist():
            rows = once.only(once.kind == index)
            columns = (rows.number - rows.visible, rows.visible, rows.amodal, rows.error)
            self.lengths.setdefault(KIND_NAMES[index], []).append(np.stack(columns, axis=1).astype(np.float32))
        self.wrong = worst(self.wrong + _cases(once.only(~once.right), room, names))
        pulls = np.abs(once.number - once.visible) / np.maximum(once.error, 1e-12)
        self.far_off = worst(self.far_off + _cases(once.only(once.is_number & (pulls > 4.0)), room, names))

    def _count(self, facts: Facts, once: Compared) -> None:
        count = len(facts.object_ids)
        self.rooms_with_heights += bool({KIND_NAMES[kind] for kind in np.unique(once.kind)} & set(_of_heights()))
        self.objects += count
        self.pairs += count * (count - 1) // 2
        of_pairs = np.array([kind.subjects == 2 for kind in KINDS.values()], bool)[once.kind]
        spoken = np.unique(np.sort(once.subjects[of_pairs][:, :2], axis=1), axis=0).T
        self.silent_pairs += count * (count - 1) // 2 - spoken.shape[1]
        for counter, where in ((self.asked, None), (self.right, once.right), (self.right_amodal, once.right_amodal)):
            kinds = once.kind if where is None else once.kind[where]
            for index, number in enumerate(np.bincount(kinds, minlength=len(KIND_NAMES)).tolist()):
                counter[KIND_NAMES[index]] += number
        self.reasons.update(facts.refusals)

    def merge(self, other: "Tally") -> None:
        """Add another tally to this one."""
        for name in ("rooms", "rooms_with_heights", "objects", "pairs", "silent_pairs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("drops", "planes", "asked", "right", "right_amodal", "reasons"):
            getattr(self, name).update(getattr(other, name))
        for kind, parts in other.lengths.items():
            self.lengths.setdefault(kind, []).extend(parts)
        self.wrong = worst(self.wrong + other.wrong)
        self.far_off = worst(self.far_off + other.far_off)

    def figures(self) -> dict[str, Any]:
        """Compute what audit.json says of a preset; docs/audit.md defines each figure. None where nothing was asked.

        What is added up over kinds is that of the paper's, as people ask by default; the others stand in `kinds`.
        """
        paper = MIXES["paper"]
        comparisons = [name for name in paper if not KINDS[name].form.is_number]
        every = _joined([part for name in paper for part in self.lengths.get(name, [])])
        reasons: Counter[str] = Counter()
        for (name, reason), count in self.reasons.items():
            if name in paper:
                reasons[reason] += count
        return {
            "rooms": self.rooms,
            "rooms_with_heights_share": _share(self.rooms_with_heights, self.rooms),
            "objects": self.objects,
            "pairs": self.pairs,
            "pairs_silent_share": _share(self.silent_pairs, self.pairs),
            "drops": dict(self.drops),
            "planes": dict(self.planes),
            **self._asked(list(paper)),
            "refused_by_reason": dict(reasons),
            **self._accuracy(comparisons),
            "heights_accuracy": self._accuracy([n for n in _of_heights() if n in comparisons])["qualitative_accuracy"],
            **errors(every),
            "calibration": calibration(every),
            "kinds": {name: self._of_kind(name) for name in KINDS},
            "worst": {"wrong": [_shown(c) for c in self.wrong], "far_off": [_shown(c) for c in self.far_off]},
        }

    def _of_kind(self, name: str) -> dict[str, Any]:
        reasons = {reason: count for (kind, reason), count in self.reasons.items() if kind == name}
        known = {**self._asked([name]), "refused_by_reason": reasons}
        if not KINDS[name].form.is_number:
            return {**known, **self._accuracy([name])}
        rows = _joined(self.lengths.get(name, []))
        return {**known, **errors(rows), "relative_error_quantiles": quantiles(rows)}

    def _asked(self, names: list[str]) -> dict[str, Any]:
        asked = sum(self.asked[name] for name in names)
        refused = sum(count for (kind, _), count in self.reasons.items() if kind in names)
        of_pairs = [name for name in names if KINDS[name].subjects == 2]
        pairs_asked = sum(self.asked[name] for name in of_pairs)
        pairs_refused = sum(count for (kind, _), count in self.reasons.items() if kind in of_pairs)
        return {
            "asked": asked,
            "refused": refused,
            "pairs_refused_share": _share(pairs_refused, pairs_asked + pairs_refused),
        }

    def _accuracy(self, names: list[str]) -> dict[str, Any]:
        asked = sum(self.asked[name] for name in names)
        return {
            "qualitative_accuracy": _share(sum(self.right[name] for name in names), asked),
            "qualitative_accuracy_amodal": _share(sum(self.right_amodal[name] for name in names), asked),
        }


def _of_heights() -> list[str]:
    """List the paper's kinds that nobody can answer without knowing which way is up."""
    return [name for name in MIXES["paper"] if KINDS[name].needs_gravity]


def errors(rows: Lengths) -> dict[str, Any]:
    """Compute the median errors and the coverage of some lengths."""
    error_m, visible_m, amodal_m, sigma_m = rows.astype(np.float64).T
    whole = np.isfinite(amodal_m)
    number_m = error_m + visible_m
    return {
        "median_relative_error": _median(_relative(error_m, visible_m)),
        "median_relative_error_amodal": _median(_relative((number_m - amodal_m)[whole], amodal_m[whole])),
        "median_error_m": _median(np.abs(error_m)),
        "median_sigma_m": _median(sigma_m),
        "bias_m": _median(error_m),
        "coverage_1sigma": _share(int(np.count_nonzero(np.abs(error_m) < sigma_m)), len(rows)),
        "coverage_2sigma": _share(int(np.count_nonzero(np.abs(error_m) < 2.0 * sigma_m)), len(rows)),
    }


def calibration(rows: Lengths) -> list[tuple[float, float]]:
    """Compute (nominal, observed) coverage at each of SIGMAS; empty where nothing was asked."""
    pulls = np.abs(rows[:, 0]) / rows[:, 3]
    count = len(rows)
    return [(_rounded(float(erf(s / 2**0.5))), _rounded(float(np.mean(pulls < s)))) for s in SIGMAS if count]


def quantiles(rows: Lengths) -> list[float]:
    """Compute the absolute relative error to the visible truth at QUANTILES; empty where nothing was asked."""
    values = _relative(rows[:, 0], rows[:, 1])
    return [_rounded(float(q)) for q in np.percentile(values, QUANTILES)] if len(rows) else []


def worst(cases: list[Case]) -> list[Case]:
    """Keep the worst few, each pair of objects and quantity once, in an order that depends not on who found them."""
    by_subjects: dict[tuple[int, str, tuple[str, ...]], Case] = {}
    for case in sorted(cases, reverse=True):
        by_subjects.setdefault((case.room, case.quantity, tuple(sorted(case.subjects))), case)
    return list(by_subjects.values())[:WORST]


def _cases(rows: Compared, room: int, names: dict[str, str]) -> list[Case]:
    found = []
    for kind, places, number, truth, error in zip(
        *(getattr(rows, name).tolist() for name in ("kind", "subjects", "number", "visible", "error")), strict=True
    ):
        subjects = tuple(names[rows.object_ids[i]] for i in places if i >= 0)
        sigmas = abs(number - truth) / max(error, 1e-9)
        found.append(Case(sigmas, room, KINDS[KIND_NAMES[kind]].quantity, subjects, number, truth, error))
    return worst(found)


def _shown(case: Case) -> dict[str, Any]:
    numbers = {"sigmas": case.sigmas, "said_m": case.said_m, "truth_m": case.truth_m, "sigma_m": case.sigma_m}
    known = {"room": case.room, "quantity": case.quantity, "subjects": list(case.subjects)}
    return {**known, **{name: _rounded(value) for name, value in numbers.items()}}


def _joined(parts: list[Lengths]) -> Lengths:
    return np.concatenate(parts) if parts else np.zeros((0, 4), np.float32)


def _relative(error_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    return np.abs(error_m) / np.maximum(np.abs(truth_m), RELATIVE_TO_LEAST_M)


def _median(values: np.ndarray) -> float | None:
    return _rounded(float(np.median(values))) if len(values) else None


def _share(part: int, whole: int) -> float | None:
    return _rounded(part / whole) if whole else None


def _rounded(value: float) -> float:
    """Round to six digits after the point: what the last bits of a sum depend on is not reported."""
    return round(value, 6)
