"""Arithmetic on measured values: an expression with handles, numbers and units enters, a value with its error leaves.

    calculate("d1 + d2 < 60 cm", {"d1": ..., "d2": ...})

Errors are carried through: a value knows its slope by every measured one, so that a handle that is used twice counts
once. Nothing is evaluated but what stands in the tables of `amounts`; no name is ever looked up elsewhere, and numbers
are floats, so that time and memory are bounded by the length of the expression.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from spatialvlm.errors import UserError
from spatialvlm.reason.amounts import (
    FUNCTIONS,
    PLAIN,
    UNITS,
    Amount,
    Decided,
    added,
    checked,
    finite,
    inverse,
    less,
    raised,
    times,
)

LONGEST, DEEPEST = 500, 40
"""Characters of an expression, and how deep it may be nested."""
Outcome = Amount | Decided
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>\*\*|<=|>=|[-+*/^()<>,]))"
)


def calculate(expression: str, handles: Mapping[str, Amount]) -> Outcome:
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

    def __init__(self, expression: str, handles: Mapping[str, Amount]) -> None:
        self._text, self._handles = expression, handles
        self._tokens = list(_tokens(expression))
        self._place, self._depth = 0, 0

    def comparison(self) -> Outcome:
        """Read a value, or two that are compared."""
        left = self.sum()
        for relation in ("<=", ">=", "<", ">"):
            if self._taken(relation):
                margin = less(left, self.sum()) if "<" in relation else less(self.sum(), left)
                return Decided(margin.value > 0 or (margin.value == 0 and "=" in relation), margin)
        return left

    def sum(self) -> Amount:
        """Read what is added."""
        total = self._product()
        while sign := self._taken("+", "-"):
            total = added(total, self._product(), 1.0 if sign == "+" else -1.0)
        return total

    def _product(self) -> Amount:
        total = self._signed()
        while sign := self._taken("*", "/"):
            total = times(total, self._signed() if sign == "*" else inverse(self._signed()))
        return total

    def _signed(self) -> Amount:
        sign = 1.0
        while taken := self._taken("-", "+"):
            sign = -sign if taken == "-" else sign
        found = self._power()
        return found if sign > 0 else Amount(-found.value, found.dimension, found.moved(-1.0))

    def _power(self) -> Amount:
        base = self._atom()
        if not self._taken("**", "^"):
            return base
        with_sign = self._nested(self._signed)
        if with_sign.dimension != PLAIN or with_sign.slopes:
            raise self._wrong("powers are plain numbers")
        return raised(base, with_sign.value)

    def _atom(self) -> Amount:
        kind, text = self._next()
        if kind == "number":
            return finite(self._with_unit(float(text)))
        if kind == "sign" and text == "(":
            found = self._nested(self.sum)
            self._expect(")")
            return found
        if kind == "name":
            return self._named(text)
        raise self._wrong(f"{text or 'the end'!r} where a value was expected")

    def _with_unit(self, number: float) -> Amount:
        kind, text = self._peek()
        if kind == "name" and text in UNITS and text not in self._handles:
            self._place += 1
            size, dimension = UNITS[text]
            return Amount(number * size, dimension)
        return Amount(number)

    def _named(self, name: str) -> Amount:
        if self._peek() == ("sign", "(") and name in FUNCTIONS:
            self._place += 1
            arguments = self._nested(self._arguments)
            self._expect(")")
            return self._applied(name, arguments)
        if name in self._handles:
            return self._handles[name]
        if name == "pi":
            return Amount(math.pi)
        known = ", ".join([*self._handles, *FUNCTIONS])
        raise self._wrong(f"{name!r} is no handle, unit or function; known are {known}")

    def _arguments(self) -> list[Amount]:
        found = [self.sum()]
        while self._taken(","):
            found.append(self.sum())
        return found

    def _applied(self, name: str, arguments: list[Amount]) -> Amount:
        function, least, most = FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise self._wrong(f"{name} of {len(arguments)} values; expected {least} to {most}")
        try:
            return checked(function(arguments))
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
