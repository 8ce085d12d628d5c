"""Rows from datasets and from files: new questions each epoch, nothing is lost for one damaged image or line."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from PIL import Image

from fixtures.models import tiny_rows
from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.dataset import SceneQuestions
from spatialvlm.errors import UserError
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.quantities import parse
from spatialvlm.train.general_rows import GeneralRows
from spatialvlm.train.label_noise import noisy_answer
from spatialvlm.train.rewording import reworded, short_answer, smudge_words
from spatialvlm.train.spatial_rows import SpatialRows, named_objects
from spatialvlm.train.train_config import TrainConfig, differences


@pytest.fixture(scope="module")
def encoder():
    return tiny_rows.made("idefics3")[1]


@pytest.fixture
def config(stored, tmp_path):
    return TrainConfig((str(stored),), "base", tmp_path / "out", evidence=1.0, questions_per_image=3)


def words(row) -> list[str]:
    tokenizer = tiny_rows.tiny_chat.byte_tokenizer()
    return [tokenizer.decode(segment.ids) for segment in row.segments]


def test_each_epoch_asks_other_questions_of_the_same_scenes(config, encoder):
    rows = SpatialRows(config, encoder)
    made = [[rows.row(epoch, place) for place in range(len(rows))] for epoch in (0, 1)]
    assert len(rows) == 5
    some = [(words(a), words(b)) for a, b in zip(*made) if a is not None and b is not None]
    assert some
    assert all(1 <= len(a) <= 3 for a, _ in some)
    assert any(a != b for a, b in some)
    assert [words(rows.row(0, place)) for place in range(2)] == [words(row) for row in made[0][:2]]


def test_names_point_at_masks_and_read_what_the_scene_knows(config, encoder):
    row = next(row for place in range(5) if (row := SpatialRows(config, encoder).row(0, place)))
    pointers = [pointer for segment in row.segments for pointer in segment.pointers]
    assert pointers
    assert all(pointer.weights.sum() == pytest.approx(1, abs=1e-5) for pointer in pointers)
    asked = next(iter(SceneQuestions(config.data[0])))
    named = named_objects(asked.scene, asked.questions[0])
    assert [one.name for one in named] == [*asked.questions[0].names]
    things = {thing.instance.id: thing for thing in asked.scene.objects}
    first = things[asked.questions[0].fact.subjects[0]]
    centre = (first.box.low_in_world + first.box.high_in_world) / 2 - asked.scene.world_from_camera[:3, 3]
    assert named[0].readings[0] == pytest.approx(np.log(np.linalg.norm(centre)), abs=1e-5)
    assert np.sign(named[0].readings[3]) == np.sign(centre[0])


def test_noise_changes_lengths_and_nothing_else(stored):
    questions = [qa for asked in SceneQuestions(stored, images=False) for qa in asked.questions]
    rng = np.random.default_rng(0)
    factors = []
    for qa in questions * 20:
        noisy = noisy_answer(qa, 0.2, rng)
        if not isinstance(qa.value, Length):
            assert noisy == qa.answer
        elif (metres := parse(qa.answer)) and noisy != qa.answer:
            factors.append((parse(noisy) or 0.0) / metres)
    assert len(factors) > 300
    assert np.std(factors) == pytest.approx(0.2, abs=0.03)
    assert all(noisy_answer(qa, 0.0, rng) == qa.answer for qa in questions)


@pytest.fixture
def lines(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    chat = [{"role": "user", "content": "<image>\nWhat?"}, {"role": "assistant", "content": "Red."}]
    value = [{"from": "human", "value": "Hello"}, {"from": "gpt", "value": "Hi"}]
    rows = [
        json.dumps({"messages": chat, "images": ["a.png"]}),
        "",
        json.dumps({"conversations": value}),
        json.dumps({"messages": chat, "images": ["lost.png"]}),
        "{",
        json.dumps({"messages": [*value[:1]]}),
        json.dumps({"messages": [{"role": "user", "content": "x" * 600}, chat[1]]}),
    ]
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(rows))
    return path


def test_lines_that_cannot_be_had_are_counted(lines, encoder):
    rows = GeneralRows([str(lines)], encoder, max_tokens=500)
    made = [rows.row(0, place) for place in range(len(rows))]
    assert [row is not None for row in made] == [True, True, False, False, False, False]
    assert "Red.<|im_end|>" in words(made[0])[0]
    assert made[1].pixels == {}
    assert rows.skipped.total() == 4
    assert rows.skipped["too long"] == 1
    assert len(GeneralRows([str(lines.parent)], encoder, 500)) == 6


def test_general_data_that_is_nowhere_is_said(encoder):
    with pytest.raises(UserError, match=r"general data 'no\.jsonl': no such file; expected a JSONL file"):
        GeneralRows(["no.jsonl"], encoder, 500)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"share": 1.5, "general": ("x",)}, "share 1.5: expected a number from 0 to 1"),
        ({"share": 0.3}, "share 0.3: the rest has to come from general data; give --general"),
        ({"steps": 0}, "steps 0: expected 1 or more"),
        ({"label_noise": -1.0}, "label_noise -1.0: expected 0 or more"),
        ({"learning_rate": 3.0}, "learning_rate 3: expected a number between 0 and 1"),
        ({"stage": "grpo"}, "evidence: is for --stage sft"),
        ({"data": ()}, "data: names no dataset"),
    ],
)
def test_settings_out_of_range(config, changes, message):
    with pytest.raises(UserError, match=message):
        replace(config, **changes)


def test_what_differs_from_an_earlier_run_is_said(config):
    old = json.loads(json.dumps(config.to_json()))
    assert differences(old, config) == []
    assert differences(old, replace(config, save_every=3, seed=7)) == ["seed was 0, is 7"]
    assert config.spatial_share == 1.0
    assert replace(config, general=("a",)).spatial_share == 0.05


def test_short_answers_say_what_the_whole_ones_do(stored):
    asked, shorter = Counter(), 0
    for one in SceneQuestions(stored, mix=PhraseConfig(questions_per_image=200, numbers="meters"), images=False):
        for qa in one.questions:
            said = short_answer(qa)
            match qa.value:
                case Length():
                    assert parse(said) == parse(qa.answer)
                case YesNo(yes):
                    assert said == ("Yes." if yes else "No.")
                case Choice() as choice if KINDS[qa.kind].form.of_subjects and choice.chosen in qa.names:
                    assert said.lower() == f"{choice.chosen}.".lower()
                case _:
                    continue
            asked[type(qa.value)] += 1
            shorter += len(said) < len(qa.answer)
    assert min(asked[kind] for kind in (Length, YesNo, Choice)) > 5
    assert shorter > sum(asked.values()) / 2


def test_words_are_smudged_and_names_are_not(stored):
    rng, counts = np.random.default_rng(0), Counter()
    for one in SceneQuestions(stored, images=False):
        for qa in one.questions:
            smudged = smudge_words(qa.question, qa.names, 0.3, rng)
            assert smudge_words(qa.question, qa.names, 0.0, rng) == qa.question
            assert all(name.lower() in smudged.lower() for name in qa.names if name.lower() in qa.question.lower())
            known = {*qa.question.split()}
            counts["there"] += len(known)
            counts["left"] += len(known & {*smudged.split()})
            counts["garbled"] += len({*smudged.split()} - known)
    assert 0.65 < counts["left"] / counts["there"] < 0.95, "names are words too"
    assert counts["garbled"] > 0.02 * counts["there"]


def test_half_of_short_answers_are_asked_for_in_the_words_of_the_evaluation(stored):
    rng, told = np.random.default_rng(0), []
    for one in SceneQuestions(stored, images=False):
        for qa in one.questions:
            other = reworded(short=True, smudged=0.0)(qa, rng)
            assert other.answer == short_answer(qa)
            assert other.question in (qa.question, f"{qa.question} {KINDS[qa.kind].form.asks_for(qa.value)}")
            told.append(other.question != qa.question)
            assert reworded(short=False, smudged=0.0)(qa, rng) == qa
    assert 0.3 < np.mean(told) < 0.7
