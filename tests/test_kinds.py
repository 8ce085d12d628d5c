"""The table of question kinds: one row here for each, so that no kind changes its meaning unnoticed."""

import pytest

from spatialvlm.kinds import KINDS
from spatialvlm.view.catalogue import computed, example, refused

# kind, quantity, sign, weights (gravity unknown, known) as in SpatialVLM's figures 14 and 15
ROWS = [
    ("left_predicate", "x", -1, (4, 4)),
    ("right_predicate", "x", 1, (4, 4)),
    ("above_predicate", "bottom", 1, (0, 4)),
    ("below_predicate", "bottom", -1, (0, 4)),
    ("behind_predicate", "y", 1, (3, 3)),
    ("front_predicate", "y", -1, (3, 3)),
    ("tall_predicate", "height", 1, (0, 2)),
    ("short_predicate", "height", -1, (0, 2)),
    ("wide_predicate", "width", 1, (2, 2)),
    ("thin_predicate", "width", -1, (2, 2)),
    ("big_predicate", "size", 1, (1, 1)),
    ("small_predicate", "size", -1, (1, 1)),
    ("left_choice", "x", -1, (2, 2)),
    ("right_choice", "x", 1, (2, 2)),
    ("above_choice", "bottom", 1, (0, 2)),
    ("below_choice", "bottom", -1, (0, 2)),
    ("behind_choice", "y", 1, (2, 2)),
    ("front_choice", "y", -1, (2, 2)),
    ("tall_choice", "height", 1, (0, 1)),
    ("short_choice", "height", -1, (0, 1)),
    ("wide_choice", "width", 1, (1, 1)),
    ("thin_choice", "width", -1, (1, 1)),
    ("big_choice", "size", 1, (1, 1)),
    ("small_choice", "size", -1, (1, 1)),
    ("left_right_classify", "x", -1, (3, 3)),
    ("above_below_classify", "bottom", 1, (0, 3)),
    ("behind_front_classify", "y", 1, (2, 2)),
    ("tall_short_classify", "height", 1, (0, 2)),
    ("wide_thin_classify", "width", 1, (2, 2)),
    ("big_small_classify", "size", 1, (1, 1)),
    ("distance", "distance", 0, (4, 4)),
    ("gap", "gap", 0, (0, 1)),
    ("height", "height", 0, (0, 1)),
    ("width", "width", 0, (0, 1)),
    ("elevation", "elevation", 0, (0, 1)),
    ("vertical_distance", "vertical", 0, (0, 2)),
    ("horizontal_distance", "horizontal", 0, (0, 2)),
    ("above_difference", "bottom", 1, (0, 1)),
    ("below_difference", "bottom", -1, (0, 1)),
    ("behind_difference", "y", 1, (1, 1)),
    ("front_difference", "y", -1, (1, 1)),
    ("left_difference", "x", -1, (1, 1)),
    ("right_difference", "x", 1, (1, 1)),
]


def test_every_kind_has_its_row():
    assert [row[0] for row in ROWS] == list(KINDS)


@pytest.mark.parametrize(("name", "quantity", "sign", "weights"), ROWS)
def test_kind(name, quantity, sign, weights):
    kind = KINDS[name]
    assert (kind.name, kind.quantity, kind.sign, kind.weights) == (name, quantity, sign, weights)
    assert kind.needs_gravity is (weights[0] == 0)
    assert computed(kind)
    assert refused(kind)
    assert all(text[0].isupper() or text[0].isdigit() for text in example(kind))


def test_opposites_are_opposite():
    for kind in KINDS.values():
        if kind.form in ("predicate", "choice"):
            other = KINDS[f"{kind.opposite}_{kind.form}"]
            assert (other.opposite, other.sign, other.quantity) == (kind.word, -kind.sign, kind.quantity)
