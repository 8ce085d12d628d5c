"""What a model thought is no answer, whichever marks its family writes around it."""

import pytest

from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.models import split_thinking
from spatialvlm.models.vlm import is_thinking_mark

THOUGHT = "A door is 2 m tall. Option A says left, yes. So 3 m?"
MARKS = [
    *((f"<{name}>", f"</{name}>") for name in ("think", "THINK", "thinking", "thought", "reasoning", "analysis")),
    *((f"<{name}>", f"</{name}>") for name in ("seed:think", "mm:think", "longcat_think", "think:opensource")),
    ("◁think▷", "◁/think▷"),
    ("[THINK]", "[/THINK]"),
    ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>\n<|begin_of_solution|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("[unused16]", "[unused17]"),
    ("<|think|>", "<|end|><|begin|>assistant<|content|>"),
    ("<|im_start|>assistant/think\n", "<|im_end|>\n<|im_start|>assistant\n"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("analysis", "assistantfinal"),
    ("Here is my thought process:\n", "\nHere is my response:\n"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
]


@pytest.mark.parametrize(("opens", "closes"), MARKS)
def test_only_what_stands_behind_the_thinking_is_read(opens, closes):
    for truth, said in (
        (Length(1.2), "1.2 m"),
        (Choice(("left", "right"), 1), "B"),
        (YesNo(False), "No."),
        (Length(1.2), "<answer>1.2 m</answer>"),
        (Length(1.2), "<|begin_of_box|>1.2 m<|end_of_box|>"),
    ):
        item = Item("1", "test", "q", "q", (), truth)
        for reply in (f"{opens}{THOUGHT}{closes}{said}", f"{THOUGHT}{closes}{said}<|im_end|>"):
            if opens[0].isalpha() and not reply.startswith(opens):
                continue  # words alone say nothing without their beginning
            scored = score_item(item, reply)
            assert scored.robust.value == 1.0, reply
            assert not scored.truncated
        nested = f"{opens}{opens}{THOUGHT}{closes}{THOUGHT}{closes}{said}"
        assert score_item(item, nested).robust.value == 1.0
        cut = score_item(item, f"{opens}{THOUGHT}")
        assert (cut.parsed.value, cut.truncated, cut.parsed.how) == (None, True, "cut off in its thinking")


@pytest.mark.parametrize(
    ("reply", "unknown"),
    [
        ("<xyz>2 m?</xyz> 1.2 m", ("<xyz>", "</xyz>")),
        ("<|deep_mind|>2 m?<|deep_mind_end|> 1.2 m", ("<|deep_mind|>", "<|deep_mind_end|>")),
        ("[PLAN]a[/PLAN] b", ("[PLAN]", "[/PLAN]")),
        ("<think><xyz></think>1.2 m<|im_end|></s>", ()),
        ("**1.2 m** <br> if a < b and c > d, [0.3, 0.4] [N/A]", ()),
        ("<|box_start|>(1,2),(3,4)<|box_end|><point x='3' y='4'>cup</point>", ()),
    ],
)
def test_unknown_marks_are_told(reply, unknown):
    assert split_thinking(reply).unknown == unknown


def test_an_answer_before_its_reasons():
    assert split_thinking("<answer>2 m</answer><reason>it is a door</reason>").answer == "<answer>2 m</answer>"
    assert split_thinking("1.2 m<think>yes</think>\n").answer == "1.2 m"
    assert split_thinking("Well, <think>yes").unfinished


def test_tokens_that_stay_in_what_a_model_wrote():
    stay = ("[THINK]", "[/THINK]", "◁think▷", "<|inner_suffix|>", "<|channel|>", "<|message|>", "<|begin_of_box|>")
    assert all(map(is_thinking_mark, stay))
    assert not any(
        map(is_thinking_mark, ("<|im_end|>", "</s>", "<pad>", "<|endoftext|>", "<image>", "<|vision_start|>"))
    )
