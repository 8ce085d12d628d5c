"""Several answers are one: the laws of a mean and of a vote."""

import math
import random

import pytest

from spatialvlm.answering import combine
from spatialvlm.answers import Angle, CannotTell, Choice, Count, Length, YesNo


def texts(values: list) -> list[str]:
    return [str(value) for value in values]


def test_lengths_are_averaged_as_in_the_paper():
    values = [Length(1.0), Length(2.0), Length(3.0), None, CannotTell("x")]
    found = combine(values, texts(values))
    assert found.value == Length(2.0)
    assert (found.mean, found.spread, found.share) == (2.0, 1.0, None)
    assert (found.read, found.place) == (3, 1)


@pytest.mark.parametrize("scale", [0.001, 1.0, 1000.0])
def test_mean_and_spread_scale_and_do_not_depend_on_the_order(scale: float):
    rng = random.Random(3)
    metres = [rng.uniform(0.1, 3) for _ in range(9)]
    base = combine([Length(one) for one in metres], ["x"] * 9)
    rng.shuffle(metres)
    found = combine([Length(scale * one) for one in metres], ["x"] * 9)
    assert (found.mean, found.spread) == (pytest.approx(scale * base.mean), pytest.approx(scale * base.spread))
    assert scale * min(metres) <= found.mean <= scale * max(metres)
    near = scale * metres[found.place]
    assert abs(near - found.mean) == min(abs(scale * one - found.mean) for one in metres)


def test_counts_and_angles():
    found = combine([Count(2), Count(3), Count(3)], ["2", "3", "3"])
    assert (found.value, found.mean) == (Count(3), pytest.approx(8 / 3))
    found = combine([Angle(math.radians(10)), Angle(math.radians(-20))], ["a", "b"])
    assert isinstance(found.value, Angle)
    assert found.value.radians == found.mean == pytest.approx(math.radians(-5))


def test_the_rest_is_voted_on():
    cup, can = Choice(("cup", "can"), 0), Choice(("cup", "can"), 1)
    found = combine([can, cup, cup, None], ["the can", "a cup", "cup", "?"])
    assert (found.value, found.share, found.place, found.read) == (cup, 0.5, 1, 3)
    assert (found.mean, found.spread) == (None, None)
    assert combine([YesNo(True)] * 3, ["yes"] * 3).share == 1
    tie = combine([YesNo(False), YesNo(True)], ["no", "yes"])
    assert (tie.value, tie.share) == (YesNo(False), 0.5)


def test_where_nothing_is_read_texts_are_voted_on():
    found = combine([None] * 4, ["A lamp.", "a desk", "a lamp", "A desk with"])
    assert (found.value, found.place, found.read, found.share) == (None, 0, 0, 0.5)
    one = combine([Length(1.5)], ["1.5 m"])
    assert (one.value, one.spread) == (Length(1.5), None)
