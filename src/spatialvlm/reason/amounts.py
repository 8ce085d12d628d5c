"""Amounts: values with what they count and how far they move with what was measured; sums, products, functions of them.

Whatever is no finite number, or does not fit in its units, is a UserError.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from spatialvlm.errors import UserError
from spatialvlm.quantities import UNITS as LENGTHS

HIGHEST_POWER = 12.0


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a value counts: powers of metres and of radians; both 0 is a plain number."""

    length: int = 0
    angle: int = 0

    def __str__(self) -> str:
        parts = [
            unit if power == 1 else f"{unit}^{power}"
            for unit, power in (("m", self.length), ("rad", self.angle))
            if power
        ]
        return " ".join(parts)


PLAIN, LENGTH, ANGLE = Dimension(), Dimension(1, 0), Dimension(0, 1)
UNITS = {
    "rad": (1.0, ANGLE),
    "radians": (1.0, ANGLE),
    "deg": (math.pi / 180, ANGLE),
    "degrees": (math.pi / 180, ANGLE),
    **{word: (unit.metres, LENGTH) for unit in LENGTHS for word in (unit.name, unit.plural, unit.symbol) if word},
}
"""What may follow a number: how large it is in SI, and what it counts."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A value in SI units with what it counts, and how far it moves with each measured one, by that one's handle."""

    value: float
    dimension: Dimension = PLAIN
    slopes: Mapping[str, float] | None = None

    @classmethod
    def measured(cls, handle: str, value: float, dimension: Dimension) -> "Amount":
        """Make a value that was measured: it moves with itself."""
        return cls(value, dimension, {handle: 1.0})

    def moved(self, weight: float) -> dict[str, float]:
        """Return the slopes times a weight."""
        return {handle: weight * slope for handle, slope in (self.slopes or {}).items()}


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether a comparison holds, and the margin that it rests on: positive where it does."""

    holds: bool
    margin: Amount


def checked(found: Amount) -> Amount:
    """Return a value. Raises OverflowError where it, or how it moves, is no finite number."""
    if not all(map(math.isfinite, (found.value, *(found.slopes or {}).values()))):
        raise OverflowError
    return found


def _joined(value: float, dimension: Dimension, parts: Sequence[tuple[float, Amount]]) -> Amount:
    """Make a value that moves with others, each by a weight."""
    slopes: dict[str, float] = {}
    for weight, part in parts:
        for handle, slope in part.moved(weight).items():
            slopes[handle] = slopes.get(handle, 0.0) + slope
    return Amount(value, dimension, slopes)


def finite(found: Amount) -> Amount:
    """Return an amount. Raises UserError where it, or how it moves, is no finite number."""
    try:
        return checked(found)
    except OverflowError:
        raise UserError("expression: a value is too large for a number; check its powers and divisions") from None


def _alike(amounts: Sequence[Amount], why: str) -> Dimension:
    """Return the one dimension of some values; 0 may be of any. Raises UserError where they differ."""
    found = {one.dimension for one in amounts if one.value or one.slopes} or {amounts[0].dimension}
    if len(found) > 1:
        told = " and ".join(sorted(str(one) or "plain numbers" for one in found))
        raise UserError(f"expression: cannot {why} {told}; give numbers their units, as in 60 cm")
    return found.pop()


def added(one: Amount, other: Amount, sign: float) -> Amount:
    """Add two amounts, or with `sign` -1 subtract the second. Raises UserError where they count different things."""
    dimension = _alike((one, other), "add")
    return finite(_joined(one.value + sign * other.value, dimension, ((1.0, one), (sign, other))))


def less(one: Amount, other: Amount) -> Amount:
    """Return the margin by which one is less than the other."""
    dimension = _alike((one, other), "compare")
    return finite(_joined(other.value - one.value, dimension, ((1.0, other), (-1.0, one))))


def times(one: Amount, other: Amount) -> Amount:
    """Multiply two amounts."""
    lengths, angles = one.dimension.length + other.dimension.length, one.dimension.angle + other.dimension.angle
    value = one.value * other.value
    return finite(_joined(value, Dimension(lengths, angles), ((other.value, one), (one.value, other))))


def inverse(one: Amount) -> Amount:
    """Return 1 over an amount. Raises UserError for 0."""
    if one.value == 0.0:
        raise UserError("expression: divides by 0")
    dimension = Dimension(-one.dimension.length, -one.dimension.angle)
    over = 1.0 / one.value
    return finite(Amount(over, dimension, one.moved(-over * over)))


def raised(base: Amount, power: float) -> Amount:
    """Raise an amount to a power. Raises UserError where that is no number, or no unit."""
    if abs(power) > HIGHEST_POWER:
        raise UserError(f"expression: power {power:g}; expected at most {HIGHEST_POWER:g}")
    lengths, angles = base.dimension.length * power, base.dimension.angle * power
    if lengths != int(lengths) or angles != int(angles):
        raise UserError(f"expression: {base.dimension} to the power {power:g} is no unit")
    try:
        value, slope = math.pow(base.value, power), power * math.pow(base.value, power - 1.0) if power else 0.0
        return checked(Amount(value, Dimension(int(lengths), int(angles)), base.moved(slope)))
    except (ValueError, OverflowError):
        raise UserError(f"expression: {base.value:g} to the power {power:g} is no number") from None


def _of_angle(function: Callable[[float], float], slope: Callable[[float], float]) -> "_Function":
    def apply(values: Sequence[Amount]) -> Amount:
        if values[0].dimension not in (PLAIN, ANGLE):
            raise ValueError
        return Amount(function(values[0].value), PLAIN, values[0].moved(slope(values[0].value)))

    return apply


def _to_angle(function: Callable[[float], float], slope: Callable[[float], float]) -> "_Function":
    def apply(values: Sequence[Amount]) -> Amount:
        if values[0].dimension != PLAIN:
            raise ValueError
        return Amount(function(values[0].value), ANGLE, values[0].moved(slope(values[0].value)))

    return apply


def _outermost(choose: Callable[..., Amount]) -> "_Function":
    """Choose one value; its own slopes are those of the result."""

    def apply(values: Sequence[Amount]) -> Amount:
        dimension = _alike(values, "compare")
        chosen = choose(values, key=lambda one: one.value)
        return Amount(chosen.value, dimension, chosen.slopes)

    return apply


def _total(values: Sequence[Amount]) -> Amount:
    return _joined(sum(one.value for one in values), _alike(values, "add"), [(1.0, one) for one in values])


def _mean(values: Sequence[Amount]) -> Amount:
    total = _total(values)
    return Amount(total.value / len(values), total.dimension, total.moved(1.0 / len(values)))


def _size(values: Sequence[Amount]) -> Amount:
    dimension, size = _alike(values, "add"), math.hypot(*(one.value for one in values))
    return _joined(size, dimension, [(one.value / size if size else 1.0, one) for one in values])


def _absolute(values: Sequence[Amount]) -> Amount:
    sign = -1.0 if values[0].value < 0 else 1.0
    return Amount(abs(values[0].value), values[0].dimension, values[0].moved(sign))


def _root(values: Sequence[Amount]) -> Amount:
    return raised(values[0], 0.5)


def _direction(values: Sequence[Amount]) -> Amount:
    up, along = values
    _alike(values, "compare")
    square = up.value**2 + along.value**2
    parts = ((along.value / square, up), (-up.value / square, along))
    return _joined(math.atan2(up.value, along.value), ANGLE, parts)


_Function = Callable[[Sequence[Amount]], Amount]
MOST = 16
FUNCTIONS: dict[str, tuple[_Function, int, int]] = {
    "abs": (_absolute, 1, 1),
    "sqrt": (_root, 1, 1),
    "min": (_outermost(min), 1, MOST),
    "max": (_outermost(max), 1, MOST),
    "sum": (_total, 1, MOST),
    "mean": (_mean, 1, MOST),
    "hypot": (_size, 1, MOST),
    "sin": (_of_angle(math.sin, math.cos), 1, 1),
    "cos": (_of_angle(math.cos, lambda angle: -math.sin(angle)), 1, 1),
    "tan": (_of_angle(math.tan, lambda angle: 1.0 / math.cos(angle) ** 2), 1, 1),
    "asin": (_to_angle(math.asin, lambda value: 1.0 / math.sqrt(1.0 - value**2)), 1, 1),
    "acos": (_to_angle(math.acos, lambda value: -1.0 / math.sqrt(1.0 - value**2)), 1, 1),
    "atan": (_to_angle(math.atan, lambda value: 1.0 / (1.0 + value**2)), 1, 1),
    "atan2": (_direction, 2, 2),
}
"""What can be called: the function, and of how many values at least and at most."""
