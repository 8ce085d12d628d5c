"""Mixtures: shares are met to one row, any place can be sought, every row comes once an epoch."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.train.mixture import Mixture, MixtureState, place_of, shuffled


@dataclass
class Cost:
    tokens: int
    name: str


class Costs:
    """A source whose rows cost from 20 to 400 tokens; some cannot be had."""

    def __init__(self, name: str, size: int, broken: int = 0) -> None:
        self.name, self.size, self.broken = name, size, broken
        self.costs = np.random.default_rng(size).integers(20, 400, size).tolist()

    def __len__(self) -> int:
        return self.size

    def row(self, epoch: int, place: int) -> Cost | None:
        if self.broken and place % self.broken == 0:
            return None
        return Cost(self.costs[place] + epoch % 7, f"{self.name}{place}")


SHARES = (0.05, 0.6, 0.35)


def mixture(**lanes: int) -> Mixture:
    return Mixture([Costs("a", 90), Costs("b", 700, broken=7), Costs("c", 311)], SHARES, seed=3, **lanes)


def test_shares_of_tokens_are_met_within_one_percent_over_10_000_samples():
    tokens = Counter()
    rows = mixture().rows()
    for _ in range(10_000):
        row, state = next(rows)
        tokens[row.name[0]] += row.tokens
    found = [tokens[name] / tokens.total() for name in "abc"]
    assert found == pytest.approx(SHARES, rel=0.01)
    assert state.shares() == pytest.approx(found)


def test_a_state_is_a_place_to_go_on_from():
    rows = mixture().rows()
    first = [next(rows) for _ in range(60)]
    state = MixtureState.from_json(first[24][1].to_json())
    again = mixture().rows(state)
    assert [next(again) for _ in range(35)] == first[25:]


def test_two_lanes_read_each_row_once_an_epoch():
    taken = [place_of(cursor, 100, 5, 0, lane, 2) for lane in (0, 1) for cursor in range(100)]
    assert sorted(taken) == [(epoch, place) for epoch in (0, 1) for place in range(100)]
    assert sorted(shuffled(1000, 0, 0, 0)) == list(range(1000))
    assert not np.array_equal(shuffled(1000, 0, 0, 0), shuffled(1000, 0, 0, 1))
    assert len({int(place) // 64 for place in shuffled(10_000, 0, 0, 0)[:512]}) == 8, "a few blocks at a time"


def test_what_cannot_be_had_is_counted_and_costs_nothing():
    mixed = mixture()
    rows = mixed.rows()
    for _ in range(500):
        next(rows)
    assert mixed.skipped[1] > 20
    assert mixed.skipped[0] == mixed.skipped[2] == 0


@pytest.mark.parametrize(
    ("sources", "shares", "message"),
    [
        ([Costs("a", 3)], (1.2,), "share 1.2: expected a number from 0 to 1"),
        ([Costs("a", 3), Costs("b", 3)], (0.5, 0.4), "add up to 0.9"),
        ([Costs("a", 0)], (1.0,), "a: holds nothing"),
        ([Costs("a", 9, broken=1)], (1.0,), "none of its 9 rows"),
    ],
)
def test_mistakes_are_said(sources, shares, message):
    with pytest.raises(UserError, match=message):
        next(Mixture(sources, shares, 0).rows())
