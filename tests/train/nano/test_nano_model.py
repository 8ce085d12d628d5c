"""The nano model and its tokenizer: small, loaded by anybody, digits one by one, every question comes back."""

import json
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file

from spatialvlm.dataset import SceneQuestions
from spatialvlm.train.nano import nano_model
from spatialvlm.train.nano.language_stage import LanguageConfig, train_language
from spatialvlm.train.nano.nano_model import (
    IMAGE_TOKENS,
    add_layers,
    know_words,
    look_alike,
    new_model,
    new_processor,
    save_nano,
)
from spatialvlm.train.nano.nano_tokenizer import texts_of, train_tokenizer

MOST_BYTES = 24 << 20


@pytest.fixture(scope="module")
def tokenizer(stored):
    return train_tokenizer(texts_of(SceneQuestions(stored, images=False), epochs=1), 512)


def test_every_question_and_answer_comes_back(tokenizer, stored):
    texts = set(texts_of(SceneQuestions(stored, images=False), epochs=2))
    assert len(texts) > 20
    for text in [*texts, "1,234.5 m is Ü", "<image>"]:
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_numbers_are_single_digits(tokenizer):
    tokens = tokenizer.tokenize("It is 12.75 m, or 1,234 inches away.")
    digits = [token for token in tokens if any(letter.isdigit() for letter in token)]
    assert digits == list("12751234")


def test_it_is_small_and_loads_without_us(tokenizer, tmp_path):
    model, processor = new_model(tokenizer), new_processor(tokenizer)
    save_nano(model, processor, tmp_path)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < MOST_BYTES
    loaded: Any = transformers.AutoModelForImageTextToText.from_pretrained(tmp_path, local_files_only=True)
    read = transformers.AutoProcessor.from_pretrained(tmp_path, local_files_only=True)
    assert loaded.dtype == torch.bfloat16
    assert 3e6 < sum(weight.numel() for weight in loaded.parameters()) < 8e6
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "How tall is it?"}]}]
    text = read.apply_chat_template(turns, add_generation_prompt=True)
    picture = torch.zeros(48, 64, 3, dtype=torch.uint8).numpy()
    batch = read(text=[text], images=[[picture]], return_tensors="pt")
    assert int((batch["input_ids"] == loaded.config.image_token_id).sum()) == IMAGE_TOKENS


def test_further_layers_change_nothing_at_first(tokenizer):
    model = new_model(tokenizer)
    torch.nn.init.normal_(model.lm_head.weight, std=0.1)
    before, ids = len(model.model.text_model.layers), torch.arange(5, 25)[None]
    with torch.no_grad():
        said = model(input_ids=ids).logits
        add_layers(model, before + 2)
        torch.testing.assert_close(model(input_ids=ids).logits, said)
    assert len(model.model.text_model.layers) == model.config.text_config.num_hidden_layers == before + 2


def test_words_begin_as_what_the_tower_sees_by_them(tokenizer):
    model = new_model(tokenizer)
    words = [token[1:] for token in sorted(tokenizer.get_vocab()) if token[:1] == "Ġ" and token[1:].isalpha()][:2]
    looks = {word: torch.randn(192) for word in (*words, "unheardof")}
    assert len(tokenizer(" unheardof")["input_ids"]) > 1
    know_words(model, tokenizer, looks)
    look_alike(model, 2, 2)
    mean = torch.stack([*looks.values()]).mean(0)
    embedding = model.get_input_embeddings().weight.detach()
    for word in words:
        begun = embedding[tokenizer(f" {word}")["input_ids"][0]]
        assert torch.cosine_similarity(begun, looks[word] - mean, dim=0) > 0.99999
        assert begun.norm() == pytest.approx(192**0.5, rel=1e-4), "as large as the others"
    patches = torch.randn(1, 256, 192)
    joined = model.model.connector(patches)[0].detach()
    mean = patches[0].reshape(8, 2, 8, 2, 192).mean((1, 3)).reshape(64, 192)
    assert torch.cosine_similarity(joined, mean).min() > 0.95
    attention = model.model.text_model.layers[2].self_attn
    assert torch.equal(attention.q_proj.weight[:64], attention.k_proj.weight[:64])
    assert not torch.equal(attention.q_proj.weight[64:], attention.k_proj.weight[64:])


def smaller(monkeypatch) -> None:
    layers = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 2}
    monkeypatch.setattr(nano_model, "VISION", {**nano_model.VISION, **layers})
    text = {**layers, "num_hidden_layers": 3, "num_key_value_heads": 2}
    monkeypatch.setattr(nano_model, "TEXT", {**nano_model.TEXT, **text})


def test_a_stage_goes_on_exactly_and_leaves_a_model_for_the_next(tokenizer, stored, tmp_path, monkeypatch):
    smaller(monkeypatch)
    tokenizer.save_pretrained(tmp_path / "tokens")
    few = LanguageConfig(2, "pairs", images=2, questions=4, general=0.3, measure_every=1, measured=1, asked=1)

    def run(name: str, say) -> None:
        train_language((str(stored),), str(stored), tmp_path / "tokens", None, tmp_path / name, few, say)

    def stop(line: str) -> None:
        if line.startswith("step 2 "):
            raise KeyboardInterrupt  # before step 2 is saved

    run("whole", str)
    with pytest.raises(KeyboardInterrupt):
        run("parts", stop)
    said: list[str] = []
    run("parts", said.append)
    assert [line.split()[1] for line in said] == ["2"]
    saved = [torch.load(tmp_path / name / "checkpoint.pt")["parts"] for name in ("whole", "parts")]
    assert all(torch.equal(saved[0]["model"][name], saved[1]["model"][name]) for name in saved[0]["model"])
    assert saved[0]["place"] == saved[1]["place"]
    assert {"held_pointing", "held_loss", "held_reading_loss"} <= set(said[0].split())
    config = json.loads((tmp_path / "whole" / "model" / "config.json").read_text())
    assert config["evidence"] == {"layer": 2, "heads": 2}
    assert (tmp_path / "whole" / "model" / "model.safetensors").exists()
    frozen = LanguageConfig(1, "all", images=1, questions=2, measure_every=1, measured=1, tower_rate=0.0)
    folder = tmp_path / "whole" / "model"
    train_language((str(stored),), str(stored), folder, None, tmp_path / "next", frozen, str, folder)
    before, after = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("whole", "next"))
    changed = {name.split(".")[1] for name in before if not torch.equal(before[name], after[name])}
    assert "vision_model" not in changed
    assert changed >= {"text_model", "connector"}
