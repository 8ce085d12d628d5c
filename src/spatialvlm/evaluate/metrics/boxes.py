"""Boxes in the image against each other: corners (left, top, right, bottom) as shares -> how far they overlap.

Right from 0.5 on: the rule of RefCOCO, arXiv 1608.00272, which those after it kept.
"""

from collections.abc import Sequence

LEAST_OVERLAP = 0.5


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Divide the intersection of two boxes by their union; 0 where one of them encloses nothing."""
    areas = [max(0.0, right - left) * max(0.0, bottom - top) for left, top, right, bottom in (one, other)]
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / (sum(areas) - shared) if min(areas) > 0.0 else 0.0
