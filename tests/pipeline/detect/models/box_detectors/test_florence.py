"""Florence-2: what it writes becomes boxes and names, alone as in batches."""

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from fixtures.models.tiny_florence import build_florence, florence_tokenizer  # noqa: E402
from spatialvlm.errors import UserError  # noqa: E402
from spatialvlm.models import Model, Runtime  # noqa: E402
from spatialvlm.pipeline.detect import DetectConfig  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors import BoxDetector, load_box_detector  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors import florence as module  # noqa: E402
from spatialvlm.pipeline.detect.models.box_detectors.florence import CAPTIONS, PROPOSALS, read_regions  # noqa: E402
from spatialvlm.pipeline.detect.models.candidate import Candidate  # noqa: E402
from spatialvlm.records import Frame, Source  # noqa: E402

SIZES = ((48, 64), (64, 48), (32, 32), (20, 200), (3, 3), (1, 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_florence(tmp_path_factory.mktemp("florence") / "florence")


@pytest.fixture(autouse=True)
def _few_words(monkeypatch: pytest.MonkeyPatch):
    """A model that never learnt to stop fills what it is given."""
    monkeypatch.setattr(module, "MAX_NEW_TOKENS", 60)


def florence(folder: Path, *, captioner: bool = False, **runtime: Any) -> Any:
    model = Model("florence", str(folder))
    config = DetectConfig("regions", detect=model, caption=model if captioner else None)
    return load_box_detector(model, config, Runtime("cpu", **runtime))


def frames() -> list[Frame]:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES] + [np.zeros((32, 32, 3), np.uint8)]
    return [Frame(str(i), image, None, None, None, None, Source("test")) for i, image in enumerate(images)]


def same(one: list[list[Candidate]], other: list[list[Candidate]]) -> None:
    for some, others in zip(one, other, strict=True):
        assert [(a.captions, a.score) for a in some] == [(b.captions, b.score) for b in others]
        for a, b in zip(some, others, strict=True):
            np.testing.assert_array_equal(a.box_xyxy, b.box_xyxy)


def test_contract(folder: Path):
    detector, some = florence(folder, batch_size=4), frames()
    before = [frame.image.copy() for frame in some]
    found = detector(some)
    assert isinstance(detector, BoxDetector)
    assert detector.name == "florence"
    assert detector.version.startswith("sha256:")
    assert len(found) == len(some)
    assert sum(map(len, found)) > 3
    for frame, own, image in zip(some, found, before, strict=True):
        np.testing.assert_array_equal(frame.image, image)
        height, width = image.shape[:2]
        for candidate in own:
            x0, y0, x1, y1 = candidate.box_xyxy
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            assert candidate.mask is None
        assert all(a.score > b.score > 0.99 for a, b in pairwise(own))
    same(found, detector(some))
    assert detector([]) == []


def test_batches_do_not_matter(folder: Path):
    together, alone = florence(folder, batch_size=8), florence(folder, batch_size=1)
    assert together._write(frames()) != [together._write(frames()[:1])[0]] * len(SIZES)
    same(together(frames()), alone(frames()))


def test_memory_runs_out(folder: Path, monkeypatch: pytest.MonkeyPatch):
    detector = florence(folder)
    expected = detector(frames())
    whole = detector._model.generate

    def small(**seen: Any) -> Any:
        if len(seen["pixel_values"]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return whole(**seen)

    monkeypatch.setattr(detector._model, "generate", small)
    same(expected, detector(frames()))
    assert detector._batches.size == 1


def test_half_precision(folder: Path):
    assert len(florence(folder, precision="half")(frames())) == len(SIZES) + 1


@pytest.mark.parametrize("captioner", [False, True])
def test_what_it_is_asked(folder: Path, captioner: bool, monkeypatch: pytest.MonkeyPatch):
    """With a captioner to come, boxes are enough."""
    detector = florence(folder, captioner=captioner)
    wording = detector._processor.task_prompts_without_inputs[PROPOSALS if captioner else CAPTIONS]
    expected = detector._processor.tokenizer(f"<s>{wording}</s>")["input_ids"]
    asked = []

    def write(**seen: Any) -> Any:
        asked.append(seen["input_ids"][0].tolist())
        text = "<loc_0><loc_0><loc_500><loc_500>" if captioner else "red mug<loc_0><loc_0><loc_500><loc_500>"
        return detector._processor.tokenizer([f"</s><s>{text}</s>"], return_tensors="pt")["input_ids"]

    monkeypatch.setattr(detector._model, "generate", write)
    ((found,),) = detector(frames()[:1])
    assert asked[0][-len(expected) :] == expected
    assert found.captions == (() if captioner else ("red mug",))
    np.testing.assert_allclose(found.box_xyxy, np.array([0.5, 0.5, 500.5, 500.5]) * [64, 48, 64, 48] / 1000, rtol=1e-6)


def test_wrong_weights(folder: Path, tmp_path: Path):
    with pytest.raises(UserError, match="no such file"):
        florence(Path("/nowhere/at/all"))
    other = shutil.copytree(folder, tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"model_type": "llava"}))
    with pytest.raises(UserError, match="'llava', expected 'florence2'"):
        florence(other)
    (other / "config.json").write_text(json.dumps(config | {"vision_config": {"dim_embed": [256, 512, 1024, 2048]}}))
    with pytest.raises(UserError, match="florence-community"):
        florence(other)
    (other / "config.json").unlink()
    with pytest.raises(UserError, match="no known architecture"):
        florence(other)


