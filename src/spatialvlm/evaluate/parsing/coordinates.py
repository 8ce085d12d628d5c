"""What the numbers of points and boxes count in: told by a name, else by all answers of a run together.

Models count pixels, pixels of a picture made smaller, thousandths (Qwen3-VL) or percent, and few of them say so. One
answer does not tell; a run does: it counts in whatever makes its numbers the likeliest, spread evenly over the picture,
with a few outside.
"""

import math
import re
from collections.abc import Sequence

from spatialvlm.errors import UserError

NAMES = ("shares", "percent", "thousandths", "pixels")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_SPANS = {"shares": (1, 1), "percent": (100, 100), "thousandths": (1000, 1000)}

Size = tuple[int, int]
"""Width and height of a picture in pixels."""
Pair = tuple[float, float]

OUTSIDE = 7.0
"""How much less likely a number outside of the picture is than one in it, as a logarithm: one in a thousand."""
ODD = {"percent": 6.0}
"""How much less likely a way of counting is before any number is seen: percent without a sign is rare."""
MARGIN = 1.02


def check_coordinates(name: str) -> str:
    """Return the name of a way of counting. Raises UserError for one that is none."""
    if name not in NAMES and not _SIZE.fullmatch(name):
        raise UserError(
            f"coordinates {name!r}: unknown; choose one of {', '.join(NAMES)}, or the size of the picture that the "
            "model was given, as in 1024x768"
        )
    return name


def spans(name: str | None, size: Size | None) -> tuple[Size, str]:
    """Return what width and height count, and how to say it. Without a name: pixels, or thousandths of unknown size."""
    if name is not None and (told := _SIZE.fullmatch(name)):
        return (int(told[1]), int(told[2])), f"pixels of {name}"
    if name in _SPANS:
        return _SPANS[name], name
    return (size, "pixels") if size else (_SPANS["thousandths"], "thousandths")


def likeliest(found: Sequence[tuple[Pair, Size | None]]) -> str | None:
    """Tell what the numbers of a run count in, those above shares; None where there are none.

    `found` are pairs (x, y) as they were said, each with the size of its picture where that is known.
    """
    ways = ["thousandths", "percent"]
    if all(size is not None for _, size in found):
        ways.insert(0, "pixels")
    return max(ways, key=lambda way: _log_likelihood(way, found)) if found else None


def _log_likelihood(way: str, found: Sequence[tuple[Pair, Size | None]]) -> float:
    total = -ODD.get(way, 0.0)
    for pair, size in found:
        for value, span in zip(pair, spans(way, size)[0], strict=True):
            total -= math.log(span) + (0.0 if 0 <= value <= MARGIN * span else OUTSIDE)
    return total
