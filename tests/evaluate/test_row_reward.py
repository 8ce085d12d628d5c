"""Rewards of rows: the shape that trainers call, and a real GRPO run on a tiny model."""

from functools import partial
from typing import Any

import pytest

import spatialvlm as sv
from spatialvlm.answers import SAME, Angle, Answer, BoundingBox, Choice, Count, Length, YesNo, answer_to_text
from spatialvlm.errors import UserError

MUG_AND_BOWL = ("the mug", "the bowl")
ROWS: tuple[tuple[str, tuple[str, ...], Answer, str | None, str, float], ...] = (
    ("distance", MUG_AND_BOWL, Length(1.2), None, "About 1.3 m.", 1.0),
    ("distance", MUG_AND_BOWL, Length(1.2), None, "120", 0.0),
    ("distance", MUG_AND_BOWL, Length(1.2), "centimeter", "120", 1.0),
    ("left_predicate", MUG_AND_BOWL, YesNo(True), None, "The bowl is right of the mug.", 1.0),
    ("left_predicate", MUG_AND_BOWL, Choice(("yes", "no", SAME), 2), None, "They line up.", 1.0),
    ("left_predicate", MUG_AND_BOWL, Choice(("yes", "no", SAME), 2), None, "Yes.", 0.0),
    ("tall_choice", MUG_AND_BOWL, Choice(MUG_AND_BOWL, 1), None, "The bowl is taller.", 1.0),
    ("tall_choice", MUG_AND_BOWL, Choice((*MUG_AND_BOWL, SAME), 2), None, "Both are equally tall.", 1.0),
    ("left_right_classify", MUG_AND_BOWL, Choice(("left", "right"), 0), None, "<think>right?</think>Left", 1.0),
    ("bearing", ("the mug",), Angle(-0.35), None, "20 degrees to the left", 1.0),
    ("bearing", ("the mug",), Angle(-0.35), None, "20 degrees to the right", 0.0),
    ("count_within", ("the 7 up can", *MUG_AND_BOWL), Count(2), None, "Two of them are within 60 cm of it.", 1.0),
    ("locate_box", ("the mug",), BoundingBox(0.25, 0.5, 0.5, 0.75), "640x480", "[160, 240, 320, 360]", 1.0),
    ("locate_box", ("the mug",), BoundingBox(0.25, 0.5, 0.5, 0.75), "0-1000", "[160, 240, 320, 360]", 0.0),
    ("count_of_class", (), Count(3), None, "I see three mugs.", 1.0),
    ("no kind of ours", (), YesNo(False), None, "No", 1.0),
)


def columns(*rows: Any) -> dict[str, list[Any]]:
    kind, names, values, units, completions, _ = zip(*rows)
    values = [answer_to_text(value) for value in values]
    return {
        "completions": list(completions),
        "value": values,
        "kind": list(kind),
        "names": [list(some) for some in names],
        "unit": list(units),
    }


def test_rows_are_rewarded_by_themselves():
    assert sv.spatial_reward(**columns(*ROWS)) == [expected for *_, expected in ROWS]


def test_completions_may_be_messages_and_other_columns_are_ignored():
    rows = columns(ROWS[0], ROWS[5])
    first, second = rows["completions"]
    rows["completions"] = [
        [{"role": "assistant", "content": first}],
        [{"role": "tool", "content": "no"}, {"role": "assistant", "content": [{"type": "text", "text": second}]}],
    ]
    more = {"prompts": ["?", "?"], "completion_ids": [[1], [2]], "trainer_state": object(), "log_metric": print}
    assert sv.spatial_reward(answer=["1.2 m", "same"], image=[None, None], **rows, **more) == [1.0, 0.0]
    rows["completions"] = [[], [{"role": "assistant", "content": None}]]
    assert sv.spatial_reward(**rows) == [0.0, 0.0]


def test_a_row_without_a_value_has_no_reward():
    rows = columns(*ROWS[:2])
    rows["value"][1] = None
    assert sv.spatial_reward(**rows) == [1.0, None]
    assert sv.spatial_reward([], value=[]) == []


def test_lengths_are_in_part_right_by_another_rule_and_nothing_else_changes():
    graded = sv.spatial_reward(**columns(*ROWS), rule="mra")
    assert graded[0] == pytest.approx(0.9)  # 1.3 m of 1.2 m: all limits but 5 %
    assert graded[3:] == [expected for *_, expected in ROWS[3:]]


def test_the_unit_that_is_asked_for_comes_before_that_of_the_number():
    rows = columns(ROWS[1]) | {"unit": ["m"]}
    assert sv.spatial_reward(**rows, asked_unit=["centimeter"]) == [1.0]


def test_letters_count_where_the_questions_have_them():
    rows = columns(ROWS[6]) | {"completions": ["(B)"]}
    assert sv.spatial_reward(**rows) == [0.0]
    assert sv.spatial_reward(**rows, asked_as=["choice"]) == [1.0]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": None}, "the rows have no column 'value'"),
        ({"value": ["1.2 m"]}, "answer '1.2 m': no JSON"),
        ({"value": ['{"form":"length"}']}, "answer of form 'length'"),
        ({"kind": ["a", "b"]}, "column 'kind' has 2 rows for 1 completions; expected as many"),
        ({"rule": "exact"}, "got the rule 'exact'; expected one of within_2"),
    ],
)
def test_rows_that_cannot_be_used_are_named(change: dict[str, Any], says: str):
    with pytest.raises(UserError, match=says):
        sv.spatial_reward(**(columns(ROWS[0]) | change))


WORDS = ("how", "far", "is", "the", "mug", "from", "bowl", "left", "of", "about", "1", "2", "m", "yes", "no", ".", "?")


def tiny_tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: place for place, word in enumerate(["<pad>", "<eos>", "<unk>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", model_max_length=64
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("reward", [sv.spatial_reward, partial(sv.spatial_reward, rule="mra")])
def test_trl_trains_with_it(reward: Any, tmp_path):
    pytest.importorskip("torch", reason="torch is no part of the set-up; trl trains with it")
    trl = pytest.importorskip("trl", reason="trl is no part of the set-up")
    from datasets import Dataset
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = tiny_tokenizer()
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=64,
            n_embd=16,
            n_layer=1,
            n_head=2,
            bos_token_id=1,
            eos_token_id=1,
            pad_token_id=0,
        )
    )
    rows = columns(ROWS[0], ROWS[3], ROWS[0])
    rows["value"][2] = None  # which has no reward
    del rows["completions"]
    rows["prompt"] = ["how far is the mug from the bowl ?", "is the mug left of the bowl ?", "how far ?"]
    rows["answer"] = ["1.2 m", "yes", "?"]
    data = Dataset.from_dict(rows)
    config = trl.GRPOConfig(
        output_dir=str(tmp_path),
        max_steps=2,
        per_device_train_batch_size=4,
        num_generations=2,
        max_completion_length=4,
        use_cpu=True,
        bf16=False,
        report_to="none",
        save_strategy="no",
        logging_steps=1,
        seed=0,
    )
    trainer = trl.GRPOTrainer(model, reward, config, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "rewards/spatial_reward/mean" in entry]
    assert len(logged) == 2
    assert all(0.0 <= entry["rewards/spatial_reward/mean"] <= 1.0 for entry in logged)
