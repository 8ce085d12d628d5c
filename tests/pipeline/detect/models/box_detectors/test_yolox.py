"""YOLOX: the decoding on a network with a fixed answer, then the real one where its weights are at hand."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

import cv2
from onnx import TensorProto

from fixtures.models.tiny_onnx import fixed
from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector, load_box_detector
from spatialvlm.pipeline.detect.models.box_detectors.yolox import CLASSES, Yolox, confirmed, corners, letterbox
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.detect.models.nms import box_iou
from spatialvlm.records import Frame, Source

CELLS = 8 * 8 + 4 * 4 + 2 * 2
CUP, DOG = CLASSES.index("cup"), CLASSES.index("dog")


def frame(image: np.ndarray, name: str = "a") -> Frame:
    return Frame(name, image, None, None, None, None, Source("test"))


def raw_answer() -> np.ndarray:
    """Of a 64x64 network: a cup of 16x8 about (20, 12) twice, a dog in the last cell that leaves the image, a doubt."""
    answer = np.zeros((1, CELLS, 85), np.float32)
    answer[0, 1 * 8 + 2, :5] = 0.5, 0.5, np.log(2), np.log(1), 0.9
    answer[0, 1 * 8 + 2, 5 + CUP] = 1.0
    answer[0, 1 * 8 + 3, :5] = -0.5, 0.5, np.log(2), np.log(1), 0.8
    answer[0, 1 * 8 + 3, 5 + CUP] = 1.0
    answer[0, CELLS - 1, :5] = 0.75, 0.75, 0, 0, 0.5
    answer[0, CELLS - 1, [5 + DOG, 5 + CUP]] = 1.0, 0.7
    answer[0, 0, 4:6] = 0.9, 0.3
    return answer


def decoded_answer() -> np.ndarray:
    """The same, decoded by the network itself."""
    answer = raw_answer()
    cells = [(stride, x, y) for stride in (8, 16, 32) for y in range(64 // stride) for x in range(64 // stride)]
    strides = np.array([stride for stride, _, _ in cells], np.float32)[:, None]
    answer[0, :, :2] = (answer[0, :, :2] + np.array([cell[1:] for cell in cells], np.float32)) * strides
    answer[0, :, 2:4] = np.exp(answer[0, :, 2:4]) * strides
    return answer


def load(path: Path, threshold: float = 0.3) -> BoxDetector:
    model = Model("yolox", str(path))
    return load_box_detector(model, DetectConfig("boxes", model, score_threshold=threshold), Runtime(device="cpu"))


@pytest.mark.parametrize("answer", [raw_answer(), decoded_answer()], ids=["raw", "decoded"])
def test_decoding(tmp_path: Path, answer: np.ndarray) -> None:
    find = load(fixed(tmp_path / "yolox.onnx", answer))
    assert isinstance(find, BoxDetector)
    image = np.zeros((128, 128, 3), np.uint8)
    before = image.copy()
    assert isinstance(find, Yolox)
    (cup, dog, doubt) = find.seen(image)
    assert doubt.score == pytest.approx(0.27)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_allclose(cup.box_xyxy, [24, 16, 56, 32], atol=1e-4)
    np.testing.assert_allclose(dog.box_xyxy, [80, 80, 128, 128], atol=1e-4)
    assert cup.captions == ("cup",)
    assert cup.score == pytest.approx(0.9)
    assert dog.captions == ("dog",)


def test_letterbox_is_exact_for_long_images() -> None:
    boxed, scale = letterbox(np.full((7, 100, 3), 255, np.uint8), 64, 64)
    np.testing.assert_allclose(scale, [0.64, 4 / 7, 0.64, 4 / 7])
    assert (boxed[:4] == 255).all()
    assert (boxed[4:] == 114).all()


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (1, 300), (300, 7)])
def test_boxes_stay_inside_any_image(tmp_path: Path, size: tuple[int, int]) -> None:
    find = load(fixed(tmp_path / "yolox.onnx", raw_answer()))
    for one in find([frame(np.zeros((*size, 3), np.uint8))])[0]:
        x0, y0, x1, y1 = one.box_xyxy
        assert 0 <= x0 < x1 <= size[1]
        assert 0 <= y0 < y1 <= size[0]


def test_wrong_weights_say_so(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    few = fixed(tmp_path / "few.onnx", np.zeros((1, CELLS, 25)))
    flat = fixed(tmp_path / "flat.onnx", np.zeros((1, CELLS, 85)), shape=(1, 64, 64, 3))
    half = fixed(tmp_path / "half.onnx", np.zeros((1, CELLS, 85)), kind=TensorProto.FLOAT16)
    for path, words in (
        (few, "expected .84, 85. of a YOLOX"),
        (flat, "expected .1, 3, height, width."),
        (half, "expected tensor.float."),
        (tmp_path / "text.onnx", "no ONNX model"),
        (tmp_path / "absent.onnx", "no such file"),
    ):
        with pytest.raises(UserError, match=words):
            load(path)


def thing(box: tuple[float, ...], score: float, name: str = "cup") -> Candidate:
    return Candidate(np.array(box, np.float32), score, (name,))


def test_other_views_confirm_a_glimpse_of_the_same_thing() -> None:
    """A closer look counts 4/5, half where it cuts the thing; all counts 3/2 of the second best at most."""
    glimpse, better, cut = thing((10, 10, 50, 50), 0.3), thing((12, 10, 50, 50), 0.7), thing((10, 10, 40, 50), 0.9)
    assert confirmed(glimpse, [], [(better, True)]).score == pytest.approx(0.45)
    found = confirmed(glimpse, [], [(better, True), (better, True)])
    assert found.score == pytest.approx(0.56)
    np.testing.assert_array_equal(found.box_xyxy, better.box_xyxy)
    found = confirmed(glimpse, [glimpse], [(cut, False)])
    assert found.score == pytest.approx(0.45)
    np.testing.assert_array_equal(found.box_xyxy, glimpse.box_xyxy)
    for one, other in ((better, glimpse), (glimpse, better)):
        assert confirmed(one, [other], []).score == pytest.approx(0.45)
        np.testing.assert_array_equal(confirmed(one, [other], []).box_xyxy, one.box_xyxy)
    for other in (thing((60, 60, 90, 90), 0.9), thing((10, 10, 50, 50), 0.9, "bowl")):
        assert confirmed(glimpse, [other], [(other, True)]).score == 0


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (480, 640)])
def test_corners_cover_the_image(size: tuple[int, int]) -> None:
    seen = np.zeros(size, bool)
    for rows, columns in corners(*size):
        seen[rows, columns] = True
    assert seen.all()


def test_classes() -> None:
    assert len(set(CLASSES)) == len(CLASSES) == 80
    assert [CLASSES[index] for index in (0, 16, 39, 56, 79)] == ["person", "dog", "bottle", "chair", "toothbrush"]


TRUTH = {"dog": (131, 219, 310, 540), "bicycle": (123, 120, 568, 420), "car": (466, 75, 690, 172)}


def test_dog_bicycle_and_car_of_a_real_photo(assets: Path) -> None:
    find = load(assets / "model-yolox-nano-coco" / "yolox_nano.onnx", 0.5)
    image = cv2.imread(str(assets / "photos" / "yolox_dog.jpg"))[:, :, ::-1].copy()
    frames = [frame(image), frame(image[::2, ::2].copy()), frame(np.zeros((32, 32, 3), np.uint8))]
    whole, half, black = find(frames)
    assert {one.captions[0] for one in whole} == set(TRUTH)
    assert not black
    for one in whole:
        truth = np.array(TRUTH[one.captions[0]], np.float32)
        assert box_iou(truth, one.box_xyxy[None])[0] > 0.8, (one.captions, one.box_xyxy)
    assert max(box_iou(whole[0].box_xyxy / 2, one.box_xyxy[None])[0] for one in half) > 0.9
    alone = find(frames[:1])[0]
    assert [(one.score, *one.box_xyxy) for one in alone] == [(one.score, *one.box_xyxy) for one in whole]
