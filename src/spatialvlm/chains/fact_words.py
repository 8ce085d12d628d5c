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
class LengthWords:
    """The words of one kind of length: the noun, the sentences without their full stop, and the bare answer."""

    noun: str
    says: tuple[str, ...]
    answer: str


WORDS: Mapping[str, LengthWords] = MappingProxyType(
    {
        "distance": LengthWords(
            "the distance between the centers of [A] and [B]",
            (
                "the centers of [A] and [B] are [N] apart",
                "from the center of [A] to the center of [B] it is [N]",
                "between the middle of [A] and the middle of [B] lie [N]",
                "[A] and [B] are [N] apart, center to center",
            ),
            "They are [N] apart.",
        ),
        "gap": LengthWords(
            "the gap between [A] and [B]",
            (
                "the gap between [A] and [B] is [N]",
                "[A] and [B] leave [N] free between them",
                "there are [N] of free space between [A] and [B]",
                "at their closest, [A] and [B] are [N] apart",
            ),
            "The gap is [N].",
        ),
        "height": LengthWords(
            "the height of [A]",
            (
                "[A] is [N] tall",
                "[A] measures [N] from bottom to top",
                "the height of [A] is [N]",
                "I put the height of [A] at [N]",
            ),
            "It is [N] tall.",
        ),
        "width": LengthWords(
            "the width of [A] as seen from here",
            (
                "seen from here, [A] is [N] wide",
                "[A] measures [N] from left to right",
                "the width of [A], as seen from here, is [N]",
                "I put the width of [A], from left to right, at [N]",
            ),
            "It is [N] wide.",
        ),
        "elevation": LengthWords(
            "the height of the bottom of [A] above [P]",
            (
                "the bottom of [A] is [N] above [P]",
                "[A] has its bottom [N] above [P]",
                "from [P] to the bottom of [A] it is [N]",
                "the lowest point of [A] is [N] above [P]",
            ),
            "Its bottom is [N] above [P].",
        ),
        "horizontal_distance": LengthWords(
            "the way from [A] to [B]",
            (
                "from [A] to [B] it is [N]",
                "the way from [A] to [B] is [N]",
                "[A] and [B] are [N] apart along the floor",
                "getting from [A] to [B] takes [N]",
            ),
            "It is [N].",
        ),
        "left_difference": LengthWords(
            "how far [A] is to the left of [B]",
            (
                "[A] is [N] to the left of [B]",
                "[A] is [N] farther left than [B]",
                "seen from here, [A] is [N] to the left of [B]",
                "[B] is [N] to the right of [A]",
            ),
            "It is [N] to the left.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """A length as it is said: in metres, and how many decimals it has in the unit of its chain."""

    metres: float
    decimals: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the numbers of one chain are said: all in this unit."""

    unit: Unit

    def measured(self, metres: float, error_m: float) -> Said:
        """Round a measured length: to two digits, or to three where two would lose more than the error."""
        digits, spoken = 2, speak_exactly(metres, metres, _MIDDLE, self.unit)
        if spoken.rounding_m > error_m:
            digits, spoken = 3, speak_exactly(metres, 0.0, _MIDDLE, self.unit)
        leading = math.floor(math.log10(max(spoken.value_m / self.unit.metres, 1e-6)) + 1e-9)
        return Said(round(spoken.value_m, 9), max(digits - 1 - leading, 0))

    def worked_out(self, metres: float, decimals: int | None = None) -> Said:
        """Take a length that comes from others as it is, with so many decimals, or those that it has."""
        written = plain(metres / self.unit.metres)
        return Said(round(metres, 9), len(written.partition(".")[2]) if decimals is None else decimals)

    def rounded(self, said: Said, error_m: float) -> Said:
        """Round a length that comes from others to the place where its error begins: by no more than one sigma."""
        place = -math.floor(math.log10(max(2.0 * error_m / self.unit.metres, 1e-6)))
        decimals = min(place, said.decimals)
        number = round(said.metres / self.unit.metres, decimals)
        return Said(round(number * self.unit.metres, 9), max(decimals, 0))

    def say(self, said: Said) -> str:
        """Say a length."""
        return f"{said.metres / self.unit.metres:.{said.decimals}f} {self.unit.symbol}"

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
