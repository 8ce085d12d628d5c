"""Scored items as columns: many Scored enter, sorted by id, arrays of one row per item leave.

Items that show the same pictures are one cluster, as questions about one picture are no independent evidence. An item
whose pictures are not known (none, or none kept in the run's folder) is a cluster of its own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float64, Int

from spatialvlm.answers import FORMS, Angle, Area, Choice, Clock, Count, Length, Region, YesNo, form_of
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.metrics.points import any_point, first_point, in_polygon
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.records import Score

Numbers = Float64[np.ndarray, " n"]
Flags = Bool[np.ndarray, " n"]

_PLACES = {name: place for place, name in enumerate(FORMS)}
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Scored items as columns; NaN where an item has no such value.

    `form` is the place of the truth's form in FORMS. `truth` and `pred` are metres, radians, numbers or hours.
    `official` is NaN all over where a task has no official rule. `chance` is what blind guessing among the options
    scores. `first` and `any` say of points whether the first one, or any one, is in the region; 0 where none was named.
    """

    cluster: Int[np.ndarray, " n"]
    form: Int[np.ndarray, " n"]
    robust: Numbers
    official: Numbers
    truth: Numbers
    pred: Numbers
    sigma: Numbers
    confidence: Numbers
    chance: Numbers
    first: Numbers
    any: Numbers
    read: Flags
    refused: Flags
    failed: Flags
    truncated: Flags

    def __len__(self) -> int:
        return len(self.form)

    def only(self, rows: Flags) -> "Rows":
        """Keep some of the rows."""
        return Rows(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def of(self, *forms: str) -> "Rows":
        """Keep the rows whose truth has one of these forms."""
        return self.only(np.isin(self.form, [_PLACES[form] for form in forms]))

    @property
    def clusters(self) -> list[int]:
        """The cluster of each row."""
        return self.cluster.tolist()


def in_order(scored: Sequence[Scored]) -> list[Scored]:
    """Order scored items by id, so that no figure depends on the order in which they come."""
    return sorted(scored, key=lambda one: one.item.id)


def rows_of(scored: Sequence[Scored]) -> Rows:
    """Make the columns of scored items, which keep their order."""
    forms = np.array([_PLACES[form_of(one.item.truth)] for one in scored], np.int64)
    numbers = np.array([_numbers(one) for one in scored], np.float64).reshape(len(scored), 9)
    flags = np.array([_flags(one) for one in scored], np.bool_).reshape(len(scored), 4)
    return Rows(cluster_numbers(scored), forms, *numbers.T, *flags.T)


def _numbers(one: Scored) -> tuple[float, ...]:
    """Make the columns from `robust` to `any`."""
    said = one.parsed.value
    return (
        value_of(one.robust),
        value_of(one.official),
        _truth(one.item),
        float(said) if isinstance(said, float | int) else _NAN,
        _NAN if one.parsed.sigma is None else one.parsed.sigma,
        _NAN if one.parsed.confidence is None else one.parsed.confidence,
        _chance(one.item),
        *_points(one),
    )


def _flags(one: Scored) -> tuple[bool, ...]:
    """Make the columns from `read` to `truncated`."""
    is_read = one.parsed.value is not None
    return is_read, one.parsed.refused and not is_read, one.answer is None, one.truncated


def cluster_numbers(scored: Sequence[Scored]) -> Int[np.ndarray, " n"]:
    """Number each item's cluster, from 0: those that show the same pictures have the same."""
    keys = [one.item.pictures or (one.item.id,) for one in scored]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], np.int64)


def value_of(score: Score | None) -> float:
    """Turn a score into a number: NaN where there is no such rule, 0 where it gave none, or none that is finite."""
    if score is None:
        return _NAN
    return score.value if score.value is not None and math.isfinite(score.value) else 0.0


def _truth(item: Item) -> float:
    match item.truth:
        case Length(value) | Angle(value) | Count(value) | Area(value) | Clock(value):
            return float(value)
    return _NAN


def _chance(item: Item) -> float:
    match item.truth:
        case Choice(options=options):
            return 1.0 / len(options)
        case YesNo():
            return 0.5
    return _NAN


def _points(one: Scored) -> tuple[float, float]:
    if not isinstance(one.item.truth, Region):
        return _NAN, _NAN
    said = one.parsed.value if isinstance(one.parsed.value, tuple) else ()
    corners = np.array(one.item.truth.polygon, np.float64).reshape(-1, 2)
    inside = in_polygon(np.array(said, np.float64).reshape(-1, 2), corners)
    return first_point(inside), any_point(inside)
