"""Axes of charts: the range of some values enters, round ticks with their labels leave."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from spatialvlm.page.wording import width_of

_MAX_TICKS = 7
_APART = 10.0  # between two labels


@dataclass(frozen=True, slots=True)
class Axis:
    """The values that a chart covers, from `low` to `high`; what lies beyond is drawn at the end.

    `ticks` are values with their labels. `label` says what the axis is of.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...] = ()
    label: str = ""
    is_logarithmic: bool = False

    def place(self, value: float) -> float:
        """Say where a value lies, from 0 at the low end to 1 at the high end."""
        inside = min(max(value, self.low), self.high)
        if self.is_logarithmic:
            return math.log(inside / self.low) / math.log(self.high / self.low)
        return (inside - self.low) / (self.high - self.low)

    def labelled(self, room: float | int) -> tuple[tuple[float, str], ...]:
        """Keep the ticks whose labels fit into a room: all, or every second, fourth, ..."""
        shown = self.ticks
        while len(shown) > 1 and sum(width_of(says, 11.5) + _APART for _, says in shown) > room:
            shown = shown[::2]
        return shown


SHARES = Axis(0.0, 1.0, tuple((share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)))
"""All shares, from none to all."""


def linear(
    low: float, high: float, says: Callable[[float], str], *, steps: int = 6, finest: float = 0.0, label: str = ""
) -> Axis:
    """Make an axis of round steps around `low` and `high`: at most about `steps`, and none shorter than `finest`."""
    step = max(round_up((high - low) / steps), finest)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    return Axis(
        first * step, last * step, tuple((k * step, says(k * step)) for k in range(first, last + 1)), label=label
    )


def logarithmic(low: float, high: float, says: Callable[[float], str], *, label: str = "") -> Axis:
    """Make a logarithmic axis from `low` to `high`, both above 0, with a few round ticks between."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for parts in ((1, 2, 5), (1, 3), (1,)):
        found = [part * 10.0**decade for decade in decades for part in parts if low <= part * 10.0**decade <= high]
        if len(found) <= _MAX_TICKS:
            break
    found = found[:: max(1, math.ceil(len(found) / _MAX_TICKS))]
    return Axis(low, high, tuple((value, says(value)) for value in found), label, is_logarithmic=True)


def round_up(value: float) -> float:
    """Find the least 1, 2, 5 or 10 times a power of ten that is not below a value; 1 where it is no number above 0."""
    if not (math.isfinite(value) and value > 0):
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(step * size for step in (1, 2, 5, 10, 20) if step * size >= value * (1 - 1e-9))
