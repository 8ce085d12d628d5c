"""Counts of a dataset are the sums of the counts of its shards."""

from spatialvlm.dataset.counts import LENGTH_EDGES_M, drop_counts, merge_counts, shard_counts
from spatialvlm.records import QA, Drop, Fact


def length(value: float) -> QA:
    return QA("f", "gap", "quantitative", "q", "a", Fact("gap", ("1", "2"), value, "m", "world", 0.1), "t", "c", 0)


def choice(value: str) -> QA:
    fact = Fact("left_choice", ("7", "2"), value, "1", "world", 0.1)
    return QA("f", "left_choice", "qualitative", "q", "a", fact, "t", "c", 0)


def test_bins_hold_their_lower_edge_and_the_ends_hold_the_rest():
    bins = len(LENGTH_EDGES_M) - 1
    for value, place in [(LENGTH_EDGES_M[8], 8), (0.0, 0), (-1.0, 0), (1e9, bins - 1), (LENGTH_EDGES_M[9] * 0.999, 8)]:
        counts = shard_counts([length(value)], [])["lengths"]["gap"]
        assert (counts.index(1), sum(counts), len(counts)) == (place, 1, bins)


def test_choices_are_counted_by_place():
    labels = shard_counts([choice("7"), choice("2"), choice("2"), choice("similar")], [])["labels"]
    assert labels == {"left_choice": {"A": 1, "B": 2, "similar": 1}}


def test_merging_shards_equals_counting_all_at_once():
    a, b = [length(0.1), choice("7")], [length(0.1), length(3.0), choice("similar")]
    refusals = [{("gap", "touching"): 2}, {("gap", "touching"): 1, ("width", "truncated"): 4}]
    parts = [shard_counts(a, refusals[:1]), shard_counts(b, refusals[1:])]
    assert merge_counts(parts) == shard_counts(a + b, refusals)
    assert merge_counts([]) == shard_counts([], [])
    assert parts[0]["kinds"] == {"gap": 1, "left_choice": 1}  # merging changes no part


def test_drops_are_counted_by_stage_and_code():
    drops = [Drop("lift", "a", "no_depth: all NaN"), Drop("lift", "b", "no_depth: none"), Drop("cull", "c", "dull")]
    assert drop_counts(drops) == {"lift": {"no_depth": 2}, "cull": {"dull": 1}}
