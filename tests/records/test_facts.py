"""Facts as columns: each row is a Fact, whichever way it is asked for."""

import math

import numpy as np
import pytest

from fixtures.worlds.boxes import random_boxes
from spatialvlm.answers import Choice, Count, Length, YesNo
from spatialvlm.kinds import KIND_NAMES, KINDS, MIXES
from spatialvlm.pipeline.measure import measure
from spatialvlm.records import Fact, FactKind, Facts

ROWS = [  # kind, subjects, number, error, outcome, given, and what that says
    ("gap", (0, 1, -1, -1), 0.31, 0.01, 0, math.nan, ("c", "a"), Length(0.31)),
    ("height", (2, -1, -1, -1), 0.5, 0.02, 0, math.nan, ("b",), Length(0.5)),
    ("left_predicate", (1, 0, -1, -1), -0.2, 0.03, -1, math.nan, ("a", "c"), YesNo(False)),
    ("left_choice", (0, 2, -1, -1), 0.2, 0.03, 1, math.nan, ("c", "b"), Choice(("c", "b"), 0)),
    ("count_within", (3, 0, 1, 2), 2.0, 0.04, 2, 0.8, ("d", "c", "a", "b"), Count(2)),
    ("camera_height", (-1, -1, -1, -1), 1.4, 0.02, 0, math.nan, (), Length(1.4)),
]


@pytest.fixture(scope="module")
def facts() -> Facts:
    kind, subjects, number, error, outcome, given = ([row[column] for row in ROWS] for column in range(6))
    return Facts(
        tuple(KINDS.values()),
        ("c", "a", "b", "d"),
        np.array([KIND_NAMES.index(name) for name in kind], np.int16),
        np.array(subjects, np.int16),
        np.array(number),
        np.array(error),
        np.array(outcome, np.int8),
        np.array(given),
        "camera",
        {},
    )


@pytest.fixture(scope="module")
def expected() -> list[Fact]:
    return [
        Fact(kind, ids, answer, error, "camera", None if math.isnan(given) else given)
        for kind, _, _, error, _, given, ids, answer in ROWS
    ]


def test_every_row_is_a_fact(facts, expected):
    assert len(facts) == len(expected)
    assert list(facts) == expected
    assert [facts[row] for row in range(len(facts))] == expected
    assert facts.at(range(len(facts))) == expected


def test_rows_from_the_end(facts, expected):
    assert [facts[row] for row in range(-len(facts), 0)] == expected
    assert facts[-1] == expected[-1]


@pytest.mark.parametrize("row", [6, -7, 10**6, -(10**6)])
def test_no_row_beyond_the_ends(facts, row):
    with pytest.raises(IndexError, match=f"fact {row} of 6"):
        facts[row]


def test_some_rows_in_the_order_asked_for(facts, expected):
    assert facts.at([4, 0, 4, -1]) == [expected[4], expected[0], expected[4], expected[-1]]
    assert facts.at([]) == []


def test_facts_hold_plain_values(facts):
    for fact in facts:
        assert type(fact.error) is float
        assert all(type(one) is str for one in fact.subjects)
        assert hash(fact) == hash(fact)


def test_no_facts():
    empty = measure(random_boxes(0, 0), kinds=MIXES["paper"])
    assert list(empty) == []
    assert empty.at([]) == []
    with pytest.raises(IndexError, match="fact 0 of 0"):
        empty[0]


def test_every_kind_is_what_facts_need():
    assert all(isinstance(kind, FactKind) for kind in KINDS.values())
    assert measure(random_boxes(0, 2), kinds=MIXES["paper"]).kinds == tuple(KINDS.values())


def test_measured_facts_are_their_columns():
    facts = measure(random_boxes(4), kinds=MIXES["paper"])
    for row, fact in enumerate(facts):
        kind = KINDS[fact.kind]
        assert facts.kinds[facts.kind[row]] is kind
        assert [facts.object_ids[place] for place in facts.subjects[row] if place >= 0] == list(fact.subjects)
        assert len(fact.subjects) == kind.subjects
        assert (fact.error, fact.in_frame, fact.given) == (facts.error[row], facts.in_frame, None)
        if isinstance(fact.answer, Length):
            assert fact.answer.metres == facts.number[row] >= 0.0
        else:
            assert np.sign(facts.number[row]) == kind.sign * facts.outcome[row] or facts.outcome[row] == 0
