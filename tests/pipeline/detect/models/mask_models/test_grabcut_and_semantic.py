"""Cutters that need no torch: GrabCut, and a semantic segmenter before it."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

import cv2
from onnx import TensorProto

from fixtures.models.tiny_onnx import fixed, reddish
from spatialvlm.errors import UserError
from spatialvlm.geometry import spans
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.mask_models import MaskModel, load_mask_model
from spatialvlm.pipeline.detect.models.mask_models.semantic import NAMES, class_of
from spatialvlm.records import Frame, Source

Mask = np.ndarray


def frame(image: np.ndarray) -> Frame:
    return Frame("a", image, None, None, None, None, Source("test"))


def candidate(box: tuple[float, ...], name: str = "person") -> Candidate:
    return Candidate(np.array(box, np.float32), 0.9, (name,))


def iou(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / (a | b).sum())


def scene(seed: int = 0, size: tuple[int, int] = (120, 160), red: bool = True) -> tuple[np.ndarray, Mask, Candidate]:
    """A disc on a noisy grey ground, its mask, and the box a detector would draw."""
    generator = np.random.default_rng(seed)
    radius = min(size) * 0.3
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    disc = (x - size[1] / 2) ** 2 + (y - size[0] / 2) ** 2 < radius**2
    image = generator.normal(110, 12, (*size, 3))
    image[disc] = generator.normal((200, 30, 40) if red else (40, 60, 190), 12, (disc.sum(), 3))
    box = (size[1] / 2 - radius, size[0] / 2 - radius, size[1] / 2 + radius, size[0] / 2 + radius)
    return image.clip(0, 255).astype(np.uint8), disc, candidate(box)


@pytest.fixture(scope="module", params=["grabcut", "channels last", "channels first", "any size"])
def mask_model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> MaskModel:
    if request.param == "grabcut":
        return load_mask_model(None, Runtime(device="cpu"))
    path = tmp_path_factory.mktemp("weights") / "reddish.onnx"
    reddish(path, channels_last=request.param == "channels last", side=None if request.param == "any size" else 65)
    return load_mask_model(Model("semantic", str(path)), Runtime(device="cpu"))


def test_contract(mask_model: MaskModel) -> None:
    scenes = [scene(seed, size) for seed, size in enumerate([(120, 160), (300, 90), (32, 32), (640, 500)])]
    frames = [frame(image) for image, _, _ in scenes] + [frame(np.zeros((32, 32, 3), np.uint8)), frame(scenes[0][0])]
    candidates = [[one] for _, _, one in scenes] + [[candidate((4, 4, 20, 20)), candidate((0, 0, 32, 32))], []]
    before = [one.image.copy() for one in frames]
    made = mask_model(frames, candidates)
    assert isinstance(mask_model, MaskModel)
    assert mask_model.name
    assert mask_model.version
    assert [len(some) for some in made] == [len(some) for some in candidates]
    for one, image, masks in zip(frames, before, made):
        np.testing.assert_array_equal(one.image, image)
        assert all(mask.shape == image.shape[:2] and mask.dtype == bool for mask in masks)
    for (_, disc, _), (mask,) in zip(scenes, made):
        assert iou(mask, disc) > 0.9
    assert not made[4][0].any()
    assert not made[4][1].any()
    for one, some, masks in zip(frames, candidates, made):
        np.testing.assert_array_equal(mask_model([one], [some])[0], masks)


def test_what_looks_like_its_surroundings_is_left_empty(mask_model: MaskModel) -> None:
    image = np.random.default_rng(0).integers(90, 130, (100, 120, 3)).astype(np.uint8)
    (mask,) = mask_model([frame(image)], [[candidate((30, 30, 80, 80))]])[0]
    assert not mask.any()


def test_a_box_much_larger_than_its_thing_is_not_believed(mask_model: MaskModel) -> None:
    image, _, _ = scene()
    assert not mask_model([frame(image)], [[candidate((5, 5, 155, 115))]])[0][0].any()


def test_of_a_thing_that_ends_in_its_surroundings_a_part_is_cut() -> None:
    """A seat on legs that nobody tells from the ground."""
    image = np.random.default_rng(0).normal(110, 12, (120, 160, 3))
    seat = np.zeros(image.shape[:2], bool)
    seat[30:75, 50:110] = True
    image[seat] = (200, 30, 40)
    box = candidate((50, 30, 110, 100), "stool")
    (mask,) = load_mask_model(None, Runtime())([frame(image.clip(0, 255).astype(np.uint8))], [[box]])[0]
    assert iou(mask, seat) > 0.9
    assert not spans(mask, box.box_xyxy)


@pytest.mark.parametrize("box", [(0, 0, 160, 120), (7, 8, 8, 9), (159.2, 119.1, 160, 120), (0, 50, 160, 51)])
def test_odd_boxes(mask_model: MaskModel, box: tuple[float, ...]) -> None:
    image, _, _ = scene()
    (mask,) = mask_model([frame(image)], [[candidate(box)]])[0]
    assert mask.shape == (120, 160)


def test_no_colour_takes_part_in_chance(mask_model: MaskModel) -> None:
    image, _, one = scene()
    cv2.setRNGSeed(1)
    first = mask_model([frame(image)], [[one]])
    cv2.setRNGSeed(2)
    np.testing.assert_array_equal(mask_model([frame(image)], [[one]]), first)


def test_the_segmenter_knows_what_colours_cannot(tmp_path: Path) -> None:
    """Two things in one box, both unlike their surroundings: the red one has the class."""
    image, _, _ = scene()
    image[:] = np.random.default_rng(0).normal(110, 12, image.shape).clip(0, 255).astype(np.uint8)
    y, x = np.mgrid[:120, :160]
    square = (x >= 44) & (x < 116) & (y >= 24) & (y < 96)
    red = square & (y - 24 >= x - 44)
    image[square] = (40, 60, 190)
    image[red] = (200, 30, 40)
    box = candidate((44, 24, 116, 96))
    segmenter = load_mask_model(Model("semantic", str(reddish(tmp_path / "r.onnx", True))), Runtime(device="cpu"))
    assert iou(segmenter([frame(image)], [[box]])[0][0], red) > 0.9
    assert iou(load_mask_model(None, Runtime())([frame(image)], [[box]])[0][0], red) < 0.6


def test_unseen_classes_are_left_to_colours(tmp_path: Path) -> None:
    segmenter = load_mask_model(Model("semantic", str(reddish(tmp_path / "r.onnx", True))), Runtime(device="cpu"))
    for red, name in ((False, "person"), (True, "suitcase"), (True, "dog")):
        image, disc, one = scene(red=red)
        (mask,) = segmenter([frame(image)], [[candidate(tuple(one.box_xyxy), name)]])[0]
        assert iou(mask, disc) > 0.93
        np.testing.assert_array_equal(mask, load_mask_model(None, Runtime())([frame(image)], [[one]])[0][0])


def test_names() -> None:
    assert len(NAMES) == 21
    table = {"dining table": 11, "Potted plant": 16, "couch": 18, "screen": 20, "flower pot": 16, "old man": 15}
    assert {name: class_of([name]) for name in table} == table
    assert class_of(["red thing", "armchair"]) == 9
    assert class_of(["table lamp"]) is class_of([]) is class_of([""]) is None


def test_wrong_weights_say_so(tmp_path: Path) -> None:
    for path, words in (
        (reddish(tmp_path / "ade.onnx", True, classes=150), "expected logits of Pascal VOC's 21"),
        (fixed(tmp_path / "flat.onnx", np.zeros((1, 21)), (1, 3, 9, 9)), "expected logits of Pascal VOC's 21"),
        (fixed(tmp_path / "grey.onnx", np.zeros((1, 9, 9, 21)), (1, 1, 9, 9)), "expected one image of three channels"),
        (fixed(tmp_path / "half.onnx", np.zeros((1,)), kind=TensorProto.FLOAT16), "expected tensor.float."),
        (tmp_path / "absent.onnx", "no such file"),
    ):
        with pytest.raises(UserError, match=words):
            load_mask_model(Model("semantic", str(path)), Runtime(device="cpu"))


def test_a_real_dog_and_car(assets: Path) -> None:
    image = cv2.imread(str(assets / "photos" / "yolox_dog.jpg"))[:, :, ::-1].copy()
    weights = assets / "model-deeplabv3-voc" / "deeplab_v3_1_default_1.onnx"
    cut = load_mask_model(Model("semantic", str(weights)), Runtime(device="cpu"))
    boxes = [candidate((132, 206, 325, 543), "dog"), candidate((466, 78, 692, 171), "car")]
    dog, car = cut([frame(image)], [boxes])[0]
    for mask, (x0, y0, x1, y1) in ((dog, (132, 206, 325, 543)), (car, (466, 78, 692, 171))):
        assert mask[y0:y1, x0:x1].sum() > 0.98 * mask.sum()
        assert mask.sum() > 0.45 * (x1 - x0) * (y1 - y0)
    for x, y in ((220, 400), (240, 250), (190, 500)):
        assert dog[y, x]
    for x, y in ((150, 300), (310, 330), (300, 500), (140, 530)):
        assert not dog[y, x]
    assert car[140, 580]
    for x, y in ((480, 85), (680, 90), (470, 165), (575, 168)):
        assert not car[y, x]
