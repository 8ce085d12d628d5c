"""Places judged by pixels that are made up: a floor in steps of a centimetre a pixel, and what may be on it."""

import numpy as np
import pytest

from spatialvlm.audit.true_places import room_beside

SIZE = 100, 100
LOW, HIGH = np.array([[0.4, 0.4, 0.0]]), np.array([[0.6, 0.6, 0.1]])
LEFT = ((0.1, 0.4), (0.3, 0.4), (0.3, 0.6), (0.1, 0.6))
RIGHT = tuple((1.0 - x, y) for x, y in LEFT)


def judged(quantity="free_left", region=LEFT, level=0.0, height=0.0, spot=None, lowest=-np.inf):
    """A region beside A on a floor at a height, where a spot of pixels is of a thing that reaches so low."""

    def seen(columns, rows):
        places = np.stack([(columns + 0.5) / 100, 1.0 - (rows + 0.5) / 100, np.full(len(rows), height)], axis=1)
        there = np.zeros(len(rows), bool) if spot is None else (columns < spot) & (rows < 50)
        return places, np.where(there, lowest, -np.inf)

    (value,) = room_beside(quantity, [region], LOW, HIGH, np.array([level]), SIZE, seen).tolist()
    return value > 0


def test_a_free_place_on_its_side_is_right():
    assert judged()
    assert judged("free_right", RIGHT)
    assert judged(level=0.4, height=0.4)


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": "free_right"},
        {"region": RIGHT},
        {"quantity": "free_front"},
        {"height": 0.01},  # a skirting board
        {"level": 0.4},  # the floor beside a table
        {"level": float("nan")},  # A hangs
        {"spot": 15, "lowest": 0.0},  # a corner is of another thing
        {"spot": 100, "lowest": 0.0},
    ],
)
def test_what_is_not_free_or_not_there_is_wrong(wrong):
    assert not judged(**wrong)


def test_what_a_stands_on_reaches_lower():
    assert judged(level=0.4, height=0.4, spot=100, lowest=0.0)
    assert not judged(level=0.4, height=0.4, spot=100, lowest=0.4)
