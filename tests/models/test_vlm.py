"""Vision-language models on this machine: the same answer alone and in batches."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime, Vlm, load_vlm

CHATS = ("idefics3", "llava")
# PaliGemma's processor turns tensors into arrays as numpy 2 wants it no longer.
OLD_ARRAY = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:transformers")
FAMILIES = (*CHATS, pytest.param("paligemma", marks=OLD_ARRAY))
SIZES = ((48, 64), (64, 48), (32, 32), (20, 200), (3, 3), (1, 1), (1, 70))


def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]
    return [*drawn, np.zeros((32, 32, 3), np.uint8)]


def asked() -> list[tuple[list[np.ndarray], str]]:
    questions = ("what is inside the red box ?", "what ?", "a dog", "what is the table on")
    return [([image], questions[i % 4]) for i, image in enumerate(images())]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from fixtures.models import tiny_vlm

    root = tmp_path_factory.mktemp("vlm")
    return {family: getattr(tiny_vlm, f"build_{family}")(root / family) for family in (*CHATS, "paligemma")}


def local(folder: Path, max_new_tokens: int = 6, **runtime: Any) -> Any:
    return load_vlm(Model("transformers", str(folder)), Runtime("cpu", **runtime), max_new_tokens=max_new_tokens)


@pytest.mark.parametrize("family", FAMILIES)
def test_contract(family: str, folders: dict[str, Path]):
    vlm, questions = local(folders[family], batch_size=4), asked()
    before = [image.copy() for some, _ in questions for image in some]
    answers = vlm.answers(questions)
    assert isinstance(vlm, Vlm)
    assert vlm.name == family
    assert vlm.version.startswith("sha256:")
    assert len(answers) == len(questions)
    assert len(set(answers)) > 2
    assert all(answer == answer.strip() and "<" not in answer for answer in answers)
    assert all(len(answer.split()) <= 6 for answer in answers)
    for (some, _), image in zip(questions, before, strict=True):
        np.testing.assert_array_equal(some[0], image)
    assert vlm.answers(questions) == answers
    assert vlm.answers([]) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_batches_do_not_matter(family: str, folders: dict[str, Path]):
    questions = asked()
    together = local(folders[family], batch_size=8).answers(questions)
    alone = local(folders[family], batch_size=1)
    assert alone.answers(questions) == together
    assert [alone.answer(*one) for one in questions] == together


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_depend_on_image_and_question(family: str, folders: dict[str, Path]):
    vlm = local(folders[family])
    seen = {vlm.answer([image], "what is inside the red box ?") for image in images()}
    assert len(seen) > 1
    assert len({vlm.answer(images()[:1], question) for question in ("a", "what is", "dog", "the table")}) > 1


@pytest.mark.parametrize("family", CHATS)
def test_any_number_of_images(family: str, folders: dict[str, Path]):
    vlm, some = local(folders[family]), images()
    questions = [(some[:2], "what ?"), ([], "what is"), (some[:1], "a"), (some[2:4], "dog"), ([], "a")]
    answers = vlm.answers(questions)
    assert answers == [vlm.answer(*one) for one in questions]


def test_no_image_for_a_model_that_does_not_chat(folders: dict[str, Path]):
    with pytest.raises(UserError, match="without an image"):
        local(folders["paligemma"]).answer([], "what ?")


@pytest.mark.parametrize("family", FAMILIES)
def test_longest_answer(family: str, folders: dict[str, Path]):
    short, long = (local(folders[family], max_new_tokens=most).answers(asked()) for most in (2, 5))
    assert all(len(answer.split()) <= 2 for answer in short)
    assert all(more.startswith(less) for less, more in zip(short, long, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_memory_runs_out(family: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    import torch

    expected = local(folders[family]).answers(asked())
    vlm = local(folders[family])
    whole = vlm._model.generate

    def small(**seen: Any) -> Any:
        if len(seen["input_ids"]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return whole(**seen)

    monkeypatch.setattr(vlm._model, "generate", small)
    assert vlm.answers(asked()) == expected
    assert vlm._batches.size == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision(family: str, folders: dict[str, Path]):
    assert len(local(folders[family], precision="half").answers(asked())) == len(asked())


def test_settings_of_samplers_mean_nothing(folders: dict[str, Path], tmp_path: Path):
    """A checkpoint that asks to be sampled from is searched greedily all the same, without a warning."""
    import shutil

    folder = shutil.copytree(folders["llava"], tmp_path / "llava")
    path = folder / "generation_config.json"
    warm = {"do_sample": True, "temperature": 5.0, "top_p": 0.9, "top_k": 20}
    path.write_text(json.dumps(json.loads(path.read_text()) | warm))
    assert local(folder).answers(asked()) == local(folders["llava"]).answers(asked())


def test_no_such_model(folders: dict[str, Path], tmp_path: Path):
    import shutil

    with pytest.raises(UserError, match="no such file"):
        load_vlm(Model("transformers", "/nowhere/at/all"), Runtime("cpu"))
    other = shutil.copytree(folders["llava"], tmp_path / "llava")
    (other / "config.json").write_text(json.dumps({"model_type": "sam"}))
    with pytest.raises(UserError, match="cannot be loaded"):
        local(other)
    bare = shutil.copytree(folders["llava"], tmp_path / "bare")
    for name in ("processor_config.json", "preprocessor_config.json"):
        (bare / name).unlink(missing_ok=True)
    with pytest.raises(UserError, match="processor"):
        local(bare)
    with pytest.raises(UserError, match="choose one of transformers, openai"):
        load_vlm(Model("gguf", "x"))
    with pytest.raises(UserError, match="max_new_tokens"):
        load_vlm(Model("openai", "http://localhost/v1#m"), max_new_tokens=0)
    with pytest.raises(UserError, match=r"temperature -0.5: expected 0 or more"):
        load_vlm(Model("openai", "http://localhost/v1#m"), temperature=-0.5)


def test_processor_that_needs_torchvision(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    import transformers

    def missing(*_: object, **__: object) -> None:
        raise ImportError("\nQwen3VLVideoProcessor requires the Torchvision library but it was not found")

    monkeypatch.setattr(transformers.AutoProcessor, "from_pretrained", missing)
    with pytest.raises(UserError, match="pip install torchvision"):
        local(folders["llava"])
