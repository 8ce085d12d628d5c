"""Questions beside each other behind one image: the losses and gradients are those of packed rows under a mask."""

import pytest
import torch

from spatialvlm.dataset import SceneQuestions
from spatialvlm.train.batches import EVIDENCE, Collator
from spatialvlm.train.evidence import AttentionTap, Evidence
from spatialvlm.train.nano.language_stage import TAUGHT, LanguageConfig, LanguageLearner, rows_of
from spatialvlm.train.nano.nano_optimizers import take_step
from spatialvlm.train.nano.nano_tokenizer import texts_of, train_tokenizer
from spatialvlm.train.nano.shared_prefix import SharedPrefix


@pytest.fixture(scope="module")
def learner(stored):
    tokenizer = train_tokenizer(texts_of(SceneQuestions(stored, images=False), epochs=1), 512)
    made = LanguageLearner(tokenizer, None, LanguageConfig(stage="pairs"))
    torch.nn.init.normal_(made.model.lm_head.weight, std=0.1)
    return made


def test_losses_and_gradients_are_those_of_packed_rows(learner, stored):
    config = LanguageConfig(stage="pairs", questions=5, general=0.3)
    endless = rows_of((str(stored),), config, learner.encoder).rows()
    rows = [next(endless)[0] for _ in range(3)]
    assert sum(len(row.segments) for row in rows) > 8
    image_id, pad_id = learner.encoder.image_id, learner.encoder.pad_id
    packed = Collator("idefics3", pad_id, image_id, pointers=True)(rows)
    pointers = packed.pop(EVIDENCE)
    tap = AttentionTap(learner.model, **TAUGHT)
    found = []
    for way in ("packed", "shared"):
        learner.model.zero_grad()
        if way == "packed":
            answers = learner.model(**packed, use_cache=False).loss
            evidence, said = Evidence(tap, learner.readouts.named).loss(pointers, packed["input_ids"] == image_id)
            loss, figures = answers + evidence, {"loss": answers.item()} | said
        else:
            shared = SharedPrefix(learner.model, learner.readouts, **TAUGHT, follow=False)
            answers, evidence, figures = shared.losses(learner.collate(rows))
            loss = answers + evidence
        loss.backward()
        gradients = {name: weight.grad for name, weight in learner.model.named_parameters() if weight.grad is not None}
        found.append((loss.item(), figures, {name: grad.clone() for name, grad in gradients.items()}))
    tap.close()
    (packed_loss, packed_figures, one), (shared_loss, shared_figures, other) = found
    assert shared_loss == pytest.approx(packed_loss, rel=1e-5)
    assert shared_figures == pytest.approx(packed_figures, rel=1e-4)
    assert one.keys() == other.keys()
    largest = max(float(grad.norm()) for grad in one.values())
    for name, grad in one.items():
        torch.testing.assert_close(other[name], grad, atol=1e-5 * largest, rtol=1e-3, msg=name)


def test_in_half_precision_the_loss_is_nearly_the_same(learner, stored):
    endless = rows_of((str(stored),), LanguageConfig(stage="single"), learner.encoder).rows()
    batch = learner.collate([next(endless)[0]])
    with torch.no_grad():
        whole = learner.loss(batch)[1]["loss"]
        with torch.autocast("cpu", torch.bfloat16):
            half = learner.loss(batch)[1]["loss"]
    assert half == pytest.approx(whole, rel=0.02)


def test_ends_of_questions_learn_to_look_at_their_names(learner, stored):
    config = LanguageConfig(stage="pairs", questions=4)
    rows = rows_of((str(stored),), config, learner.encoder).rows()
    batch, optimizers = learner.collate([next(rows)[0]]), learner.optimizers(config)
    for group in batch.groups:
        for number in torch.nonzero(group.named[:, 0] >= 0)[:, 0].tolist():
            mine = group.pointers.place[group.pointers.question == number]
            mine = mine[mine <= group.end[number]]
            assert group.named[number].tolist() == [mine.min(), mine.max()]
    told = []
    for _ in range(10):
        loss, figures = learner.loss(batch)
        loss.backward()
        take_step(optimizers, 1.0)
        told.append(figures["recalling_loss"])
    assert told[-1] < 0.8 * told[0]
