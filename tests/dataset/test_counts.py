"""Counts of a dataset are the sums of the counts of its shards."""

from spatialvlm.answers import SAME, Angle, Answer, CannotTell, Choice, Clock, Count, Length, Order, YesNo, in_words
from spatialvlm.dataset.counts import LENGTH_EDGES_M, drop_counts, merge_counts, shard_counts
from spatialvlm.kinds import KINDS
from spatialvlm.records import QA, Drop, Fact


def length(value: float) -> QA:
    fact = Fact("gap", ("1", "2"), Length(value), 0.1, "world")
    return QA("f", "gap", "quantitative", "q", "a", fact, "t", "c", 0, ("the mug", "the lamp"), Length(value))


def choice(value: str) -> QA:
    options = ("7", "2", SAME) if value == SAME else ("7", "2")
    return about("left_choice", ("7", "2"), Choice(options, options.index(value)))


def about(kind: str, subjects: tuple[str, ...], answer: Answer) -> QA:
    names = {one: f"the thing {one}" for one in subjects}
    value = in_words(answer, names) if KINDS[kind].form.of_subjects else answer
    fact = Fact(kind, subjects, answer, 0.1, "world")
    return QA("f", kind, KINDS[kind].family, "q", "a", fact, "t", "c", 0, tuple(names.values()), value)


def test_bins_hold_their_lower_edge_and_the_ends_hold_the_rest():
    bins = len(LENGTH_EDGES_M) - 1
    for value, place in [(LENGTH_EDGES_M[8], 8), (0.0, 0), (-1.0, 0), (1e9, bins - 1), (LENGTH_EDGES_M[9] * 0.999, 8)]:
        counts = shard_counts([length(value)], [])["lengths"]["gap"]
        assert (counts.index(1), sum(counts), len(counts)) == (place, 1, bins)


def test_choices_are_counted_by_place():
    labels = shard_counts([choice("7"), choice("2"), choice("2"), choice(SAME)], [])["labels"]
    assert labels == {"left_choice": {"A": 1, "B": 2, "similar": 1}}


def test_every_form_is_counted_by_what_it_comes_to():
    asked = [
        about("left_predicate", ("7", "2"), YesNo(True)),
        about("left_right_classify", ("7", "left"), Choice(("left", "right"), 0)),  # an id may be any text
        about("nearest", ("7", "2", "3", "4"), Choice(("2", "3", "4"), 1)),
        about("order_by_depth", ("7", "2", "3"), Order(("3", "2", "7"))),
        about("count_within", ("7", "2", "3"), Count(2)),
        about("clock_direction", ("7",), Clock(11)),
        about("bearing", ("7",), Angle(-0.2)),
        about("reaches", ("7",), CannotTell("occluded")),
    ]
    assert shard_counts(asked, [])["labels"] == {
        "left_predicate": {"true": 1},
        "left_right_classify": {"left": 1},
        "nearest": {"C": 1},
        "count_within": {"2": 1},
        "clock_direction": {"11": 1},
        "reaches": {"occluded": 1},
    }
    assert shard_counts(asked, [])["kinds"] == {qa.kind: 1 for qa in asked}
    assert shard_counts(asked, [])["lengths"] == {}


def test_merging_shards_equals_counting_all_at_once():
    a, b = [length(0.1), choice("7")], [length(0.1), length(3.0), choice(SAME)]
    refusals = [{("gap", "touching"): 2}, {("gap", "touching"): 1, ("width", "truncated"): 4}]
    parts = [shard_counts(a, refusals[:1]), shard_counts(b, refusals[1:])]
    assert merge_counts(parts) == shard_counts(a + b, refusals)
    assert merge_counts([]) == shard_counts([], [])
    assert parts[0]["kinds"] == {"gap": 1, "left_choice": 1}  # merging changes no part


def test_drops_are_counted_by_stage_and_code():
    drops = [Drop("lift", "a", "no_depth: all NaN"), Drop("lift", "b", "no_depth: none"), Drop("cull", "c", "dull")]
    assert drop_counts(drops) == {"lift": {"no_depth": 2}, "cull": {"dull": 1}}
