"""Three or more of one name: the ends of the row have names that fit one thing, the others none."""

import numpy as np
import pytest

from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.row_ends import named_in_rows

WIDTH = 640


def thing(left: float, name: str = "chair", width: float = 60) -> Candidate:
    return Candidate(np.array([left, 100, left + width, 200], np.float32), 0.9, (name,))


@pytest.mark.parametrize(
    ("lefts", "names"),
    [
        ((10, 200), ["chair", "chair"]),
        ((200, 10, 400), [None, "leftmost chair", "rightmost chair"]),
        ((10, 100, 200, 300), ["leftmost chair", None, None, "rightmost chair"]),
        ((10, 30, 300), [None, None, "rightmost chair"]),
        ((10, 20, 30), [None, None, None]),
    ],
)
def test_the_ends_of_a_row_have_names(lefts, names):
    found = named_in_rows([*(thing(left) for left in lefts), thing(500, "table")], (), WIDTH)
    assert [next(iter(one.captions), None) for one in found] == [*names, "table"]


def test_what_has_no_name_is_in_no_row():
    bare = [Candidate(thing(left).box_xyxy, 0.9, ()) for left in (10, 200, 400)]
    assert named_in_rows([*bare, thing(300)], (), WIDTH)[-1].captions == ("chair",)


def test_what_was_glimpsed_is_of_the_row():
    """The leftmost chair is left of what nobody is sure of, which gets no name itself."""
    sure = [thing(left) for left in (10, 200)]
    within, beyond = (named_in_rows(sure, [thing(left)], WIDTH) for left in (100, 400))
    assert [one.captions for one in within] == [("leftmost chair",), ("rightmost chair",)]
    assert [one.captions for one in beyond] == [("leftmost chair",), ()]
