"""How lengths are said within a chain: what each is called, the sentences that state it, and the numbers themselves.

All numbers of a chain are in one unit, metric, with the digits that their error allows; what is worked out in words is
worked out from the numbers as said.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from spatialvlm.quantities import CENTIMETER, METER, Unit, speak_exactly

_SLOT = re.compile(r"\[(\w+)\]")
_MIDDLE = (1.0, 1.0, 0.0)  # metric, with the symbol of the unit


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one kind of length: the noun, the sentences without their full stop, and the bare answer."""

    noun: str
    says: tuple[str, ...]
    answer: str


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "distance": Words(
            "the distance between the centers of [A] and [B]",
            (
                "the centers of [A] and [B] are [N] apart",
                "from the center of [A] to the center of [B] it is [N]",
                "between the middle of [A] and the middle of [B] lie [N]",
                "[A] and [B] are [N] apart, center to center",
            ),
            "They are [N] apart.",
        ),
        "gap": Words(
            "the gap between [A] and [B]",
            (
                "the gap between [A] and [B] is [N]",
                "[A] and [B] leave [N] free between them",
                "there are [N] of free space between [A] and [B]",
                "at their closest, [A] and [B] are [N] apart",
            ),
            "The gap is [N].",
        ),
        "height": Words(
            "the height of [A]",
            (
                "[A] is [N] tall",
                "[A] measures [N] from bottom to top",
                "the height of [A] is [N]",
                "I put the height of [A] at [N]",
            ),
            "It is [N] tall.",
        ),
        "width": Words(
            "the width of [A]",
            (
                "[A] is [N] wide",
                "[A] measures [N] from side to side",
                "the width of [A] is [N]",
                "I put the width of [A] at [N]",
            ),
            "It is [N] wide.",
        ),
        "elevation": Words(
            "the height of the bottom of [A] above [P]",
            (
                "the bottom of [A] is [N] above [P]",
                "[A] begins [N] above [P]",
                "from [P] to the bottom of [A] it is [N]",
                "the lowest point of [A] is [N] above [P]",
            ),
            "Its bottom is [N] above [P].",
        ),
        "horizontal_distance": Words(
            "the way from [A] to [B]",
            (
                "from [A] to [B] it is [N]",
                "the way from [A] to [B] is [N]",
                "[A] and [B] are [N] apart along the floor",
                "getting from [A] to [B] takes [N]",
            ),
            "It is [N].",
        ),
        "left_difference": Words(
            "how far [A] is to the left of [B]",
            (
                "[A] is [N] to the left of [B]",
                "[A] is [N] farther left than [B]",
                "going left from [B], [A] comes after [N]",
                "[B] is [N] to the right of [A]",
            ),
            "It is [N] to the left.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the numbers of one chain are said: all in this unit."""

    unit: Unit

    def measured(self, metres: float, error_m: float) -> float:
        """Round a measured length as it is said."""
        return round(speak_exactly(metres, error_m, _MIDDLE, self.unit).value_m, 9)

    def say(self, metres: float) -> str:
        """Say a length as it is, unrounded."""
        return f"{plain(metres / self.unit.metres)} {self.unit.symbol}"

    def say_error(self, metres: float) -> str:
        """Say an error in one digit, rounded up."""
        unit = CENTIMETER if metres < 0.1 else self.unit
        return f"{plain(rounded_up(metres / unit.metres))} {unit.symbol}"


def numbers_for(lengths: Sequence[float]) -> Numbers:
    """Choose the unit of a chain: meters, unless all its lengths are below one, or some are very small beside them."""
    small = max(lengths) < 1.0 or (min(lengths) < 0.1 and max(lengths) < 10.0)
    return Numbers(CENTIMETER if small else METER)


def rounded_up(number: float) -> float:
    """Round up to one digit."""
    if number <= 0.0:
        return 0.0
    step = 10.0 ** math.floor(math.log10(number))
    return round(math.ceil(number / step - 1e-6) * step, 9)


def plain(number: float) -> str:
    """Write a number without needless zeros."""
    return f"{number:.6f}".rstrip("0").rstrip(".")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill the slots of a wording; what fills a slot is never read as a wording."""
    return _SLOT.sub(lambda slot: values[slot[1]], template)


def sentence(text: str) -> str:
    """Make a sentence: a capital letter, and a full stop where no mark ends it."""
    text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".?!:" else f"{text}."
