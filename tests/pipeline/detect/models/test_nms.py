"""Laws of what is kept: order does not matter, once is enough, no two alike, scale does not matter."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialvlm.geometry import tight_box, without_specks
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.nms import box_iou, box_nms, mask_nms

CONFIG = DetectConfig(min_area=0.004, max_objects=6)
HEIGHT, WIDTH = 40, 50


def thing(x0: int, y0: int, x1: int, y1: int, score: float = 0.9, name: str = "cup", hole: int = 0) -> Candidate:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y0:y1, x0:x1] = True
    if hole:
        mask[:, x0 + 1 : x0 + 1 + hole] = False
    return Candidate(np.array([x0, y0, x1, y1], np.float32), score, (name,), mask)


def corners(length: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(0, length - 2), st.integers(1, length)).map(
        lambda ends: (ends[0], max(ends[0] + 1, ends[1]))
    )


THINGS = st.lists(
    st.tuples(
        corners(WIDTH),
        corners(HEIGHT),
        st.sampled_from([0.2, 0.5, 0.5001, 0.7, 0.9]),
        st.sampled_from(["cup", "Cup", "table"]),
        st.integers(0, 9),
    ),
    max_size=10,
)


def made(drawn: list[tuple]) -> list[Candidate]:
    """Built in the test: type checks draw random numbers, which a strategy must not."""
    return [thing(x0, y0, x1, y1, *rest) for (x0, x1), (y0, y1), *rest in drawn]


def keys(candidates: list[Candidate]) -> list[tuple[object, ...]]:
    return [(one.score, one.captions, one.box_xyxy.tolist(), one.mask.tobytes()) for one in candidates]


@given(THINGS, st.randoms())
@settings(max_examples=150)
def test_laws(drawn: list[tuple], random) -> None:
    candidates = made(drawn)
    kept = mask_nms(candidates, CONFIG)
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert keys(mask_nms(shuffled, CONFIG)) == keys(kept)
    assert sorted(keys(mask_nms(kept, CONFIG))) == sorted(keys(kept))
    assert len(kept) <= CONFIG.max_objects
    assert [one.score for one in kept] == sorted((one.score for one in kept), reverse=True)
    claimed = np.zeros((HEIGHT, WIDTH), int)
    for index, one in enumerate(kept):
        claimed += one.mask
        assert one.score >= CONFIG.score_threshold
        assert CONFIG.min_area <= one.mask.mean() <= CONFIG.max_area
        np.testing.assert_array_equal(one.box_xyxy, tight_box(one.mask))
        for other in kept[:index]:
            assert box_iou(one.box_xyxy, other.box_xyxy[None])[0] <= CONFIG.iou_threshold
    assert claimed.max(initial=0) <= 1


@given(THINGS, st.integers(2, 3))
@settings(max_examples=60)
def test_scale_does_not_matter(drawn: list[tuple], factor: int) -> None:
    candidates = made(drawn)

    def scaled(one: Candidate) -> Candidate:
        mask = one.mask.repeat(factor, axis=0).repeat(factor, axis=1)
        return replace(one, box_xyxy=one.box_xyxy * np.float32(factor), mask=mask)

    large = mask_nms([scaled(one) for one in candidates], CONFIG)
    assert keys(large) == keys([scaled(one) for one in mask_nms(candidates, CONFIG)])


def test_overlaps_of_known_boxes() -> None:
    box = np.array([0, 0, 4, 4], np.float32)
    others = np.array([[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4], [1, 1, 1, 1]], np.float32)
    np.testing.assert_allclose(box_iou(box, others), [1, 1 / 3, 0, 0])


def test_the_better_of_two_alike_stays_whatever_they_are_called() -> None:
    kept = mask_nms([thing(5, 5, 20, 20, 0.6, "cup"), thing(5, 5, 20, 21, 0.8, "mug")], CONFIG)
    assert [one.captions for one in kept] == [("mug",)]


@pytest.mark.parametrize("better", ["whole", "part"])
def test_a_part_of_the_same_name_is_no_thing_but_another_name_is(better: str) -> None:
    scores = (0.9, 0.5) if better == "whole" else (0.5, 0.9)
    whole, part = thing(5, 5, 25, 25, scores[0], "chair"), thing(8, 8, 16, 16, scores[1], "chair")
    assert [one.score for one in mask_nms([whole, part], CONFIG)] == [0.9]
    named = mask_nms([whole, replace(part, captions=("pillow",))], CONFIG)
    assert {one.captions[0] for one in named} == {"chair", "pillow"}
    nameless = mask_nms([replace(whole, captions=()), replace(part, captions=())], CONFIG)
    assert len(nameless) == 2


def test_a_mug_is_taken_out_of_its_table() -> None:
    table, mug = thing(2, 20, 40, 36, 0.9, "table"), thing(10, 10, 18, 26, 0.5, "mug")
    table.mask[10:20, 10:18] = True
    kept = {one.captions[0]: one for one in mask_nms([table, mug], CONFIG)}
    np.testing.assert_array_equal(kept["mug"].mask, mug.mask)
    np.testing.assert_array_equal(kept["table"].box_xyxy, [2, 20, 40, 36])


def test_specks_go_and_the_halves_of_a_thing_seen_behind_a_post_stay() -> None:
    mask = np.zeros((20, 30), bool)
    mask[2:12, 2:8] = mask[2:12, 10:14] = True
    halves = mask.copy()
    mask[18:20, 28:30] = True
    np.testing.assert_array_equal(without_specks(mask), halves)
    assert not without_specks(np.zeros((3, 4), bool)).any()


def test_limits() -> None:
    good, empty = thing(5, 5, 15, 15), thing(20, 20, 30, 30)
    empty.mask[:] = False
    wall, speck, doubtful = thing(0, 0, 50, 40), thing(40, 30, 42, 32), thing(25, 5, 35, 15, 0.29)
    assert keys(mask_nms([good, empty, wall, speck, doubtful], CONFIG)) == keys([good])
    assert mask_nms([], CONFIG) == []
    row = [thing(5 * i, 5, 5 * i + 4, 15, (40 + i) / 100) for i in range(9)]
    assert [one.score for one in mask_nms(row, CONFIG)] == [0.48, 0.47, 0.46, 0.45, 0.44, 0.43]


def test_boxes_alone() -> None:
    boxes = [replace(one, mask=None) for one in (thing(5, 5, 15, 15, 0.5), thing(5, 5, 15, 16, 0.6, "mug"))]
    assert [one.captions for one in box_nms(boxes, CONFIG)] == [("mug",)]
    assert box_nms([thing(5, 5, 15, 15, 0.1)], CONFIG) == []
