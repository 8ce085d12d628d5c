"""The trace: written as it happens, read back, told in the terminal, drawn; and the command that makes it."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from fixtures.models.scripted_llm import Fault, calls, says, scripted_llm
from spatialvlm.errors import UserError

pytest.importorskip("pydantic")
from spatialvlm.reason import Desk, EndStep, Trace, answer_in_words, choose_mode, draw_evidence, print_step, read_trace
from spatialvlm.reason.trace import CallStep, QuestionStep, RemarkStep, RequestStep, TraceStep

STEPS: list[TraceStep] = [
    QuestionStep("How far?", "room-1", "qwen", "tools"),
    RequestStep("", 1, 900, 20, 1.5),
    CallStep("distance", '{"a": "mug"}', {"handle": "d1", "value": 0.5, "unit": "m", "sigma": 0.01, "text": "50 cm"}),
    CallStep("distance", "{", None, "distance: arguments are no JSON", True),
    RemarkStep("Nothing was \ud800 called."),
    EndStep("answered", "50 cm", 0.5, "m", 0.01, 0.9, [{"handle": "d1"}], 3, 2, 920, 4.2),
]


def test_each_step_is_on_disk_when_it_has_happened(tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_text("of an earlier run\n")
    seen: list[TraceStep] = []
    trace = Trace(path, seen.append)
    for count, step in enumerate(STEPS, 1):
        trace.add(step)
        assert read_trace(path) == STEPS[:count] == seen
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [
        *("question", "request", "call", "call", "remark", "end")
    ]


def test_a_killed_run_keeps_its_trace(tmp_path):
    path = tmp_path / "steps.jsonl"
    trace = Trace(path)
    for step in STEPS:
        trace.add(step)
    whole = path.read_bytes()
    for end in range(0, len(whole), 13):
        path.write_bytes(whole[:end])
        assert read_trace(path) == STEPS[: whole[:end].count(b"\n")]


@pytest.mark.parametrize("line", ["{}", "3", "x", '{"step": "walk"}', '{"step": "end", "reason": "tired", "text": ""}'])
def test_what_is_no_trace_is_said(tmp_path, line):
    path = tmp_path / "steps.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(UserError, match=r"steps.jsonl' line 1"):
        read_trace(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_trace(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="cannot be written"):
        Trace(tmp_path)


def printed(steps: list[TraceStep], *, terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=40, color_system="standard" if terminal else None)
    for step in steps:
        print_step(console, step)
    return out.getvalue()


def test_steps_in_the_terminal():
    text = printed([*STEPS, RemarkStep("\x1b[31mred [bold]" + "x" * 999)], terminal=False)
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[0] == "  asks  How far? (room-1; tools, qwen)"
    assert lines[2] == ' calls  distance {"a": "mug"} -> d1: 50 cm ± 0.01 m'
    assert lines[3] == " fails  distance { (again) -> distance: arguments are no JSON"
    assert lines[5] == "  ends  answered after 3 turns, 2 calls, 920 tokens, 4.2 s"
    assert "[bold]" in lines[6]
    assert len(lines[6]) < 350
    assert "\x1b[" in printed(STEPS, terminal=True)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (STEPS[-1], "50 cm (± 0.01 m)"),
        (EndStep("answered", "yes", True), "yes"),
        (EndStep("answered", "0.3 ± 0.1 m", 0.3, "m", 0.1), "0.3 ± 0.1 m"),
        (EndStep("abstained", "it is hidden"), "can't be told: it is hidden"),
        (EndStep("abstained", "can't be told: too close"), "can't be told: too close"),
    ],
)
def test_answers_in_words(end, said):
    assert answer_in_words(end) == said


def test_the_picture_shows_what_was_measured(frame, scene):
    desk = Desk(frame, scene)
    one, other = (thing.instance.captions[0] for thing in scene.objects[:2])
    plain = draw_evidence(frame, scene, "How far?", EndStep("answered", "50 cm"))
    height, width = frame.image.shape[:2]
    assert plain.shape[1] == width
    np.testing.assert_array_equal(plain[-height:], frame.image)
    evidence = [desk.ask("distance", one, other).to_json(), desk.ask("height", one).to_json()]
    drawn = draw_evidence(frame, scene, "How far?", EndStep("answered", "50 cm ± 1", evidence=evidence))[-height:]
    changed = (drawn != frame.image).any(-1)
    assert 0.01 < changed.mean() < 0.5
    line = (drawn == (255, 225, 60)).all(-1)
    assert line.sum() > 100
    without = draw_evidence(frame, None, "How far?", EndStep("failed", "no", evidence=evidence))
    np.testing.assert_array_equal(without[-height:], frame.image)


def test_modes():
    assert choose_mode(None, "http://x#m") == "tools"
    assert choose_mode("dialogue", "http://x#m") == "dialogue"
    assert choose_mode(None, None) == choose_mode("geometry", None) == "geometry"
    for mode in ("tools", "dialogue"):
        with pytest.raises(UserError, match="--llm URL#MODEL"):
            choose_mode(mode, None)


def test_the_command(run, tmp_path, scene, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    one, other = (thing.instance.captions[0] for thing in scene.objects[:2])
    script = [
        calls(("distance", {"a": one, "b": other, "of": "centers"})),
        calls(("answer", {"value": "d1", "unit": "m", "confidence": 1.0, "abstain": False})),
    ]
    trace, picture = tmp_path / "steps.jsonl", tmp_path / "why.png"
    far = scene.distance(one, other)
    for options in ((), ("--json",)):
        with scripted_llm(script) as llm:
            code, out, err = run(
                *("reason", "shapes:1", "How far?", "--llm", llm.address, "--trace", trace, "--picture", picture),
                *options,
            )
        assert code == 0
        assert "distance" in err
        assert isinstance(read_trace(trace)[-1], EndStep)
        assert cv2.imread(str(picture)) is not None
        if options:
            assert json.loads(out)["value"] == far.value
        else:
            assert out.startswith(far.text)


def test_the_command_of_a_picture_file_in_a_dialogue(run, tmp_path, frame, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    cv2.imwrite(str(tmp_path / "a.png"), frame.image[..., ::-1])
    with (
        scripted_llm([says("Ask: What is there?"), says("Answer: the cube")]) as llm,
        scripted_llm([says("A cube.")]) as seeing,
    ):
        code, out, err = run(
            *("reason", tmp_path / "a.png", "Which is it?", "--llm", llm.address, "--vlm", seeing.address),
            *("--mode", "dialogue", "--picture", tmp_path / "why.png"),
        )
    assert (code, out) == (0, "the cube\n")
    assert "A cube." in err
    assert seeing.asked[0]["messages"][0]["content"][0]["type"] == "image_url"
    assert Path(tmp_path / "why.png").exists()
    code, _, err = run(
        "reason", tmp_path / "a.png", "Which?", "--llm", "http://127.0.0.1:9/v1#m", "--known", "height:x=1"
    )
    assert code == 1
    assert "name a recipe" in err


def test_the_command_when_it_fails(run, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert run("reason", "shapes:1", "How far?")[0] == 1
    code, out, err = run("reason", "shapes:2", "How far?", "--llm", "http://127.0.0.1:9/v1#m")
    assert (code, out) == (1, "")
    assert "has 2 frames" in err
    with scripted_llm([Fault(401)]) as llm:
        code, out, err = run("reason", "shapes:1", "How far?", "--llm", llm.address, "--trace", tmp_path / "t.jsonl")
    assert (code, out) == (1, "")
    assert "error: no answer (failed)" in err
    assert "Traceback" not in err
    assert read_trace(tmp_path / "t.jsonl")[-1].reason == "failed"  # type: ignore[union-attr]
