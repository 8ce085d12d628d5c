"""Charts as inline SVG: what is to be drawn enters, in the units of an Axis, markup leaves.

A `row_chart` has a line of bars and marks for each name, a `plot` has curves, dots and columns on two axes. Colours and
strokes come from the classes of the stylesheet. What is no finite number is not drawn.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from spatialvlm.page.axes import SHARES, Axis
from spatialvlm.page.markup import Markup, element, join
from spatialvlm.page.wording import fitted, width_of

WIDTH, WIDE, HEIGHT = 460, 920, 290
"""Of a chart that shares its line with another one, of one that has it alone; in units that are about pixels."""
_ROW, _GAP, _FOOT, _TOP, _RIGHT = 24, 8, 20, 12, 12
_MAX_NAMES, _MIN_ROOM = 0.38, 100  # the share of the names, and the room of the bars

STROKE, DIAMOND, DOT = "m0,-9 v18", "m0,-5 l5,5 l-5,5 l-5,-5z", "m-4.5,0 a4.5,4.5 0 1 0 9,0 a4.5,4.5 0 1 0 -9,0"
"""Shapes of a Mark."""

Real = float | int
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a row from `start` to `end`; `inside` is written into it where there is room, `says` is its hint."""

    start: float
    end: float
    css: str
    says: str = ""
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign at one value of a row, of the shape of an SVG path from there."""

    at: float
    css: str
    shape: str


@dataclass(frozen=True, slots=True)
class Row:
    """A name with what is drawn beside it: bars, a line along `reach`, marks on top.

    `value` and the paler `more` stand at the end of the row, or of its bar where the axis has no ticks. `says` is its
    hint, `css` its class.
    """

    name: str
    bars: Sequence[Bar] = ()
    reach: Point | None = None
    marks: Sequence[Mark] = ()
    value: str = ""
    more: str = ""
    says: str = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points joined by a line."""

    points: Sequence[Point]
    css: str


@dataclass(frozen=True, slots=True)
class Dots:
    """Points as dots of one class, with radii and hints where they are given."""

    points: Sequence[Point]
    css: str
    radii: Sequence[float] = ()
    says: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """Columns from one edge to the next, as high as the counts."""

    edges: Sequence[float]
    counts: Sequence[int]
    css: str
    says: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Label:
    """A text that begins a little right of and above a point."""

    at: Point
    says: str
    css: str = "tick"


Layer = Curve | Dots | Histogram | Label

DIAGONAL = Curve([(0.0, 0.0), (1.0, 1.0)], "ideal")
"""Where both shares are the same."""


def row_chart(rows: Sequence[Row], axis: Axis, *, like: Sequence[Row] = (), width: int = WIDTH) -> Markup:
    """Draw one row below the other on a common axis. `like` are all rows of the charts that are to be laid out alike.

    Names and figures take what room they need, as far as the picture goes.
    """
    left, room = _layout([*rows, *like], width)
    height = len(rows) * _ROW

    def x(value: float) -> float:
        return left + room * axis.place(value)

    labelled = axis.labelled(room + 20)
    parts = [
        _line(x(value), 0, x(value), height, "grid" if value or axis.low >= 0 else "zero") for value, _ in axis.ticks
    ]
    parts += [_tick(x(value), height + 15, says, width) for value, says in labelled]
    for index, row in enumerate(rows):
        y = index * _ROW + _ROW / 2
        hint = element("title", row.says) if row.says else Markup()
        name = join(fitted(row.name, left - _GAP), element("title", row.name))
        parts.append(element("text", name, css="name", x=left - _GAP, y=y + 4, text_anchor="end"))
        parts.append(element("g", hint, *_drawn(row, x, y), css=row.css))
        if row.value or row.more:
            figures = join(row.value, element("tspan", row.more, css="few"), between=" ")
            end = left + room if axis.ticks or not row.bars else x(row.bars[-1].end)
            parts.append(element("text", figures, css="num", x=end + _GAP, y=y + 4))
    return _svg(width, height + (_FOOT if axis.ticks else 0), parts)


def share_row(name: str, counts: Mapping[str, int], classes: Sequence[str]) -> Row:
    """Make a row for an axis of all shares: one bar from end to end, cut by what share each count has."""
    total, bars, before = max(sum(counts.values()), 1), [], 0
    for css, (part, count) in zip(classes, counts.items()):
        share = f"{count / total:.0%}"
        if count:
            says = f"{name}: {part} {count:,} ({share})"
            bars.append(Bar(before / total, (before + count) / total, css, says, share))
        before += count
    return Row(name, bars)


