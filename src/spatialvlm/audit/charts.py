"""The charts of the audit's page as inline SVG: plain numbers in, markup out. Colours come from the page's classes."""

import math
from collections.abc import Mapping, Sequence
from html import escape

_ROW = 22
_WIDTH = 420
_NAMES = 128  # room for the longest name of a run
_SQUARE = 200
_MARGIN = 30


def percent(value: float | None, digits: int = 1) -> str:
    """A share for people; a dash where there is none. What is not all never reads 100 %."""
    if value is None:
        return "–"
    shown = f"{value:.{digits}%}"
    if value < 1.0 and shown == f"{1:.{digits}%}":
        return percent(value, digits + 1)
    return shown.replace("%", " %")


def coverage(curves: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Nominal coverage (across) against what was observed (up); honest error bars lie on the diagonal.

    `curves` maps a class of the page ("told", "untold") to (nominal, observed) pairs.
    """
    size, foot = _SQUARE, _MARGIN

    def place(x: float, y: float) -> str:
        return f"{foot + x * size:.1f},{8 + (1 - y) * size:.1f}"

    parts = [f"<rect class='field' x='{foot}' y='8' width='{size}' height='{size}'/>"]
    for share in (0.25, 0.5, 0.75):
        x, y = foot + share * size, 8 + (1 - share) * size
        parts.append(f"<line class='grid' x1='{x}' x2='{x}' y1='8' y2='{8 + size}'/>")
        parts.append(f"<line class='grid' x1='{foot}' x2='{foot + size}' y1='{y}' y2='{y}'/>")
    for share in (0.0, 0.5, 1.0):
        x, y = foot + share * size, 8 + (1 - share) * size
        parts.append(f"<text class='tick' x='{x}' y='{size + 24}' text-anchor='middle'>{share:.0%}</text>")
        parts.append(f"<text class='tick' x='{foot - 5}' y='{y + 4}' text-anchor='end'>{share:.0%}</text>")
    parts.append(f"<path class='ideal' d='M{place(0.0, 0.0)} L{place(1.0, 1.0)}'/>")
    for css, curve in curves.items():
        path = " L".join(place(x, y) for x, y in [(0.0, 0.0), *curve])
        parts.append(f"<path class='line {css}' d='M{path}'/>")
        for x, y in curve:
            across, up = place(x, y).split(",")
            parts.append(
                f"<circle class='dot {css}' cx='{across}' cy='{up}' r='3'>"
                f"<title>stated {x:.1%}, observed {y:.1%}</title></circle>"
            )
    return _svg(foot + size + 8, float(size + 30), parts)


def whiskers(rows: Sequence[tuple[str, Sequence[float], str]], low: float, high: float) -> str:
    """One row per (name, five quantiles, class) on a logarithmic axis: a line from first to last, a bar, the median.

    What is less than `low` is drawn there, and what is more than `high` there.
    """
    room = _WIDTH - _NAMES - 10
    scale = room / math.log10(high / low)

    def x(value: float) -> float:
        return _NAMES + scale * math.log10(min(max(value, low), high) / low)

    height = len(rows) * _ROW
    parts = []
    for decade in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1):
        at = x(10.0**decade)
        parts.append(f"<line class='grid' x1='{at:.1f}' x2='{at:.1f}' y1='0' y2='{height}'/>")
        label = f"{10.0 ** (decade + 2):g} %"
        parts.append(f"<text class='tick' x='{at:.1f}' y='{height + 15}' text-anchor='middle'>{label}</text>")
    for index, (name, values, css) in enumerate(rows):
        y = index * _ROW + _ROW / 2
        parts.append(_name(name, y, _NAMES))
        if values:
            least, first, median, third, most = (x(value) for value in values)
            says = ", ".join(f"{value:.2%}" for value in values)
            parts.append(
                f"<g class='{css}'><title>{escape(name)}: 5, 25, 50, 75, 95 % are below {says}</title>"
                f"<line class='reach' x1='{least:.1f}' x2='{most:.1f}' y1='{y}' y2='{y}'/>"
                f"<rect class='bar' x='{first:.1f}' y='{y - 6}' width='{max(third - first, 1.5):.1f}' height='12' "
                f"rx='2'/><line class='mid' x1='{median:.1f}' x2='{median:.1f}' y1='{y - 7}' y2='{y + 7}'/></g>"
            )
        else:
            parts.append(f"<text class='tick' x='{_NAMES + 4}' y='{y + 4}'>nothing asked</text>")
    return _svg(_WIDTH, float(height + 20), parts)


def shares(rows: Sequence[tuple[str, Mapping[str, int]]], order: Sequence[str], width: int = 920) -> str:
    """One full-width bar per (name, counts), cut by share; `order` names the parts from left to right."""
    names, room = 150, width - 150
    parts = []
    for index, (name, counts) in enumerate(rows):
        y, total, x = index * _ROW + _ROW / 2, max(sum(counts.values()), 1), float(names)
        parts.append(_name(name, y, names))
        for place, part in enumerate(order):
            wide = room * counts.get(part, 0) / total
            share = f"{counts.get(part, 0) / total:.0%}"
            if wide > 0:
                parts.append(
                    f"<rect class='hue{place}' x='{x:.1f}' y='{y - 8}' width='{wide:.1f}' height='16'>"
                    f"<title>{escape(name)}: {escape(part)} {counts[part]:,} ({share})</title></rect>"
                )
            if wide > 32:
                parts.append(f"<text class='in{place}' x='{x + wide / 2:.1f}' y='{y + 4}'>{share}</text>")
            x += wide
    return _svg(width, float(len(rows) * _ROW), parts)


def _name(text: str, y: float, room: int) -> str:
    return f"<text class='name' x='{room - 8}' y='{y + 4}' text-anchor='end'>{escape(text)}</text>"


def _svg(width: int, height: float, parts: Sequence[str]) -> str:
    return f"<svg viewBox='0 0 {width} {height:g}' role='img' class='w{width}'>{''.join(parts)}</svg>"
