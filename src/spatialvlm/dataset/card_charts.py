"""The charts of the dataset card as inline SVG: plain numbers in, markup out. Colours come from the page's classes."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from spatialvlm.dataset.counts import BINS_PER_DECADE, LENGTH_EDGES_M

WIDTH = 420
_ROW = 21
_LABELS = 158  # room for the longest kind's name
_ENDS = 52  # room for a number after the longest bar


def bars(rows: Sequence[tuple[str, int]], largest: int, css: str, labels: int = _LABELS) -> str:
    """One horizontal bar per (label, count); `largest` fills the width, so that charts can share a scale.

    `labels` is the room for the names, in the units of WIDTH.
    """
    parts = []
    for index, (label, count) in enumerate(rows):
        y = index * _ROW
        width = (WIDTH - labels - _ENDS) * count / max(largest, 1)
        parts.append(
            f"{_label(label, y, labels)}<rect class='{css}' x='{labels}' y='{y + 4}' width='{max(width, 1):.1f}' "
            f"height='13' rx='2'/><text class='num' x='{labels + width + 6:.1f}' y='{y + 15}'>{count:,}</text>"
        )
    return _svg(WIDTH, len(rows) * _ROW, parts)


def balance(rows: Sequence[tuple[str, Mapping[str, int]]], order: Sequence[str]) -> str:
    """One full-width bar per (label, counts), cut by share; `order` names the parts from left to right."""
    parts = []
    for index, (label, counts) in enumerate(rows):
        y, total, x = index * _ROW, max(sum(counts.values()), 1), float(_LABELS)
        parts.append(_label(label, y, _LABELS))
        for place, name in enumerate(order):
            count = counts.get(name, 0)
            width = (WIDTH - _LABELS) * count / total
            if count:
                share = f"{count / total:.0%}"
                parts.append(
                    f"<rect class='part{place}' x='{x:.1f}' y='{y + 3}' width='{width:.1f}' height='15'>"
                    f"<title>{escape(label)}: {escape(name)} {count:,} ({share})</title></rect>"
                )
                if width > 30:
                    parts.append(f"<text class='on{place}' x='{x + width / 2:.1f}' y='{y + 15}'>{share}</text>")
            x += width
    return _svg(WIDTH, len(rows) * _ROW, parts)


def lengths(counts: Sequence[int], first: int, last: int, *, small: bool = False) -> str:
    """A histogram of the length bins `first` to `last` (inclusive) on a logarithmic axis."""
    width, height, foot = (200, 64, 16) if small else (920, 230, 26)
    left = 4 if small else 44
    step = (width - left - 4) / (last - first + 1)
    tallest = max(1, *counts[first : last + 1])
    parts = [] if small else _grid(tallest, left, width, height)
    for index in range(first, last + 1):
        if counts[index]:
            tall = max((height - 10) * counts[index] / tallest, 1)
            span = f"{metres(LENGTH_EDGES_M[index])} to {metres(LENGTH_EDGES_M[index + 1])}"
            parts.append(
                f"<rect class='quantitative' x='{left + (index - first) * step + 0.5:.1f}' y='{height - tall:.1f}' "
                f"width='{max(step - 1, 0.5):.1f}' height='{tall:.1f}'><title>{span}: {counts[index]:,}</title></rect>"
            )
    parts.append(f"<line class='axis' x1='{left}' x2='{width - 4}' y1='{height}' y2='{height}'/>")
    for index in range(first, last + 2):
        if index % BINS_PER_DECADE == 0:
            x = left + (index - first) * step
            parts.append(f"<line class='axis' x1='{x:.1f}' x2='{x:.1f}' y1='{height}' y2='{height + 4}'/>")
            anchor = "start" if x < left + 12 else "end" if x > width - 20 else "middle"
            label = metres(LENGTH_EDGES_M[index])
            parts.append(
                f"<text class='tick' x='{x:.1f}' y='{height + foot - 1}' text-anchor='{anchor}'>{label}</text>"
            )
    return _svg(width, height + foot + 2, parts)


def length_range(counts: Sequence[int]) -> tuple[int, int]:
    """The first and the last bin worth showing: whole decades around everything counted."""
    used = [index for index, count in enumerate(counts) if count] or [2 * BINS_PER_DECADE, 4 * BINS_PER_DECADE - 1]
    first = used[0] // BINS_PER_DECADE * BINS_PER_DECADE
    return first, (used[-1] // BINS_PER_DECADE + 1) * BINS_PER_DECADE - 1


def metres(value: float) -> str:
    """A length for an axis: 0.01 is "1 cm"."""
    for unit, size in (("mm", 0.001), ("cm", 0.01), ("m", 1.0), ("km", 1000.0)):
        scaled = value / size
        if scaled < {"mm": 9.99, "cm": 99.9, "m": 999.0, "km": math.inf}[unit]:
            break
    return f"{scaled:.2g} {unit}" if scaled < 10 else f"{scaled:.0f} {unit}"


def _grid(tallest: int, left: int, width: int, height: int) -> list[str]:
    parts = []
    for level in _levels(tallest):
        y = height - (height - 10) * level / tallest
        parts.append(f"<line class='grid' x1='{left}' x2='{width - 4}' y1='{y:.1f}' y2='{y:.1f}'/>")
        parts.append(f"<text class='tick' x='{left - 6}' y='{y + 4:.1f}' text-anchor='end'>{level:,}</text>")
    return parts


def _levels(tallest: int) -> list[int]:
    """Two to five round numbers up to `tallest`."""
    size = 10 ** int(math.log10(tallest))
    step = next((s for s in (size // 5, size // 2, size, 2 * size) if s and tallest / s <= 5), size)
    return list(range(step, tallest + 1, step))


def _label(text: str, y: int, room: int) -> str:
    longest = room // 6
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return (
        f"<text class='name' x='{room - 8}' y='{y + 15}' text-anchor='end'>{escape(shown)}"
        f"<title>{escape(text)}</title></text>"
    )


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return f"<svg viewBox='0 0 {width} {height}' role='img' class='w{width}'>{''.join(parts)}</svg>"