def plot(
    across: Axis,
    up: Axis,
    layers: Sequence[Layer],
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    like: Sequence[Axis] = (),
) -> Markup:
    """Draw curves, dots, columns and texts, the later on top of the earlier, over two axes with their grid.

    `like` are the upright axes of plots that are to begin at the same place.
    """
    ticks = [says for axis in (up, *like) for _, says in axis.ticks]
    left = max([0, *(math.ceil(width_of(says, 12.0)) + _GAP for says in ticks)]) + 4
    base = height - _FOOT - (18 if across.label else 0)
    right, top = width - _RIGHT, _TOP if up.ticks else 2

    def x(value: float) -> float:
        return left + (right - left) * across.place(value)

    def y(value: float) -> float:
        return base + (top - base) * up.place(value)

    parts = [_line(x(value), top, x(value), base, "grid") for value, _ in across.ticks]
    for value, says in up.ticks:
        parts.append(_line(left, y(value), right, y(value), "grid"))
        parts.append(element("text", says, css="tick", x=left - 6, y=y(value) + 4, text_anchor="end"))
    parts.append(_line(left, base, right, base, "axis"))
    for value, says in across.labelled(width - left):
        parts += [_line(x(value), base, x(value), base + 4, "axis"), _tick(x(value), base + 17, says, width)]
    parts += [_layer(layer, x, y) for layer in layers]
    if across.label:
        parts.append(
            element("text", across.label, css="tick", x=(left + right) / 2, y=height - 4, text_anchor="middle")
        )
    if up.label:
        parts.append(element("text", up.label, css="tick", x=left + 8, y=top + 16))
    return _svg(width, height, parts)


def share_plot(layers: Sequence[Curve | Dots]) -> Markup:
    """Draw a small plot of shares against shares."""
    return plot(SHARES, SHARES, layers, width=256, height=238)


def calibration_plot(curves: Mapping[str, Sequence[Sequence[float]]]) -> Markup:
    """Plot nominal coverage (across) against what was observed (up); honest error bars lie on the diagonal.

    `curves` maps a class ("told", "untold") to (nominal, observed) pairs.
    """
    layers: list[Curve | Dots] = [DIAGONAL]
    for css, curve in curves.items():
        found = [(nominal, observed) for nominal, observed in curve]
        hints = [f"stated {nominal:.1%}, observed {observed:.1%}" for nominal, observed in found]
        layers += [Curve([(0.0, 0.0), *found], css), Dots(found, css, [3.0] * len(found), hints)]
    return share_plot(layers)


def _drawn(row: Row, x: Callable[[float], float], y: float) -> Iterable[Markup]:
    for bar in row.bars:
        if _finite(bar.start, bar.end):
            start, wide = x(bar.start), max(x(bar.end) - x(bar.start), 1.0)
            hint = element("title", bar.says) if bar.says else Markup()
            yield element("rect", hint, css=bar.css, x=start, y=y - 7, width=wide, height=14)
            if bar.inside and width_of(bar.inside, 11.0) < wide:
                yield element("text", bar.inside, css=f"on {bar.css}", x=start + wide / 2, y=y + 4)
    if row.reach is not None and _finite(*row.reach):
        yield _line(x(row.reach[0]), y, x(row.reach[1]), y, "reach")
    for mark in row.marks:
        if _finite(mark.at):
            yield element("path", css=mark.css, d=f"M{x(mark.at):.1f},{y:g} {mark.shape}")


def _layer(layer: Layer, x: Callable[[float], float], y: Callable[[float], float]) -> Markup:
    match layer:
        case Curve():
            path = " L".join(f"{x(a):.1f},{y(b):.1f}" for a, b in layer.points if _finite(a, b))
            return element("path", css=layer.css, d=f"M{path}")
        case Label(at, says, css):
            return element("text", says, css=css, x=x(at[0]) + 6, y=y(at[1]) - 5)
        case Dots():
            dots = []
            for index, (a, b) in enumerate(layer.points):
                hint = element("title", layer.says[index]) if layer.says else Markup()
                radius = layer.radii[index] if layer.radii else 2.6
                dots.append(element("circle", hint, cx=x(a), cy=y(b), r=radius))
            return element("g", *dots, css=f"dots {layer.css}")
        case Histogram():
            bars = []
            for start, end, count in zip(layer.edges, layer.edges[1:], layer.counts):
                if count:
                    wide, tall = max(x(end) - x(start) - 1, 0.5), max(y(0.0) - y(float(count)), 1.0)
                    hint = element("title", f"{layer.says(start)} to {layer.says(end)}: {count:,}")
                    bars.append(element("rect", hint, x=x(start) + 0.5, y=y(0.0) - tall, width=wide, height=tall))
            return element("g", *bars, css=layer.css)


def _layout(rows: Sequence[Row], width: int) -> tuple[int, int]:
    """Say where the bars begin, and how wide they may be."""
    ends = max([20, *(math.ceil(width_of(f"{row.value} {row.more}")) + _GAP for row in rows if row.value or row.more)])
    left = max([60, *(math.ceil(width_of(row.name)) + _GAP for row in rows)])
    left = min(left, round(_MAX_NAMES * width), width - ends - _MIN_ROOM)
    return left, width - left - ends


def _line(x1: Real, y1: Real, x2: Real, y2: Real, css: str) -> Markup:
    return element("line", css=css, x1=x1, x2=x2, y1=y1, y2=y2)


def _tick(x: Real, y: Real, says: str, width: int) -> Markup:
    half = width_of(says, 12.0) / 2  # the outermost labels stay in the picture
    return element("text", says, css="tick", x=min(max(x, half), width - half), y=y, text_anchor="middle")


def _finite(*values: float) -> bool:
    return all(math.isfinite(value) for value in values)


def _svg(width: int, height: int, parts: Sequence[Markup]) -> Markup:
    style = f"max-width:{1.3 * width:.0f}px"
    return element("svg", *parts, css=f"w{width}", viewBox=f"0 0 {width} {height}", role="img", style=style)
