"""Rows of real models: what is learnt, packed as one by one, and attention as the model itself computes it."""

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from PIL import Image
from torch.nn import functional

from fixtures.models import tiny_rows
from spatialvlm.errors import UserError
from spatialvlm.train.batches import Collator
from spatialvlm.train.encoding import Dialogue, Encoder, spans_of
from spatialvlm.train.evidence import AttentionTap, Evidence, Readout
from spatialvlm.train.image_grids import Grid, grids_of, mask_weights
from spatialvlm.train.model_parts import language_layers
from spatialvlm.train.packing import unpack
from spatialvlm.train.packing_check import packing_fault

FAMILIES = ("idefics3", "tiles", "llava", "qwen2_5_vl")


@pytest.fixture(scope="module", params=FAMILIES)
def case(request):
    model, encoder = tiny_rows.made(request.param)
    return model, encoder, tiny_rows.rows(encoder)


def collator(encoder: Encoder, **settings: bool) -> Collator:
    return Collator(encoder.family, encoder.pad_id, encoder.image_id, 2, **settings)


def losses(model, encoder, rows) -> tuple[float, float]:
    """The mean loss of what is learnt, and that of evidence."""
    tap = AttentionTap(model)
    torch.manual_seed(1)
    batch = collator(encoder, pointers=True)(rows)
    named, labels = batch.pop("evidence"), batch["labels"]
    with torch.no_grad():
        logits = model(**batch).logits
        loss, _ = Evidence(tap, Readout(tap.width)).loss(named, batch["input_ids"] == encoder.image_id)
    tap.close()
    return float(functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())), float(loss)


def test_packed_questions_have_the_loss_of_questions_one_by_one(case):
    model, encoder, rows = case
    packed = losses(model, encoder, rows)
    alone = losses(model, encoder, [one for row in rows for one in unpack(row)])
    assert packed == pytest.approx(alone, abs=1e-4)


def test_only_answers_are_learnt(case):
    _, encoder, rows = case
    batch = collator(encoder)(rows)
    labels, ids = batch["labels"], batch["input_ids"]
    assert not ((labels != -100) & (ids == encoder.image_id)).any()
    assert not ((labels != -100) & (ids == encoder.pad_id)).any()
    tokenizer = tiny_rows.tiny_chat.byte_tokenizer()
    said = [tokenizer.decode(row[row != -100]) for row in labels]
    end = "<|im_end|>"
    assert said == [f"60 cm.{end}No, it isn't.{end}3{end}"] * 2 + [f"Hi{end}"]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:transformers")
def test_paligemma_is_taught_as_its_own_processor_would():
    model, processor = tiny_rows.tiny_chat.paligemma()
    encoder = Encoder(processor, "paligemma", model.config.image_token_id)
    rows = [one for row in tiny_rows.rows(encoder)[:2] for one in unpack(row)]
    ours = collator(encoder, pointers=True)(rows[:1])
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    theirs = processor([picture], ["<image>How far is the red mug?"], suffix=["60 cm."], return_tensors="pt")
    for name in ("input_ids", "token_type_ids", "labels", "pixel_values", "attention_mask"):
        assert torch.equal(ours[name], theirs[name]), name
    assert ours["evidence"]["weights"].sum() == pytest.approx(1.0)
    assert packing_fault(model, collator(encoder), tiny_rows.rows(encoder)[0]) == "its image sees the question"
    assert torch.isfinite(model(**collator(encoder)(rows)).loss)


