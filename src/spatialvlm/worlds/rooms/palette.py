"""Colours by the names that people give them: chance and names enter, a name with its material leaves."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from spatialvlm.worlds.rooms.room import Finish, Material, Rgb, Texture

COLOURS: dict[str, tuple[Rgb, ...]] = {
    "white": ((242, 240, 235), (250, 250, 248), (234, 232, 228)),
    "black": ((34, 34, 36), (46, 45, 46)),
    "grey": ((128, 129, 131), (152, 152, 150), (98, 100, 104)),
    "silver": ((188, 190, 194), (205, 206, 208)),
    "gold": ((206, 164, 78), (190, 146, 62)),
    "red": ((188, 32, 38), (208, 46, 40), (160, 24, 32)),
    "orange": ((232, 118, 30), (222, 104, 40)),
    "yellow": ((240, 198, 52), (232, 184, 40)),
    "green": ((56, 128, 64), (92, 148, 70), (34, 96, 58)),
    "turquoise": ((48, 158, 160), (72, 176, 170)),
    "blue": ((38, 82, 168), (66, 116, 188), (28, 54, 116)),
    "purple": ((108, 62, 148), (132, 86, 164)),
    "pink": ((232, 138, 166), (222, 112, 146)),
    "brown": ((108, 70, 42), (132, 88, 54), (86, 56, 36)),
    "beige": ((214, 194, 162), (202, 182, 150)),
}
MIXED = "colourful"
NAMES = (*COLOURS, MIXED)
"""Every name that the colour of furniture may have."""

BRIGHT = "red orange yellow green turquoise blue purple pink"
CLOTH = "grey grey beige beige white blue green brown red turquoise pink yellow black"
PALE = "white white beige"
"""What goes with a colour in stripes and checks, and leaves it the one that people name."""
CERAMIC = "white white white red blue green yellow black grey turquoise pink orange beige"

_WOODS: dict[str, tuple[tuple[str, Rgb, Rgb], ...]] = {
    "light": (("beige", (214, 186, 144), (196, 164, 120)), ("beige", (206, 178, 138), (186, 154, 112))),
    "middle": (("brown", (164, 116, 70), (138, 92, 52)), ("brown", (150, 98, 58), (122, 76, 42))),
    "dark": (("brown", (98, 64, 40), (74, 46, 28)), ("brown", (82, 52, 36), (60, 37, 25))),
}


T = TypeVar("T")


class Coat(NamedTuple):
    """A colour's name and the material that has it."""

    colour: str
    material: Material


def choose(rng: np.random.Generator, options: Sequence[T]) -> T:
    """Draw one of them, each as likely."""
    return options[int(rng.integers(len(options)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Return True as often as `probability` says."""
    return bool(rng.random() < probability)


def shade(rng: np.random.Generator, colour: str) -> Rgb:
    """Draw a tint that people call `colour`, a little different each time."""
    drift = rng.integers(-7, 8)
    red, green, blue = (int(np.clip(value + drift, 0, 255)) for value in choose(rng, COLOURS[colour]))
    return red, green, blue


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(1 << 30))


def coat(rng: np.random.Generator, names: str, finish: Finish = "matte", texture: Texture = "plain") -> Coat:
    """Draw one of the colours named (words with spaces between); a texture's second colour is a darker tint of it."""
    colour = choose(rng, names.split())
    rgb = shade(rng, colour)
    red, green, blue = (int(value * 0.8) for value in rgb)
    return Coat(colour, Material(rgb, finish, texture, None if texture == "plain" else (red, green, blue), _seed(rng)))


def two_tone(rng: np.random.Generator, names: str, others: str, texture: Texture, finish: Finish = "matte") -> Coat:
    """Draw a texture of two different colours; the first one names it."""
    colour = choose(rng, names.split())
    other = choose(rng, [name for name in others.split() if name != colour])
    return Coat(colour, Material(shade(rng, colour), finish, texture, shade(rng, other), _seed(rng)))


def wood(rng: np.random.Generator, kinds: str = "light middle middle dark dark") -> Coat:
    """Draw bare wood."""
    colour, rgb, grain = choose(rng, _WOODS[choose(rng, kinds.split())])
    drift = rng.integers(-6, 7)
    tints = [tuple(int(value + drift) for value in tint) for tint in (rgb, grain)]
    (red, green, blue), other = tints[0], tints[1]
    return Coat(colour, Material((red, green, blue), "satin", "wood", (other[0], other[1], other[2]), _seed(rng)))


def steel(rng: np.random.Generator) -> Coat:
    """Draw bare metal: steel, seldom brass."""
    return coat(rng, "silver silver silver gold", "metal")


def plain(red: int, green: int, blue: int, finish: Finish = "matte") -> Material:
    """Make a material that no name depends on: a stalk, a screw, a rubber foot."""
    return Material((red, green, blue), finish)
