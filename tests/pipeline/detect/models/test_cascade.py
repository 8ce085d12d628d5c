"""Detection by models, put together: on stand-ins for the models, then on real photos with the real small ones."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from spatialvlm.errors import ContractError
from spatialvlm.geometry import spans, tight_box
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect import DetectConfig, Detector, load_detector
from spatialvlm.pipeline.detect.models import cascade
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.records import Drop, Frame, Instance, Rle, Source

SHAPE = (60, 80)


def frame(name: str = "a", shape: tuple[int, int] = SHAPE) -> Frame:
    return Frame(name, np.zeros((*shape, 3), np.uint8), None, None, None, None, Source("test"))


def candidate(
    box: tuple[float, ...], name: str = "cup", score: float = 0.9, mask: np.ndarray | None = None
) -> Candidate:
    return Candidate(np.array(box, np.float32), score, (name,), mask)


@dataclass
class FixedDetector:
    """A box detector with a fixed answer per frame id."""

    answers: dict[str, list[Candidate]]
    name: str = "boxer"
    version: str = "1"

    def __call__(self, frames: Sequence[Frame]) -> list[list[Candidate]]:
        return [self.answers.get(one.id, []) for one in frames]


@dataclass
class FillsBoxes:
    """A mask model that fills boxes, a pixel smaller on each side; what is called "ghost" it does not see."""

    name: str = "masker"
    version: str = "2"
    cuts_parts: bool = False
    seen: list[int] = field(default_factory=list)

    def __call__(self, frames: Sequence[Frame], candidates: Sequence[Sequence[Candidate]]) -> list[list[np.ndarray]]:
        self.seen.append(sum(map(len, candidates)))
        return [[self._fill(one.image.shape[:2], box) for box in some] for one, some in zip(frames, candidates)]

    def _fill(self, shape: tuple[int, ...], one: Candidate) -> np.ndarray:
        x0, y0, x1, y1 = np.round(one.box_xyxy).astype(int)
        mask = np.zeros(shape, bool)
        mask[y0 + 1 : y1 - 1, x0 + 1 : x1 - 1] = one.captions != ("ghost",)
        return mask


class Says:
    """A captioner that speaks of the first box only."""

    name, version = "captioner", "3"

    def __init__(self, model: Model, runtime: Runtime, seed: int) -> None:
        assert seed == 7

    def __call__(self, frames: Sequence[Frame], boxes: Sequence[Sequence[np.ndarray]]) -> list[list[str]]:
        return [["blue thing" if not index else "" for index in range(len(some))] for some in boxes]


def build(monkeypatch: pytest.MonkeyPatch, answers: dict[str, list[Candidate]], **settings) -> cascade.Cascade:
    monkeypatch.setattr(cascade, "load_box_detector", lambda *_: FixedDetector(answers))
    monkeypatch.setattr(cascade, "load_mask_model", lambda *_: FillsBoxes())
    detector = load_detector(DetectConfig("boxes", Model("yolox", "x"), **settings), Runtime(device="cpu"), 7)
    assert isinstance(detector, cascade.Cascade)
    return detector


def seen(result: Frame | Drop) -> tuple[Instance, ...]:
    assert isinstance(result, Frame), result
    assert result.instances is not None
    return result.instances


def test_instances_from_left_to_right(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "a": [
            candidate((40, 10, 60, 30)),
            candidate((5, 5, 25, 30), "mug", 0.5),
            candidate((41, 10, 60, 30), "can", 0.6),
        ],
        "c": [candidate((0, 0, 10, 10), "dog")],
    }
    detect = build(monkeypatch, answers)
    assert isinstance(detect, Detector)
    first, second, third = detect([frame("a"), frame("b", (1, 1)), frame("c", (200, 300))])
    assert [(one.id, one.captions, one.score) for one in seen(first)] == [("1", ("mug",), 0.5), ("2", ("cup",), 0.9)]
    np.testing.assert_array_equal(seen(first)[0].box_xyxy, [6, 6, 24, 29])
    assert second == Drop("detect", "b", "no_objects: boxer found nothing with a score of 0.3 or more")
    assert seen(third)[0].mask.shape == (200, 300)
    for one in (*seen(first), *seen(third)):
        np.testing.assert_array_equal(one.box_xyxy, tight_box(one.mask))
    assert isinstance(first, Frame)
    assert first.versions == {"detect": "boxer@1", "segment": "masker@2"}
    assert detect([]) == []


def test_a_frame_without_a_usable_mask_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    detect = build(monkeypatch, {"a": [candidate((5, 5, 30, 30), "ghost"), candidate((40, 5, 42, 7))]})
    (drop,) = detect([frame()])
    assert drop == Drop("detect", "a", "no_objects: none of the 2 things that boxer found has a mask that can be used")


def test_masks_of_the_box_detector_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.zeros(SHAPE, bool)
    mask[10:30, 10:40] = True
    answers = {"a": [candidate((10, 10, 40, 30), mask=mask), candidate((50, 10, 70, 30), "mug")]}
    detect = build(monkeypatch, answers)
    one, other = seen(detect([frame()])[0])
    np.testing.assert_array_equal(one.mask, mask)
    np.testing.assert_array_equal(other.box_xyxy, [51, 11, 69, 29])
    detect = build(monkeypatch, {"a": answers["a"][:1]})
    detect([frame()])
    assert detect._segment.seen == []


def test_a_mask_model_is_asked_for_no_more_than_may_be_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    row = [candidate((8 * i, 0, 8 * i + 8, 8), score=0.5 + i / 100) for i in range(10)]
    detect = build(monkeypatch, {"a": row}, max_objects=2)
    assert [one.score for one in seen(detect([frame()])[0])] == [0.58, 0.59]
    assert detect._segment.seen == [4]


def test_the_captioner_speaks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("captioner")
    module.Captioner = Says
    monkeypatch.setitem(sys.modules, "spatialvlm.pipeline.detect.models.captioner", module)
    answers = {"a": [candidate((40, 10, 60, 30)), candidate((5, 5, 25, 30), "mug")]}
    detect = build(monkeypatch, answers, caption=Model("transformers", "x"))
    result = detect([replace(frame(), versions={"cull": "c@0"}), frame("b")])[0]
    left, right = seen(result)
    assert (left.captions, right.captions) == (("blue thing", "mug"), ("cup",))
    assert isinstance(result, Frame)
    assert result.versions == {"cull": "c@0", "detect": "boxer@1", "segment": "masker@2", "caption": "captioner@3"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (candidate((-1, 0, 10, 10)), "expected xyxy inside the image of 80x60"),
        (candidate((0, 0, 81, 10)), "expected xyxy inside the image of 80x60"),
        (candidate((np.nan, 0, 10, 10)), "expected xyxy inside the image"),
        (candidate((0, 0, 10, 10), mask=np.ones((80, 60), bool)), r"got \(80, 60\), expected \(60, 80\)"),
    ],
)
def test_broken_promises_are_caught(monkeypatch: pytest.MonkeyPatch, wrong: Candidate, words: str) -> None:
    with pytest.raises(ContractError, match=words):
        build(monkeypatch, {"a": [wrong]})([frame()])


def test_a_name_that_fits_something_else_in_sight_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    sure, same = candidate((2, 2, 20, 20), "bowl"), candidate((4, 4, 19, 19), "bowl", 0.25)
    other, unlike = candidate((40, 2, 60, 20), "Bowl", 0.25), candidate((40, 30, 60, 50), "cup", 0.25)
    for others, names in (([same], ("bowl",)), ([unlike], ("bowl",)), ([other], ()), ([same, other, unlike], ())):
        (kept,) = seen(build(monkeypatch, {"a": [sure, *others]})([frame()])[0])
        assert kept.captions == names


def photo(path: Path, side: int | None = None) -> Frame:
    image = cv2.imread(str(path))[:, :, ::-1].copy()
    if side:
        image = cv2.resize(image, (side, side * image.shape[0] // image.shape[1]), interpolation=cv2.INTER_AREA)
    return replace(frame(path.name + str(side)), image=image)


def test_real_photos(assets: Path) -> None:
    pytest.importorskip("onnxruntime")
    find = Model("yolox", str(assets / "model-yolox-nano-coco" / "yolox_nano.onnx"))
    cut = Model("semantic", str(assets / "model-deeplabv3-voc" / "deeplab_v3_1_default_1.onnx"))
    detect = load_detector(DetectConfig("boxes", find, cut, score_threshold=0.6), Runtime(device="cpu"))
    paths = ("photos/yolox_dog.jpg", "rgbd-tabletop/rgb/0001.png", "photos/scikit-image_coffee.png")
    frames = [photo(assets / path) for path in paths] + [photo(assets / paths[0], 400)]
    frames += [frame("black", (32, 32)), frame("dot", (1, 1))]
    before = [one.image.copy() for one in frames]
    dog, table, coffee, small, black, dot = detect(frames)
    assert [one.captions[0] for one in seen(dog)] == ["dog", "bicycle", "car"]
    assert "dog" in [one.captions[0] for one in seen(small)]
    # A second bowl, cut by the border, and a can that may be a bottle are glimpsed: these two names are ambiguous.
    assert sorted(one.captions for one in seen(table)) == [(), (), ("cup",), ("cup",)]
    assert [one.captions for one in seen(coffee)] == [("cup",)]
    assert [isinstance(one, Drop) for one in (black, dot)] == [True, True]
    for one, image in zip(frames, before):
        np.testing.assert_array_equal(one.image, image)
    for alone, instance in zip(seen(detect([frames[0]])[0]), seen(dog), strict=True):
        assert not isinstance(instance.mask, Rle)
        np.testing.assert_array_equal(alone.mask, instance.mask)
        if spans(instance.mask, instance.box_xyxy):
            np.testing.assert_array_equal(instance.box_xyxy, tight_box(instance.mask))
        else:  # a part, in the box that was found
            inside = tight_box(instance.mask)
            assert (inside[:2] >= np.floor(instance.box_xyxy[:2])).all()
            assert (inside[2:] <= np.ceil(instance.box_xyxy[2:])).all()
