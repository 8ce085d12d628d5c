"""Options to choose from: an answer and its error in, what might be said instead out, the right one first.

A wrong option is wrong beyond the error bar and beyond all rounding. The right one does not show by its form: of a
number seven values are said, each greater than the one before by the same factor, and four in a row are shown, so that
any of the four may be the right one; hours keep the same distance from each other as from the right one.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, permutations

import numpy as np

from spatialvlm.answers import (
    SAME,
    Angle,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
)
from spatialvlm.kinds import RELATION_WORDS, Kind
from spatialvlm.quantities import INCH, UNITS, Unit, say_angle, speak, speak_exactly
from spatialvlm.records import QA

SHOWN = 4
MIN_MARGIN, MAX_MARGIN, MARGIN_SIGMAS = 0.25, 0.7, 3.0
"""How far off a wrong number is at least, relative to the right one; where the error asks for more it is not asked."""
MAX_ANGLE_RAD = math.radians(120.0)
HOURS_APART = 2

_SLACK, _SPREAD, _WIDER = 1.06, 0.35, 1.25
_IN_SYMBOLS, _IN_WORDS = 0.2, 0.4
"""Draws by which an angle is said without "about"."""
UNIT_NAMED = {unit.name: unit for unit in UNITS}
_CLOCK_FACES = tuple(
    hours
    for hours in combinations(range(1, 12), SHOWN - 1)
    if all(after - before >= HOURS_APART for before, after in pairwise((0, *hours, 12)))
)
"""Hours after the right one; all of the four at least two hours apart."""


@dataclass(frozen=True, slots=True)
class SaidNumber:
    """A number in SI units as it is said."""

    value: float
    text: str


def options_of(qa: QA, kind: Kind, rng: np.random.Generator, *, exact: bool) -> tuple[str, ...] | None:
    """List what might be answered, the right one first; None where nothing is wrong for sure."""
    match qa.value:
        case Length() | Angle() as number:
            series = numbers_around(number, qa, rng, exact=exact)
            if series is None:
                return None
            first = int(rng.integers(SHOWN))
            texts = _with_sides(number, kind, [said.text for said in series], rng)
            return (texts[SHOWN - 1], *(text for i, text in enumerate(texts[first : first + SHOWN], first) if i != 3))
        case Count(number):
            return (f"{number}", *_some([f"{other}" for other in other_counts(number, qa, kind, rng)], rng))
        case Clock(hour):
            after = _CLOCK_FACES[int(rng.integers(len(_CLOCK_FACES)))]
            return tuple(f"{(hour + later - 1) % 12 + 1} o'clock" for later in (0, *after))
        case Order(items):
            others = [", ".join(order) for order in permutations(items) if order != items]
            return (", ".join(items), *_some(others, rng))
        case YesNo() | Choice():
            own = own_options(qa.value, kind)
            chosen = own.options[own.right]
            return tuple(spoken(option, kind) for option in (chosen, *(o for o in own.options if o != chosen)))
        case Area() | Region() | BoundingBox() | CannotTell():
            return None


def own_options(answer: YesNo | Choice, kind: Kind) -> Choice:
    """List what a question leaves to choose from; of a comparison that is "about the same" too."""
    own = Choice(("yes", "no"), 0 if answer.yes else 1) if isinstance(answer, YesNo) else answer
    return Choice((*own.options, SAME), own.right) if kind.form.compares and SAME not in own.options else own


def spoken(option: str, kind: Kind) -> str:
    """Say an option of a choice: "in front", "to the left"; names stay as they are."""
    if kind.form.of_subjects:
        return option
    return f"to the {option}" if option in ("left", "right") else RELATION_WORDS.get(option, option)


def numbers_around(
    answer: Length | Angle, qa: QA, rng: np.random.Generator, *, exact: bool
) -> Sequence[SaidNumber] | None:
    """Say seven ascending numbers in one unit, as finely; the middle one is the answer, the others are wrong."""
    if isinstance(answer, Length):
        value, most = answer.metres, math.inf
    else:
        value, most = abs(answer.radians), MAX_ANGLE_RAD
    margin = max(MIN_MARGIN, MARGIN_SIGMAS * qa.fact.error / value) if value > 0 else math.inf
    if not margin <= MAX_MARGIN:
        return None
    least, steps = _SLACK / (1.0 - margin), SHOWN - 1
    factor = min(least * (1.0 + _SPREAD * rng.random()), (most / value) ** (1.0 / steps))
    draws = (rng.random(), rng.random(), (_IN_SYMBOLS, _IN_WORDS)[int(rng.integers(2))])
    if factor < least:
        return None
    for exactly in (True,) if exact else (False, True):  # people's numbers may be too few
        say = _sayer(answer, qa, draws, exact=exactly)
        for wider in (1.0, _WIDER):
            if value * (factor * wider) ** steps <= most:
                powers = [(factor * wider) ** step for step in range(-steps, SHOWN)]
                series = [say(value * power, qa.fact.error * power) for power in powers]
                if _are_apart(series, value, margin * value):
                    return series
    return None


def _sayer(
    answer: Length | Angle, qa: QA, draws: Sequence[float], *, exact: bool
) -> Callable[[float, float], SaidNumber]:
    """Make what says a number with its error, in the unit that the right one is said in."""
    if isinstance(answer, Angle):

        def say_as_angle(radians: float, error: float) -> SaidNumber:
            text = say_angle(radians, error, draws, exact=exact)
            return SaidNumber(math.radians(int(re.findall(r"\d+", text)[0])), text)

        return say_as_angle
    speaker = speak_exactly if exact else speak
    unit: Unit = UNIT_NAMED[qa.unit] if qa.unit else speak(answer.metres, qa.fact.error, draws).unit

    def say_as_length(metres: float, error: float) -> SaidNumber:
        said_m = speaker(metres, error, draws, unit).value_m
        number = f"{round(said_m / unit.metres, 6):.10g}"
        in_symbols = draws[2] == _IN_SYMBOLS and unit is not INCH  # "10 in" reads as a word
        word = unit.symbol if in_symbols else unit.name if number == "1" else unit.plural
        return SaidNumber(said_m, f"{number} {word}")

    return say_as_length


def _are_apart(series: Sequence[SaidNumber], value: float, margin: float) -> bool:
    """Tell whether all differ as they are said, and all but the middle one are wrong beyond margin and rounding."""
    said = [one.value for one in series]
    margin = max(margin, abs(said[SHOWN - 1] - value))
    ascending = all(low < high for low, high in pairwise(said))
    return ascending and said[SHOWN - 2] < value - margin and said[SHOWN] > value + margin


def _with_sides(answer: Length | Angle, kind: Kind, texts: Sequence[str], rng: np.random.Generator) -> Sequence[str]:
    """Add to which side an angle goes, where its kind asks that; wrong ones go to either."""
    if isinstance(answer, Length) or not kind.word:
        return texts
    words = (kind.word, kind.opposite)
    sides = rng.integers(2, size=len(texts)).tolist()
    sides[SHOWN - 1] = 0 if answer.radians > 0 else 1
    return [f"{text} {words[side]}" for text, side in zip(texts, sides, strict=True)]


def other_counts(number: int, qa: QA, kind: Kind, rng: np.random.Generator) -> list[int]:
    """List counts that are wrong and possible: as many as are listed, or near the right one."""
    if kind.listed:
        low, high = 0, max(SHOWN - 1, len(qa.names) - kind.subjects)
    else:
        low = max(0, number - int(rng.integers(SHOWN)))
        high = low + SHOWN - 1
    return [other for other in range(low, high + 1) if other != number]


def _some(items: list[str], rng: np.random.Generator) -> list[str]:
    """Draw as many wrong options as are shown."""
    return [items[int(place)] for place in rng.permutation(len(items))[: SHOWN - 1].tolist()]
