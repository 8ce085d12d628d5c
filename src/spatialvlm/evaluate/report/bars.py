"""Rows of names with a bar or a dot each, as inline SVG: shares and differences in, markup out.

Names and figures take what room they need, as far as the picture goes; a name that is longer loses its middle.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeGuard

from spatialvlm.audit.charts import percent
from spatialvlm.evaluate.report.charts import round_up, svg, wide

FEW = "too few"
"""What stands in place of the interval of a few pictures."""

_WIDTH, _ROW = 460, 24
_MOST_NAMES, _LEAST, _GAP = 174, 100, 8
_NARROW = 190  # an axis that has no room for five labels


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a share with its interval, and beside it what guessing scores and the official score.

    `low` and `high` are None where there are too few pictures for an interval.
    """

    name: str
    count: int
    mean: float
    low: float | None
    high: float | None
    chance: float | None = None
    official: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference of two shares with its interval, None of too few pictures; `told`: it can be told from none."""

    name: str
    count: int
    mean: float
    low: float | None
    high: float | None
    told: bool


def bars(rows: Sequence[Bar]) -> str:
    """One bar per kind, 0 to 100 %: its interval as a line, a tick at chance, a diamond at the official score."""
    rows = [row for row in rows if math.isfinite(row.mean)]
    said = [(percent(row.mean), f"{_sure(row)}n {row.count:,}") for row in rows]
    left, room = _layout([row.name for row in rows], said)
    height = len(rows) * _ROW
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + room * share
        parts.append(f"<line class='grid' x1='{x:.1f}' x2='{x:.1f}' y1='0' y2='{height}'/>")
        if room >= _NARROW or share in (0.0, 0.5, 1.0):
            parts.append(f"<text class='tick' x='{x:.1f}' y='{height + 15}' text-anchor='middle'>{share:.0%}</text>")
    for index, row in enumerate(rows):
        y = index * _ROW + _ROW / 2
        parts.append(_name(row.name, left, y))
        parts.append(f"<rect class='score' x='{left}' y='{y - 7:g}' width='{room * row.mean:.1f}' height='14' rx='2'/>")
        if (ends := _ends(row)) is not None:
            x1, x2 = (left + room * end for end in ends)
            parts.append(f"<line class='reach' x1='{x1:.1f}' x2='{x2:.1f}' y1='{y:g}' y2='{y:g}'/>")
        if _is_number(row.chance):
            x = left + room * row.chance
            parts.append(f"<line class='chance' x1='{x:.1f}' x2='{x:.1f}' y1='{y - 9:g}' y2='{y + 9:g}'/>")
        if _is_number(row.official):
            x = left + room * row.official
            parts.append(f"<path class='official' d='M{x:.1f},{y - 5:g} l5,5 l-5,5 l-5,-5z'/>")
        parts.append(_figures(*said[index], left + room, y))
    return svg(_WIDTH, height + 20, parts)


def gaps(rows: Sequence[Gap]) -> str:
    """One dot per difference with its interval as a line, on an axis that has zero in its middle; in points."""
    rows = [row for row in rows if math.isfinite(row.mean)]
    said = [(points(row.mean), f"{_between(row)}n {row.count:,}") for row in rows]
    left, room = _layout([row.name for row in rows], said)
    height, middle = len(rows) * _ROW, left + room / 2
    ends = [_ends(row) or (row.mean, row.mean) for row in rows]
    step = round_up(max([0.01, *(max(abs(low), abs(high)) for low, high in ends)]) / 2)

    def x(value: float) -> float:
        return middle + room / 2 * value / (2 * step)

    parts = []
    named = (-2, 0, 2) if room < _NARROW else (-2, -1, 0, 1, 2)
    for place in (-2, -1, 0, 1, 2):
        at = x(place * step)
        parts.append(f"<line class='{'grid' if place else 'zero'}' x1='{at:.1f}' x2='{at:.1f}' y1='0' y2='{height}'/>")
        says = f"{100 * place * step:+g}".replace("-", "−") if place else "0"
        if place in named:
            parts.append(f"<text class='tick' x='{at:.1f}' y='{height + 15}' text-anchor='middle'>{says}</text>")
    for index, (row, (low, high)) in enumerate(zip(rows, ends, strict=True)):
        y, css = index * _ROW + _ROW / 2, ("up" if row.mean > 0 else "down") if row.told else "even"
        parts.append(_name(row.name, left, y))
        parts.append(
            f"<g class='gap {css}'><line x1='{x(low):.1f}' x2='{x(high):.1f}' y1='{y:g}' y2='{y:g}'/>"
            f"<circle cx='{x(row.mean):.1f}' cy='{y:g}' r='4.5'/></g>"
        )
        parts.append(_figures(*said[index], left + room, y))
    return svg(_WIDTH, height + 20, parts)


def points(value: float, digits: int = 1) -> str:
    """A difference of shares in points: "+3.1"; what rounds to nothing has no sign."""
    shown = f"{100 * value:+.{digits}f}".replace("-", "−")
    return shown if shown.strip("+−0.") else shown[1:]


def fitted(name: str, room: float | int) -> str:
    """A name in a room; the middle of a longer one is left out, as names that begin alike differ at the end."""
    if wide(name) <= room:
        return name
    for kept in range(len(name) - 1, 0, -1):
        tail = kept * 2 // 5
        shown = f"{name[: kept - tail]}…{name[len(name) - tail :]}"
        if wide(shown) <= room:
            return shown
    return "…"


def _layout(names: Sequence[str], said: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Where the bars begin, and how wide they may be."""
    ends = max([90, *(math.ceil(wide(f"{a} {b}")) + _GAP for a, b in said)])
    left = max([60, *(math.ceil(wide(name)) + _GAP for name in names)])
    left = min(left, _MOST_NAMES, _WIDTH - ends - _LEAST)
    return left, _WIDTH - left - ends


def _sure(row: Bar) -> str:
    ends = _ends(row)
    if ends is None:
        return f"({FEW}) "
    return f"({100 * ends[0]:.0f}–{100 * ends[1]:.0f}) " if ends[0] < ends[1] else ""


def _between(row: Gap) -> str:
    ends = _ends(row)
    return f"({FEW}) " if ends is None else f"({points(ends[0], 0)} to {points(ends[1], 0)}) "


def _ends(row: Bar | Gap) -> tuple[float, float] | None:
    return (row.low, row.high) if _is_number(row.low) and _is_number(row.high) else None


def _is_number(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _figures(says: str, more: str, x: int, y: float) -> str:
    return f"<text class='num' x='{x + _GAP:g}' y='{y + 4:g}'>{says} <tspan class='few'>{more}</tspan></text>"


def _name(text: str, left: int, y: float) -> str:
    return (
        f"<text class='name' x='{left - _GAP:g}' y='{y + 4:g}' text-anchor='end'>{escape(fitted(text, left - _GAP))}"
        f"<title>{escape(text)}</title></text>"
    )