# What is made of what it writes


def boxes(text: str, width: int = 1000, height: int = 1000) -> list[tuple[list[float], tuple[str, ...]]]:
    return [(one.box_xyxy.tolist(), one.captions) for one in read_regions(text, width, height)]


def test_captions_with_boxes():
    text = (
        "</s><s>red mug<loc_10><loc_20><loc_30><loc_40>A wooden chair<loc_1><loc_2><loc_3><loc_4>"
        "<loc_500><loc_600><loc_700><loc_999></s><pad><pad>"
    )
    assert boxes(text) == [
        ([10.5, 20.5, 30.5, 40.5], ("red mug",)),
        ([1.5, 2.5, 3.5, 4.5], ("wooden chair",)),
        ([500.5, 600.5, 700.5, 999.5], ("wooden chair",)),
    ]


@pytest.mark.parametrize("blank", ["", " "])
def test_boxes_alone(blank: str):
    places = [f"<loc_{i}>" for i in (10, 20, 30, 40, 50, 60, 70, 80)]
    found = boxes("<s>" + blank.join(places) + "</s>", 500, 100)
    np.testing.assert_allclose(
        [box for box, _ in found], [[5.25, 2.05, 15.25, 4.05], [25.25, 6.05, 35.25, 8.05]], rtol=1e-6
    )
    assert [captions for _, captions in found] == [(), ()]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a mug",
        "mug<loc_1><loc_2><loc_3>",  # breaks off
        "mug<loc_5><loc_5><loc_5><loc_9>",  # has no width
        "mug<loc_9><loc_5><loc_5><loc_9>",  # is the wrong way round
        "mug<loc_x>",
    ],
)
def test_no_box(text: str):
    assert boxes(text) == []


def test_order_is_rank():
    found = read_regions("a<loc_1><loc_1><loc_9><loc_9>" * 50, 10, 10)
    scores = [one.score for one in found]
    assert len(found) == 50
    assert scores[0] == 1.0
    assert scores == sorted(scores, reverse=True)
    assert len(set(np.float32(scores))) == 50


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (33, 7)])
def test_as_the_processor_reads_places(size: tuple[int, int]):
    """The middle of a bin, as Florence2PostProcessor has it, which leaves out what is behind the point."""
    from transformers.models.florence2.processing_florence2 import Florence2PostProcessor

    rng = np.random.default_rng(3)
    bins = np.sort(rng.integers(0, 1000, (20, 2, 2)), axis=1).reshape(20, 4)
    bins = bins[(bins[:, 2:] > bins[:, :2]).all(axis=1)]
    text = "".join(f"<loc_{place}>" for box in bins for place in box)
    expected = Florence2PostProcessor({}, florence_tokenizer()).dequantize(torch.tensor(bins), size).numpy()
    found = np.array([box for box, _ in boxes(text, *size)])
    assert ((found > expected - 1e-4) & (found < expected + 1 + 1e-4)).all()
