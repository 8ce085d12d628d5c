"""The table of question kinds: one row here for each, so that no kind changes its meaning unnoticed."""

import pytest

from fixtures.plain_facts import MEASURED
from spatialvlm.kinds import KINDS, MIXES
from spatialvlm.pipeline.measure import computed, refused
from spatialvlm.view.catalogue import example

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

# those beyond the paper: kind, quantity, sign, weights, and how many subjects are named one by one
MORE_ROWS = [
    ("nearest", "nearest", -1, (3, 3), 1),
    ("farthest", "farthest", 1, (2, 2), 1),
    ("nearest_to_camera", "least_camera_distance", -1, (2, 2), 0),
    ("farthest_from_camera", "greatest_camera_distance", 1, (2, 2), 0),
    ("tallest", "height_pick", 1, (0, 2), 0),
    ("widest", "width_pick", 1, (1, 1), 0),
    ("order_by_distance", "camera_distance_order", 1, (2, 2), 0),
    ("order_by_depth", "y_order", 1, (1, 1), 0),
    ("order_by_height", "height_order", -1, (0, 2), 0),
    ("count_within", "within", 0, (2, 2), 1),
    ("between", "between", 0, (3, 3), 3),
    ("fits_between", "fits_between", 0, (0, 2), 3),
    ("passes_between", "passes_between", 0, (0, 2), 2),
    ("reaches", "top", 0, (0, 2), 1),
    ("camera_distance", "camera_distance", 0, (4, 4), 1),
    ("camera_height", "camera_height", 0, (0, 1), 0),
    ("camera_pitch", "camera_pitch", 0, (0, 1), 0),
    ("angle_between", "angle_between", 0, (1, 1), 2),
    ("bearing", "bearing", 0, (2, 2), 1),
    ("clock_direction", "clock_hour", 0, (2, 2), 1),
    ("perspective_side", "perspective_side", 0, (0, 2), 3),
    ("perspective_facing", "perspective_facing", 0, (0, 2), 3),
    ("perspective_quadrant", "perspective_quadrant", 0, (0, 2), 3),
    ("perspective_clock", "perspective_hour", 0, (0, 2), 3),
    ("height_if_told", "height_if_told", 0, (0, 1), 1),
    ("width_if_told", "width_if_told", 0, (0, 1), 1),
    ("distance_if_told", "distance_if_told", 0, (1, 1), 2),
    ("elevation_if_told", "elevation_if_told", 0, (0, 1), 1),
    ("count_of_class", "class_count", 0, (2, 2), 0),
    ("locate", "place", 0, (2, 2), 1),
    ("locate_box", "image_box", 0, (2, 2), 1),
    ("free_left", "free_left", 0, (0, 1), 1),
    ("free_right", "free_right", 0, (0, 1), 1),
    ("free_front", "free_front", 0, (0, 1), 1),
    ("free_behind", "free_behind", 0, (0, 1), 1),
    ("point_distance", "point_distance", 0, (2, 2), 1),
    ("nearer_point", "nearer_point", -1, (3, 3), 0),
    ("order_of_points", "point_order", 1, (2, 2), 0),
]


def test_every_kind_has_its_row():
    assert [row[0] for row in ROWS] == list(MIXES["paper"])
    assert [row[0] for row in (*ROWS, *MORE_ROWS)] == list(KINDS) == list(MIXES["all"])


@pytest.mark.parametrize(("name", "quantity", "sign", "weights"), [row[:4] for row in (*ROWS, *MORE_ROWS)])
def test_kind(name, quantity, sign, weights):
    kind = KINDS[name]
    assert (kind.name, kind.quantity, kind.sign, kind.weights) == (name, quantity, sign, weights)
    assert kind.needs_gravity is (weights[0] == 0)
    assert weights[1] > 0
    assert all(text[0].isupper() or text[0].isdigit() for text in example(kind))


@pytest.mark.parametrize("name", MEASURED)
def test_what_decides_a_kind_is_said(name):
    assert computed(KINDS[name])
    assert refused(KINDS[name]) or name == "locate"  # whatever has a mask can be pointed at


@pytest.mark.parametrize(("name", "subjects"), [(row[0], row[4]) for row in MORE_ROWS])
def test_subjects_of_the_kinds_beyond_the_paper(name, subjects):
    assert KINDS[name].subjects == subjects
    assert KINDS[name].listed == any(slot in KINDS[name].form.sections(KINDS[name])["question"] for slot in "L")
    assert KINDS[name].given == ("G" in KINDS[name].form.sections(KINDS[name])["question"])


def test_opposites_are_opposite():
    for kind in KINDS.values():
        if kind.form.name in ("predicate", "choice"):
            other = KINDS[f"{kind.opposite}_{kind.form.name}"]
            assert (other.opposite, other.sign, other.quantity) == (kind.word, -kind.sign, kind.quantity)
