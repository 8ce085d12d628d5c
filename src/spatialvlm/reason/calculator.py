"""Arithmetic on measured values: an expression with handles, numbers and units enters, a value with its error leaves.

    calculate("d1 + d2 < 60 cm", {"d1": ..., "d2": ...})

Errors are carried through: a value knows its slope by every measured one, so that a handle that is used twice counts
once. Nothing is evaluated but what stands in the tables below; no name is ever looked up elsewhere, and numbers are
floats, so that time and memory are bounded by the length of the expression.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from spatialvlm.errors import UserError

LONGEST, DEEPEST = 500, 40
"""Characters of an expression, and how deep it may be nested."""
HIGHEST_POWER = 12.0
UNITS: dict[str, tuple[float, "Dimension"]] = {}


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
for _names, _size, _dimension in (
    ("m meter meters metre metres", 1.0, LENGTH),
    ("cm centimeter centimeters centimetre centimetres", 0.01, LENGTH),
    ("mm millimeter millimeters millimetre millimetres", 0.001, LENGTH),
    ("km", 1000.0, LENGTH),
    ("inch inches", 0.0254, LENGTH),
    ("ft foot feet", 0.3048, LENGTH),
    ("yd yard yards", 0.9144, LENGTH),
    ("rad radian radians", 1.0, ANGLE),
    ("deg degree degrees", math.pi / 180, ANGLE),
):
    UNITS |= dict.fromkeys(_names.split(), (_size, _dimension))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in SI units with what it counts, and how far it moves with each measured one, by that one's handle."""

    value: float
    dimension: Dimension = PLAIN
    slopes: Mapping[str, float] | None = None

    @classmethod
    def measured(cls, handle: str, value: float, dimension: Dimension) -> "Quantity":
        """Make a value that was measured: it moves with itself."""
        return cls(value, dimension, {handle: 1.0})

    def moved(self, weight: float) -> dict[str, float]:
        """Return the slopes times a weight."""
        return {handle: weight * slope for handle, slope in (self.slopes or {}).items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a comparison holds, and the margin that it rests on: positive where it does."""

    holds: bool
    margin: Quantity


Outcome = Quantity | Verdict
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|<=|>=|[-+*/^()<>,]))"
)


def calculate(expression: str, handles: Mapping[str, Quantity]) -> Outcome:
    """Compute an expression: + - * / ^, brackets, one comparison, `FUNCTIONS`, numbers with or without `UNITS`, pi.

    Raises UserError for what is no such expression, units that do not fit, an unknown handle, and results that are no
    finite numbers.
    """
    if len(expression) > LONGEST:
        raise UserError(f"expression of {len(expression)} characters: expected at most {LONGEST}; split it")
    reader = _Reader(expression, handles)
    outcome = reader.comparison()
    reader.end()
    return outcome


_Read = TypeVar("_Read")


class _Reader:
    """Reads an expression from left to right, and computes as it reads."""

    def __init__(self, expression: str, handles: Mapping[str, Quantity]) -> None:
        self._text, self._handles = expression, handles
        self._tokens = list(_tokens(expression))
        self._place, self._depth = 0, 0

    def comparison(self) -> Outcome:
        """Read a value, or two that are compared."""
        left = self.sum()
        for relation in ("<=", ">=", "<", ">"):
            if self._taken(relation):
                margin = _less(left, self.sum()) if "<" in relation else _less(self.sum(), left)
                return Verdict(margin.value > 0 or (margin.value == 0 and "=" in relation), margin)
        return left

    def sum(self) -> Quantity:
        """Read what is added."""
        total = self._product()
        while sign := self._taken("+", "-"):
            total = _added(total, self._product(), 1.0 if sign == "+" else -1.0)
        return total

    def _product(self) -> Quantity:
        total = self._signed()
        while sign := self._taken("*", "/"):
            total = _times(total, self._signed() if sign == "*" else _inverse(self._signed()))
        return total

    def _signed(self) -> Quantity:
        sign = 1.0
        while taken := self._taken("-", "+"):
            sign = -sign if taken == "-" else sign
        found = self._power()
        return found if sign > 0 else Quantity(-found.value, found.dimension, found.moved(-1.0))

    def _power(self) -> Quantity:
        base = self._atom()
        if not self._taken("**", "^"):
            return base
        with_sign = self._nested(self._signed)
        if with_sign.dimension != PLAIN or with_sign.slopes:
            raise self._wrong("powers are plain numbers")
        return _raised(base, with_sign.value)

    def _atom(self) -> Quantity:
        kind, text = self._next()
        if kind == "number":
            return _finite(self._with_unit(float(text)))
        if kind == "sign" and text == "(":
            found = self._nested(self.sum)
            self._expect(")")
            return found
        if kind == "name":
            return self._named(text)
        raise self._wrong(f"{text or 'the end'!r} where a value was expected")

    def _with_unit(self, number: float) -> Quantity:
        kind, text = self._peek()
        if kind == "name" and text in UNITS and text not in self._handles:
            self._place += 1
            size, dimension = UNITS[text]
            return Quantity(number * size, dimension)
        return Quantity(number)

    def _named(self, name: str) -> Quantity:
        if self._peek() == ("sign", "(") and name in FUNCTIONS:
            self._place += 1
            arguments = self._nested(self._arguments)
            self._expect(")")
            return self._applied(name, arguments)
        if name in self._handles:
            return self._handles[name]
        if name == "pi":
            return Quantity(math.pi)
        known = ", ".join([*self._handles, *FUNCTIONS])
        raise self._wrong(f"{name!r} is no handle, unit or function; known are {known}")

    def _arguments(self) -> list[Quantity]:
        found = [self.sum()]
        while self._taken(","):
            found.append(self.sum())
        return found

    def _applied(self, name: str, arguments: list[Quantity]) -> Quantity:
        function, least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise self._wrong(f"{name} of {len(arguments)} values; expected {least} to {most}")
        try:
            return _checked(function(arguments))
        except (ValueError, ZeroDivisionError, OverflowError):
            raise self._wrong(f"{name} of {', '.join(f'{one.value:g}' for one in arguments)} is no number") from None

    def _nested(self, read: Callable[[], _Read]) -> _Read:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._wrong(f"nested more than {DEEPEST} deep")
        found = read()
        self._depth -= 1
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._place] if self._place < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        found = self._peek()
        self._place += 1
        return found

    def _taken(self, *signs: str) -> str | None:
        kind, text = self._peek()
        if kind != "sign" or text not in signs:
            return None
        self._place += 1
        return text

    def _expect(self, sign: str) -> None:
        if not self._taken(sign):
            raise self._wrong(f"{self._peek()[1] or 'the end'!r} where {sign!r} was expected")

    def end(self) -> None:
        """Raise UserError where something is left."""
        if self._place < len(self._tokens):
            raise self._wrong(f"{self._peek()[1]!r} where the end was expected")

    def _wrong(self, what: str) -> UserError:
        return UserError(f"expression {self._text!r}: {what}")


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(expression.rstrip())
    while place < end:
        found = _TOKEN.match(expression, place)
        if found is None:
            raise UserError(
                f"expression {expression!r}: {expression[place:].lstrip()[0]!r} means nothing here; expected numbers, "
                "units, handles, + - * / ^ ( ) < >"
            )
        place = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]


def _checked(found: Quantity) -> Quantity:
    """Return a value. Raises OverflowError where it, or how it moves, is no finite number."""
    if not all(map(math.isfinite, (found.value, *(found.slopes or {}).values()))):
        raise OverflowError
    return found


def _joined(value: float, dimension: Dimension, parts: Sequence[tuple[float, Quantity]]) -> Quantity:
    """Make a value that moves with others, each by a weight."""
    slopes: dict[str, float] = {}
    for weight, part in parts:
        for handle, slope in part.moved(weight).items():
            slopes[handle] = slopes.get(handle, 0.0) + slope
    return Quantity(value, dimension, slopes)


def _finite(found: Quantity) -> Quantity:
    try:
        return _checked(found)
    except OverflowError:
        raise UserError("expression: a value is too large for a number; check its powers and divisions") from None


def _alike(quantities: Sequence[Quantity], why: str) -> Dimension:
    """Return the one dimension of some values; 0 may be of any. Raises UserError where they differ."""
    found = {one.dimension for one in quantities if one.value or one.slopes} or {quantities[0].dimension}
    if len(found) > 1:
        told = " and ".join(sorted(str(one) or "plain numbers" for one in found))
        raise UserError(f"expression: cannot {why} {told}; give numbers their units, as in 60 cm")
    return found.pop()


def _added(one: Quantity, other: Quantity, sign: float) -> Quantity:
    dimension = _alike((one, other), "add")
    return _finite(_joined(one.value + sign * other.value, dimension, ((1.0, one), (sign, other))))


def _less(one: Quantity, other: Quantity) -> Quantity:
    """Return the margin by which one is less than the other."""
    dimension = _alike((one, other), "compare")
    return _finite(_joined(other.value - one.value, dimension, ((1.0, other), (-1.0, one))))


def _times(one: Quantity, other: Quantity) -> Quantity:
    lengths, angles = one.dimension.length + other.dimension.length, one.dimension.angle + other.dimension.angle
    value = one.value * other.value
    return _finite(_joined(value, Dimension(lengths, angles), ((other.value, one), (one.value, other))))


def _inverse(one: Quantity) -> Quantity:
    if one.value == 0.0:
        raise UserError("expression: divides by 0")
    dimension = Dimension(-one.dimension.length, -one.dimension.angle)
    over = 1.0 / one.value
    return _finite(Quantity(over, dimension, one.moved(-over * over)))


def _raised(base: Quantity, power: float) -> Quantity:
    if abs(power) > HIGHEST_POWER:
        raise UserError(f"expression: power {power:g}; expected at most {HIGHEST_POWER:g}")
    lengths, angles = base.dimension.length * power, base.dimension.angle * power
    if lengths != int(lengths) or angles != int(angles):
        raise UserError(f"expression: {base.dimension} to the power {power:g} is no unit")
    try:
        value, slope = math.pow(base.value, power), power * math.pow(base.value, power - 1.0) if power else 0.0
        return _checked(Quantity(value, Dimension(int(lengths), int(angles)), base.moved(slope)))
    except (ValueError, OverflowError):
        raise UserError(f"expression: {base.value:g} to the power {power:g} is no number") from None


def _of_angle(function: Callable[[float], float], slope: Callable[[float], float]) -> "_Function":
    def apply(values: Sequence[Quantity]) -> Quantity:
        if values[0].dimension not in (PLAIN, ANGLE):
            raise ValueError
        return Quantity(function(values[0].value), PLAIN, values[0].moved(slope(values[0].value)))

    return apply


def _to_angle(function: Callable[[float], float], slope: Callable[[float], float]) -> "_Function":
    def apply(values: Sequence[Quantity]) -> Quantity:
        if values[0].dimension != PLAIN:
            raise ValueError
        return Quantity(function(values[0].value), ANGLE, values[0].moved(slope(values[0].value)))

    return apply


def _outermost(choose: Callable[..., Quantity]) -> "_Function":
    """Choose one value; its own slopes are those of the result."""

    def apply(values: Sequence[Quantity]) -> Quantity:
        dimension = _alike(values, "compare")
        chosen = choose(values, key=lambda one: one.value)
        return Quantity(chosen.value, dimension, chosen.slopes)

    return apply


def _total(values: Sequence[Quantity]) -> Quantity:
    return _joined(sum(one.value for one in values), _alike(values, "add"), [(1.0, one) for one in values])


def _mean(values: Sequence[Quantity]) -> Quantity:
    total = _total(values)
    return Quantity(total.value / len(values), total.dimension, total.moved(1.0 / len(values)))


def _size(values: Sequence[Quantity]) -> Quantity:
    dimension, size = _alike(values, "add"), math.hypot(*(one.value for one in values))
    return _joined(size, dimension, [(one.value / size if size else 1.0, one) for one in values])


def _absolute(values: Sequence[Quantity]) -> Quantity:
    sign = -1.0 if values[0].value < 0 else 1.0
    return Quantity(abs(values[0].value), values[0].dimension, values[0].moved(sign))


def _root(values: Sequence[Quantity]) -> Quantity:
    return _raised(values[0], 0.5)


def _direction(values: Sequence[Quantity]) -> Quantity:
    up, along = values
    _alike(values, "compare")
    square = up.value**2 + along.value**2
    parts = ((along.value / square, up), (-up.value / square, along))
    return _joined(math.atan2(up.value, along.value), ANGLE, parts)


_Function = Callable[[Sequence[Quantity]], Quantity]
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
