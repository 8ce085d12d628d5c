"""Weights on this machine, asked through inspect_ai: the same answers as without it, whatever the batches."""

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest

from spatialvlm.answers import YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models import AskConfig, load_answerer
from spatialvlm.evaluate.models.pictures import with_files
from spatialvlm.models import Model, Runtime, load_vlm

pytestmark = [
    pytest.mark.usefixtures("streams"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
QUESTIONS = ("what is inside the red box ?", "what ?", "a dog", "what is the table on")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from fixtures.models import tiny_vlm

    return tiny_vlm.build_idefics3(tmp_path_factory.mktemp("weights"))


def drawn(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(count)]


def made_items(images: list[np.ndarray]) -> list[Item]:
    files = [cv2.imencode(".png", image[..., ::-1])[1].tobytes() for image in images]
    return [
        Item(f"{place}", "test", QUESTIONS[place % 4], QUESTIONS[place % 4], (data,), YesNo(True))
        for place, data in enumerate(files)
    ]


@pytest.mark.parametrize("batch_size", [1, 4])
def test_answers_are_those_of_the_model(weights: Path, tmp_path: Path, batch_size: int):
    images = drawn(6)
    items = with_files(made_items(images), tmp_path / "pictures")[0]
    config = AskConfig(max_tokens=6, runtime=Runtime("cpu", batch_size=batch_size))
    who = load_answerer(f"transformers:{weights}", config, tmp_path)
    answers = who.answers("folder", items)
    alone = load_vlm(Model("transformers", str(weights)), Runtime("cpu", batch_size=1), max_new_tokens=6)
    assert [answer.text for answer in answers] == [
        alone.answer([image], item.prompt) for image, item in zip(images, items, strict=True)
    ]
    assert len({answer.text for answer in answers}) > 1
    assert who.version == alone.version
    assert str(who.version).startswith("sha256:")
    assert any(answer.truncated for answer in answers), "a model with random weights does not stop by itself"


def test_a_picture_that_cannot_be_read_costs_no_other(weights: Path, tmp_path: Path):
    items = with_files(made_items(drawn(3)), tmp_path / "pictures")[0]
    broken = tmp_path / "pictures" / "broken.png"
    broken.write_bytes(base64.b64decode("iVBORw0KGgo="))
    items[1] = Item("broken", "test", "what ?", "what ?", (broken,), YesNo(True))
    config = AskConfig(max_tokens=6, runtime=Runtime("cpu", batch_size=4))
    answers = load_answerer(f"transformers:{weights}", config, tmp_path).answers("folder", items)
    assert [answer.text is None for answer in answers] == [False, True, False]
    assert "cannot be read" in str(answers[1].failure)


def test_weights_that_are_not_there_are_a_clear_error(tmp_path: Path):
    pytest.importorskip("torch")
    items = with_files(made_items(drawn(1)), tmp_path / "pictures")[0]
    with pytest.raises(UserError, match="no such file or folder here"):
        load_answerer("transformers:./nowhere", AskConfig(), tmp_path).answers("folder", items)
