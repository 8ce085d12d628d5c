"""Drawing leaves its inputs alone, works at any size, and keeps labels apart."""

import numpy as np
import pytest
from pycocotools import mask as coco

from spatialvlm.errors import ContractError
from spatialvlm.geometry import decode_mask
from spatialvlm.page import colour, draw_objects
from spatialvlm.page.overlay import PALETTE
from spatialvlm.records import Rle


def square(height, width, top, left, size):
    mask = np.zeros((height, width), bool)
    mask[top : top + size, left : left + size] = True
    return mask


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (48, 64), (480, 640), (1500, 900)])
@pytest.mark.parametrize("label", ["mug", "", "マグカップ", "café\nau lait", "x" * 300])
def test_any_size_and_any_label(size, label):
    image = np.full((*size, 3), 90, np.uint8)
    masks = [np.ones(size, bool), np.zeros(size, bool), square(*size, 0, 0, 2)]
    before = image.copy()
    out = draw_objects(image, masks, [label] * 3, boxes_xyxy=[np.array([0.0, 0.0, size[1], size[0]], np.float32)])
    assert out.shape == image.shape
    assert out.dtype == np.uint8
    assert np.array_equal(image, before)


def test_objects_show_their_own_colours():
    masks = [square(480, 640, 20, 20, 180), square(480, 640, 60, 380, 180)]
    out = draw_objects(np.full((480, 640, 3), 128, np.uint8), masks, numbers=False)
    for index, mask in enumerate(masks):
        assert (out[mask] == colour(index)).all(-1).sum() > 100  # the outline
        inside = out[mask].mean(0) - 128
        assert inside @ (np.array(colour(index)) - 128.0) > 0
    assert (out[~(masks[0] | masks[1])] == 128).mean() > 0.95


def test_without_objects_the_image_is_unchanged():
    image = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    assert np.array_equal(draw_objects(image, []), image)


def test_drawing_is_deterministic_and_takes_run_lengths():
    image = np.zeros((60, 80, 3), np.uint8)
    mask = square(60, 80, 10, 10, 30)
    rle = Rle(60, 80, coco.encode(np.asfortranarray(mask, np.uint8))["counts"])
    assert np.array_equal(decode_mask(rle), mask)
    assert np.array_equal(draw_objects(image, [mask], ["a"]), draw_objects(image, [rle], ["a"]))


def test_labels_of_crowded_objects_do_not_cover_each_other():
    from spatialvlm.page import overlay as draw

    spots = []
    best = draw._best

    def recording(*arguments):
        spots.append(best(*arguments))
        return spots[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw, "_best", recording)
        masks = [square(480, 640, 200 + 14 * (i // 3), 300 + 14 * (i % 3), 12) for i in range(9)]
        draw_objects(np.zeros((480, 640, 3), np.uint8), masks, [f"small thing {i}" for i in range(9)])
    assert len(spots) == 9
    assert all(a.overlap(b) == 0 for i, a in enumerate(spots) for b in spots[:i])
    assert all(s.x >= 0 and s.y >= 0 and s.x + s.width <= 640 and s.y + s.height <= 480 for s in spots)


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(ContractError, match=r"mask 1: got \(5, 5\), expected \(4, 4\)"):
        draw_objects(np.zeros((4, 4, 3), np.uint8), [np.ones((4, 4), bool), np.ones((5, 5), bool)])


def test_colours_are_distinct_and_repeat():
    assert len(set(PALETTE)) == len(PALETTE)
    assert colour(len(PALETTE)) == colour(0)