def test_attention_of_a_name_is_that_of_the_model(case):
    model, encoder, rows = case
    tap = AttentionTap(model)
    batch = collator(encoder, pointers=True)(rows)
    named = batch.pop("evidence")
    tokens = batch["input_ids"][named["row"], named["place"]]
    assert tiny_rows.tiny_chat.byte_tokenizer().decode(tokens) == "g" * 6
    assert torch.allclose(named["weights"].sum(1), torch.ones(6))
    assert (batch["input_ids"][named["row"]][named["weights"] > 0] == encoder.image_id).all()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        whole = model(**batch, output_attentions=True).attentions[len(language_layers(model)) // 2]
    model.set_attn_implementation("sdpa")
    own = tap.log_attention(named["row"], named["place"], named["sees"]).exp()
    tap.close()
    assert torch.allclose(own, whole[named["row"], :2, named["place"]], atol=1e-6)


def test_a_packed_batch_under_eager_attention_is_the_same(case):
    model, encoder, rows = case
    batch = collator(encoder)(rows)
    with torch.no_grad():
        fast = model(**batch).logits
        model.set_attn_implementation("eager")
        slow = model(**batch).logits
    model.set_attn_implementation("sdpa")
    learnt = batch["labels"] != -100
    assert torch.allclose(fast[learnt], slow[learnt], atol=1e-3)


def test_a_base_is_asked_whether_it_takes_packed_rows(case, monkeypatch):
    model, encoder, rows = case
    collate = collator(encoder, pointers=True)
    assert packing_fault(model, collate, rows[0]) is None
    assert packing_fault(model, collate, rows[0], half=True) is None
    monkeypatch.setattr("spatialvlm.train.batches.LOWEST", 0.0)  # as of a model that does not look at its mask
    assert "nats" in packing_fault(model, collate, rows[0])


def test_positions_of_qwen_are_its_own():
    model, encoder = tiny_rows.made("qwen2_5_vl")
    batch = collator(encoder)(unpack(tiny_rows.rows(encoder)[0])[:1])
    is_image = (batch["input_ids"] == encoder.image_id).int()
    own, _ = model.model.get_rope_index(batch["input_ids"], is_image, image_grid_thw=batch["image_grid_thw"])
    assert torch.equal(own, batch["position_ids"])


def test_the_prompt_is_what_the_model_meets_when_it_is_asked():
    model, processor = tiny_rows.tiny_chat.idefics3()
    encoder = Encoder(processor, "idefics3", model.config.image_token_id)
    picture = Image.new("RGB", (40, 30))
    row = encoder.row([picture], [Dialogue((("user", "How far?"), ("assistant", "1 m")))])
    content = [{"type": "image", "image": picture}, {"type": "text", "text": "How far?"}]
    asked = processor.apply_chat_template(
        [[{"role": "user", "content": content}]], add_generation_prompt=True, tokenize=True, return_dict=True
    )["input_ids"][0]
    assert [*row.prefix, *row.segments[0].ids[~row.segments[0].learnt]] == list(asked)


def test_all_answers_of_a_conversation_are_learnt():
    encoder = tiny_rows.made("idefics3")[1]
    turns = (("system", "Be brief."), ("user", "a?"), ("assistant", "b"), ("user", "c?"), ("assistant", "d"))
    (segment,) = encoder.row([Image.new("RGB", (32, 32))], [Dialogue(turns)]).segments
    decode = tiny_rows.tiny_chat.byte_tokenizer().decode
    assert decode(segment.ids[segment.learnt]) == "b<|im_end|>d<|im_end|>"
    assert "c?" in decode(segment.ids)
    with pytest.raises(UserError, match="no turn of the assistant"):
        encoder.row([], [Dialogue(turns[:2])])


def test_names_are_found_whole_and_once():
    question = "Is the cup on the table left of the cup, or the cupboard?"
    assert [question[a:b] for a, b in spans_of(["cup", "cup on the table", "lamp"], question)] == [
        "cup", "cup on the table", "",
    ]  # fmt: skip
    assert spans_of(["cup", "cup on the table"], question)[0][0] == question.index("cup, or")


def test_a_mask_is_shared_out_by_area():
    mask = np.zeros((6, 10), bool)
    mask[:3, :5] = True
    whole = Grid((0.0, 0.0, 1.0, 1.0), 2, 2)
    assert mask_weights(mask, (whole,)).tolist() == [1, 0, 0, 0]
    assert mask_weights(mask, (Grid((0.0, 0.0, 1.0, 1.0), 1, 4),)) == pytest.approx([0.5, 0.5, 0, 0])
    assert mask_weights(mask, (Grid((0.25, 0.0, 0.75, 1.0), 1, 2), whole)) == pytest.approx([1 / 3, 0, 2 / 3, 0, 0, 0])
    assert not mask_weights(np.zeros((6, 10), bool), (whole,)).any()


def test_an_unknown_family_is_said():
    with pytest.raises(UserError, match="'mllama' are in the image is not known; expected one of idefics3"):
        grids_of("mllama", (), 4, (8, 8), None, {})
