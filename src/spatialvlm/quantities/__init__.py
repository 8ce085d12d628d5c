"""quantities: numbers <-> words, in both directions; the only place in the package with units other than SI.

lengths_in_words   lengths as people say them, and as they are read
exact_lengths      lengths with two or three digits, for who wants numbers
other_numbers      angles, counts, and lengths that a question gives
image_coordinates  places in an image
"""

from spatialvlm.quantities.exact_lengths import NUMBER_STYLES, NumberStyle, exact_number, speak_exactly
from spatialvlm.quantities.image_coordinates import COORDINATES, Coordinates, ImageScale, spans_of
from spatialvlm.quantities.lengths_in_words import (
    CENTIMETER,
    DECIMETER,
    FOOT,
    INCH,
    KILOMETER,
    METER,
    MILE,
    MILLIMETER,
    UNITS,
    YARD,
    Spoken,
    Unit,
    ask_unit,
    parse,
    speak,
)
from spatialvlm.quantities.other_numbers import say_angle, say_count, say_limit

__all__ = [
    "CENTIMETER",
    "COORDINATES",
    "DECIMETER",
    "FOOT",
    "INCH",
    "KILOMETER",
    "METER",
    "MILE",
    "MILLIMETER",
    "NUMBER_STYLES",
    "UNITS",
    "YARD",
    "Coordinates",
    "ImageScale",
    "NumberStyle",
    "Spoken",
    "Unit",
    "ask_unit",
    "exact_number",
    "parse",
    "say_angle",
    "say_count",
    "say_limit",
    "spans_of",
    "speak",
    "speak_exactly",
]
