"""Places in an image -> numbers: shares of its width and height in, the steps of a convention out.

0-1      shares with three digits, "0.120"       0-1000   whole thousandths, "120"       pixels   whole pixels, "77"
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Coordinates = Literal["0-1", "0-1000", "pixels"]
COORDINATES: tuple[Coordinates, ...] = get_args(Coordinates)

_PIXELS = re.compile(r"([1-9]\d*)x([1-9]\d*)")


@dataclass(frozen=True, slots=True)
class ImageScale:
    """What the coordinates in an image of `width` by `height` pixels count in."""

    coordinates: Coordinates
    width: int
    height: int

    @property
    def steps(self) -> tuple[int, int]:
        """How many steps of rounding the image has, across and down."""
        return (self.width, self.height) if self.coordinates == "pixels" else (1000, 1000)

    @property
    def name(self) -> str:
        """The convention, of pixels with how many there are; `spans_of` reads it."""
        return f"{self.width}x{self.height}" if self.coordinates == "pixels" else self.coordinates

    @property
    def words(self) -> str:
        """How a question says it."""
        if self.coordinates == "pixels":
            return f"in pixels of this image, {self.width} wide and {self.height} high"
        return f"from {' to '.join(self.coordinates.split('-'))} across and down the image"

    @property
    def note(self) -> str:
        """What a question about points says last: the same two numbers are another place in pixels."""
        return f" Coordinates are {self.words}."

    def write(self, steps: Sequence[float]) -> str:
        """Write coordinates that are counted in steps."""
        return ", ".join(f"{n / 1000:.3f}" if self.coordinates == "0-1" else f"{n:.0f}" for n in steps)

    def say(self, shares: Sequence[float]) -> str:
        """Round shares, x and y in turn, and write them."""
        return self.write([float(round(share * self.steps[place % 2])) for place, share in enumerate(shares)])


def spans_of(name: str) -> tuple[int, int] | None:
    """Return what the width and the height of the image count by the name of a scale; None for another text."""
    if name in COORDINATES and name != "pixels":
        return (1, 1) if name == "0-1" else (1000, 1000)
    pixels = _PIXELS.fullmatch(name)
    return (int(pixels[1]), int(pixels[2])) if pixels else None
