"""Small models in numpy: the same pixels, tokens, scores and words as transformers; drawn answers; where they look."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.models import LookingVlm, Model, Runtime, ScoringVlm, load_vlm
from spatialvlm.models.vlm.idefics3.checkpoint import read_safetensors
from spatialvlm.models.vlm.idefics3.vision_forward import place_numbers

SIZES = ((48, 64), (64, 48), (32, 32), (20, 200), (7, 31), (120, 160), (1, 70))
QUESTION = "what is inside the red box ?"


def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    pytest.importorskip("jinja2")
    from fixtures.models import tiny_vlm

    root = tmp_path_factory.mktemp("idefics3")
    return {
        "float32": tiny_vlm.build_whole_idefics3(root / "float32"),
        "bfloat16": tiny_vlm.build_whole_idefics3(root / "bfloat16", dtype=torch.bfloat16),
        "tiles": tiny_vlm.build_idefics3(root / "tiles"),
    }


def load(folder: Path, backend: str = "idefics3", **settings: Any) -> Any:
    return load_vlm(Model(backend, str(folder)), Runtime("cpu"), **({"max_new_tokens": 6} | settings))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_scores_are_those_of_transformers(precision: str, folders: dict[str, Path]):
    torch = pytest.importorskip("torch")
    own, theirs = load(folders[precision]), load(folders[precision], "transformers")
    for image in pictures():
        seen = theirs._read([([image], QUESTION)])
        pixels = own._input(image)
        np.testing.assert_allclose(pixels, seen["pixel_values"][0, 0].numpy(), atol=1e-6)
        assert own._prompter.tokens(1, QUESTION).ids.tolist() == seen["input_ids"][0].tolist()
        with torch.inference_mode():
            expected = theirs._model(**seen).logits[0].numpy()
        assert np.ptp(expected) > 0.5
        np.testing.assert_allclose(own.logits([image], QUESTION), expected, atol=1e-3)


def test_how_likely_a_word_is_agrees_with_transformers(folders: dict[str, Path]):
    own, theirs = load(folders["float32"]), load(folders["float32"], "transformers")
    assert isinstance(own, ScoringVlm)
    assert isinstance(theirs, ScoringVlm)
    one, two, *_ = pictures()
    asked = [([one], QUESTION), ([one, two], "is it red ?"), ([], "yes or no ?"), ([one], QUESTION)]
    for word in ("red", "red box", "a red box on the table"):
        told = own.word_logprobs(asked, word)
        assert told == pytest.approx(theirs.word_logprobs(asked, word), abs=1e-3)
        assert told[0] == told[3] < 0
    first, longer = (own.word_logprobs(asked, word) for word in ("red", "red box"))
    assert all(b < a for a, b in zip(first, longer, strict=True))


def test_smolvlm_is_of_the_same_kind(folders: dict[str, Path], tmp_path: Path):
    """Its own processor needs a package more; all else is in the files."""
    import torch
    import transformers

    shutil.copytree(folders["float32"], tmp_path, dirs_exist_ok=True)
    told = transformers.AutoConfig.from_pretrained(folders["float32"]).to_dict()
    parts = {name: told[name] for name in ("text_config", "scale_factor", "image_token_id", "tie_word_embeddings")}
    vision = told["vision_config"] | {"model_type": "smolvlm_vision"}
    model = transformers.SmolVLMForConditionalGeneration(transformers.SmolVLMConfig(vision_config=vision, **parts))
    model.eval().save_pretrained(tmp_path)
    own, image = load(tmp_path), pictures()[0]
    ids, pixels = own._prompter.tokens(1, QUESTION).ids, own._input(image)
    with torch.inference_mode():
        expected = model(input_ids=torch.tensor(ids[None]), pixel_values=torch.tensor(pixels[None, None])).logits[0]
    np.testing.assert_allclose(own.logits([image], QUESTION), expected.numpy(), atol=1e-3)


def test_words_are_those_of_transformers(folders: dict[str, Path]):
    own, theirs = (
        load(folders["float32"], max_new_tokens=12),
        load(folders["float32"], "transformers", max_new_tokens=12),
    )
    asked = [([image], QUESTION) for image in pictures()] + [([], "a dog"), (pictures()[:2], "what ?")]
    said = own.answers(asked)
    assert said == theirs.answers(asked)
    assert len(set(said)) > 3
    assert [own.answer(*one) for one in asked] == said
    assert own.replies(asked) == theirs.replies(asked)
    assert isinstance(own, LookingVlm)
    assert not isinstance(theirs, LookingVlm)


@pytest.mark.parametrize("learnt", [3, 7, 14, 27, 32])
def test_positions_are_those_of_transformers(learnt: int):
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from transformers.models.idefics3.modeling_idefics3 import Idefics3VisionConfig, Idefics3VisionEmbeddings

    config = Idefics3VisionConfig(hidden_size=1, image_size=learnt, patch_size=1)
    theirs = Idefics3VisionEmbeddings(config)
    with torch.no_grad():
        theirs.patch_embedding.weight.zero_()
        theirs.patch_embedding.bias.zero_()
        theirs.position_embedding.weight[:, 0] = torch.arange(learnt**2)
        for side in range(1, 41):
            got = theirs(torch.zeros(1, 3, side, side), torch.ones(1, side, side, dtype=torch.bool))
            assert place_numbers(side, learnt).tolist() == got[0, :, 0].tolist()


def test_drawn_answers(folders: dict[str, Path]):
    drawn = load(folders["float32"], temperature=3.0, seed=4)
    asked = [(pictures()[:1], QUESTION)] * 12
    said = drawn.answers(asked)
    assert len(set(said)) > 3
    assert drawn.answers(asked) == said
    assert load(folders["float32"], temperature=3.0, seed=5).answers(asked) != said
    likeliest = load(folders["float32"]).answers(asked[:2])
    assert load(folders["float32"], temperature=1e-4).answers(asked[:2]) == likeliest
    assert len({*load(folders["float32"], "transformers", temperature=3.0).answers(asked)}) > 3


def test_looking(folders: dict[str, Path]):
    own, image = load(folders["float32"]), pictures()[0]
    answer = own.answer([image], QUESTION)
    written, red, box = (own.look(image, QUESTION, answer, words) for words in (None, "red", "the red box"))
    for shares in (written, red, box):
        assert shares.shape == (3, 3)
        assert shares.sum() == pytest.approx(1, abs=1e-5)
    assert not np.allclose(red, box)
    np.testing.assert_allclose(own.look(image, QUESTION, "", "RED BOX"), own.look(image, QUESTION, answer, "box"), 1e-5)
    with pytest.raises(UserError, match="'lamp': not in the question"):
        own.look(image, QUESTION, answer, "lamp")


def test_looking_by_the_heads_that_were_taught(folders: dict[str, Path], tmp_path: Path):
    import torch

    shutil.copytree(folders["float32"], tmp_path, dirs_exist_ok=True)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"evidence": {"layer": 1, "heads": 1}}))
    theirs = load(folders["float32"], "transformers")
    theirs._model.set_attn_implementation("eager")
    seen = theirs._read([([pictures()[0]], QUESTION)])
    with torch.inference_mode():
        shares = theirs._model(**seen, output_attentions=True).attentions[1][0, 0, -1]
    expected = shares[seen["input_ids"][0] == theirs._model.config.image_token_id].numpy()
    np.testing.assert_allclose(
        load(tmp_path).look(pictures()[0], QUESTION, "").ravel(), expected / expected.sum(), atol=1e-5
    )


@pytest.mark.parametrize("backend", ["idefics3", "transformers"])
def test_other_settings_on_the_same_weights(folders: dict[str, Path], backend: str):
    one, asked = load(folders["float32"], backend), [(pictures()[:1], QUESTION)] * 3
    before = one.replies(asked)
    settings = {"seed": 5, "max_new_tokens": 9, "temperature": 1.5}
    other = one.with_settings(**settings)
    assert other.replies(asked) == load(folders["float32"], backend, **settings).replies(asked)
    assert len({reply.text for reply in other.replies(asked)}) > 1
    assert one.replies(asked) == before
    short = one.with_settings(seed=0, max_new_tokens=2, temperature=0).replies(asked)[0]
    assert (short.written, short.cut) == (2, True)
    assert short.read > 10
    with pytest.raises(UserError, match="expected 1 or more"):
        one.with_settings(seed=0, max_new_tokens=0, temperature=0)


def test_what_does_not_run_here(folders: dict[str, Path], tmp_path: Path):
    with pytest.raises(UserError, match=r"split into tiles.*use transformers:WEIGHTS"):
        load(folders["tiles"])
    with pytest.raises(UserError, match=r"question of 1\d\d tokens with its picture: .* at most 128"):
        load(folders["float32"]).answer(pictures()[:1], "what " * 120)
    long = load(folders["float32"], max_new_tokens=10_000).replies([(pictures()[:1], "what " * 60)])[0]
    assert long.read + long.written <= 128
    shutil.copytree(folders["float32"], tmp_path, dirs_exist_ok=True)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="are damaged"):
        load(tmp_path)
    weights.write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"no file of safetensors, or cut off"):
        load(tmp_path)
    weights.write_bytes(whole.replace(b"model.text_model.norm.weight", b"model.text_model.norm.weighs"))
    with pytest.raises(UserError, match=r"'model.text_model.norm.weight' is missing"):
        load(tmp_path)
    weights.write_bytes(whole)
    config = json.loads((tmp_path / "config.json").read_text())
    config["text_config"]["intermediate_size"] = 33
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"but config\.json says"):
        load(tmp_path)


def test_bfloat16_is_read_without_torch(tmp_path: Path):
    header = json.dumps({"a": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}).encode()
    numbers = np.array([0x3F80, 0xC000, 0x0000, 0x3DCD], "<u2").tobytes()
    (tmp_path / "one.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + numbers)
    np.testing.assert_allclose(read_safetensors(tmp_path / "one.safetensors")["a"], [[1, -2], [0, 0.1]], rtol=3e-3)
