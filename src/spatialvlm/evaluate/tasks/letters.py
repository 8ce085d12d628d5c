"""Options called (A), (B), ... in published rows: the letter of the right one -> its place.

Enters: an answer cell such as "(C)" or "C" and the options of its row. Leaves: a place from 0.
"""

from collections.abc import Sequence
from string import ascii_uppercase

from spatialvlm.errors import UserError


def marks(count: int) -> tuple[str, ...]:
    """The marks of the first `count` options: ("(A)", "(B)", ...)."""
    return tuple(f"({letter})" for letter in ascii_uppercase[:count])


def place_of_letter(answer: object, options: Sequence[str], where: str) -> int:
    """The place of the option that "(C)" or "C" names. Raises UserError, beginning with `where`, for another cell."""
    letters = ascii_uppercase[: len(options)]
    letter = str(answer).strip().strip("()")
    if len(letter) != 1 or letter not in letters:
        raise UserError(f"{where}: answer {answer!r}; expected a letter of its options, {', '.join(letters)}")
    return letters.index(letter)


def texts(cell: object, where: str) -> tuple[str, ...]:
    """A cell of options as texts. Raises UserError, which begins with `where`, where fewer than two are there."""
    found = tuple(str(one) for one in cell) if isinstance(cell, list | tuple) else ()
    if len(found) < 2:
        raise UserError(f"{where}: got the options {cell!r}; expected a list of two or more")
    return found
