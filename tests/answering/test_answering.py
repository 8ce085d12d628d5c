"""`spatialvlm answer`: what it prints and writes, which model it asks, and what it says of what makes no sense."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import spatialvlm as sv
from spatialvlm.answering import LONGEST_QUESTION, choose_model, draw_looked
from spatialvlm.answers import Length
from spatialvlm.errors import UserError
from spatialvlm.models import Model, parse_model
from spatialvlm.models import weights as weights_of_models

pytest.importorskip("jinja2")
pytest.importorskip("tokenizers")
from fixtures.models.numpy_checkpoint import Sizes, write_checkpoint

Run = Callable[..., tuple[int, str, str]]
QUESTION = "How far is the red box from the lamp?"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("weights") / "small")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "desk.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)).resize((160, 120)).save(path)
    return path


def test_one_answer(run: Run, weights: Path, picture: Path):
    code, out, err = run("answer", picture, QUESTION, "--model", weights)
    assert (code, err) == (0, "")
    answered = sv.answer(picture, QUESTION, str(weights))
    assert out == f"{answered.text}\n"
    assert answered.samples == (answered.text,)
    assert (answered.mean, answered.spread, answered.share) == (None, None, None)
    assert answered.version.startswith("sha256:")
    pixels = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    assert sv.answer(pixels, f" {QUESTION}\n", str(weights)).text == answered.text
    assert sv.answer(255 - pixels, QUESTION, str(weights)).text != answered.text
    assert sv.answer(pixels, "Is the box red?", str(weights)).text != answered.text


def test_several_answers(run: Run, weights: Path, picture: Path):
    asked = ("answer", picture, QUESTION, "--model", weights, "--samples", 6, "--seed", 3, "--json")
    code, out, err = run(*asked)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert len(told["samples"]) == 6
    assert len(set(told["samples"])) > 1
    assert told["text"] in told["samples"]
    assert told["question"] == QUESTION
    assert run(*asked)[1] == out
    assert run(*asked[:-2], 4, "--json")[1] != out


def test_numbers_and_votes_are_said(run: Run, weights: Path, picture: Path, monkeypatch: pytest.MonkeyPatch):
    from spatialvlm.models.vlm import idefics3

    def replies(*said: str) -> str:
        monkeypatch.setattr(idefics3.Idefics3, "answers", lambda self, asked: list(said[: len(asked)]))
        return run("answer", picture, question, "--model", weights, "--samples", len(said))[1]

    question = QUESTION
    assert replies("1 m", "2 m.", "about 300 cm", "far") == "2 m ± 1 m (mean and spread of 3 of 4 answers)\n"
    assert replies("1.5 m", "far") == "1.5 m (mean and spread of 1 of 2 answers)\n"
    assert "\x1b" not in replies("\x1b[2Jfar")
    question = "How many boxes are there?"
    assert replies("2", "three", "3") == "2.67 ± 0.58 (mean and spread of 3 of 3 answers)\n"
    question = "Which is nearer, the box or the lamp?"
    assert replies("The lamp.", "the box is", "the lamp") == "The lamp. (2 of 3 answers)\n"


def test_where_it_looked(run: Run, weights: Path, picture: Path, tmp_path: Path):
    out = tmp_path / "looked.png"
    code, text, _ = run("answer", picture, QUESTION, "--model", weights, "--point", out, "--words", "red box")
    assert (code, text.splitlines()[-1]) == (0, f"picture: {out}")
    assert cv2.imread(str(out)).shape == (480 + 24, 640, 3)
    code, text, err = run("answer", picture, QUESTION, "--model", weights, "--point", out, "--json")
    assert (code, err) == (0, f"picture: {out}\n")
    assert json.loads(text)["question"] == QUESTION
    assert run("answer", picture, QUESTION, "--model", weights, "--words", "box")[0] == 2
    code, _, err = run("answer", picture, QUESTION, "--model", weights, "--point", out, "--words", "sofa")
    assert (code, err) == (1, "error: words 'sofa': not in the question; give some of its words\n")


def test_the_picture_is_bright_where_it_looked():
    image = np.full((90, 120, 3), 100, np.uint8)
    shares = np.full((3, 4), 0.02, np.float32)
    shares[1, 2] = 0.78
    drawn = draw_looked(image, shares, "here")[24:].astype(int)
    assert drawn.shape == (480, 640, 3)
    bright = drawn.sum(2)
    assert bright[240, 400] > 2 * bright[60, 60]
    np.testing.assert_array_equal(
        draw_looked(image, np.roll(shares, -1, 1), "here")[24:, 20:460].astype(int), drawn[:, 180:620]
    )


SENSELESS = {
    "a wrong path": (["nowhere.png", QUESTION], "image 'nowhere.png': no such file; give the path of a picture"),
    "a text": (["text.png", QUESTION], "cannot be decoded as an image"),
    "a folder": ([".", QUESTION], "is a folder; give the path of a picture in it"),
    "one pixel": (["one.png", QUESTION], "1x1 pixels, expected at least 4 a side"),
    "a huge image": (["huge.png", QUESTION], "9000x9000 pixels, expected at most 51 million pixels; make it smaller"),
    "no question": (["fine.png", " \n"], "question: is empty"),
    "12,000 words": (["fine.png", "word " * 12_000], "59,999 characters in 12,000 words, expected at most 8,000"),
    "too much at 0": (["fine.png", QUESTION, "--samples", 2, "--temperature", 0], "at temperature 0 are all the same"),
    "no such model": (["fine.png", QUESTION, "--model", "nowhere/at/all"], "no such folder, hub id or server"),
    "no checkpoint": (["fine.png", QUESTION, "--model", "."], "model '.': holds no config.json"),
}


@pytest.mark.parametrize("case", SENSELESS)
def test_what_makes_no_sense(case: str, run: Run, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("text.png").write_text("no picture")
    Image.new("RGB", (1, 1)).save("one.png")
    Image.new("RGB", (40, 30)).save("fine.png")
    if case == "a huge image":
        Image.new("1", (9000, 9000)).save("huge.png")
    arguments, expected = SENSELESS[case]
    chosen = () if "--model" in arguments else ("--model", weights)
    code, out, err = run("answer", *arguments, *chosen)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert expected in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("flags", [("--samples", 0), ("--samples", -3), ("--temperature", -1), ("--seed", -1)])
def test_wrong_use(flags: tuple[str, int], run: Run, picture: Path):
    assert run("answer", picture, QUESTION, *flags)[0] == 2


def test_the_library_refuses_the_same(weights: Path, picture: Path):
    for settings, expected in (
        ({"samples": 0}, "samples 0: expected 1 to"),
        ({"temperature": -0.1}, "expected 0 or more"),
        ({"temperature": float("nan")}, "expected 0 or more"),
        ({"max_new_tokens": 0}, "expected 1 or more"),
    ):
        with pytest.raises(UserError, match=expected):
            sv.answer(picture, QUESTION, str(weights), **settings)
    with pytest.raises(UserError, match="reads at most 1024; ask a shorter one"):
        sv.answer(picture, "12 " * (LONGEST_QUESTION // 3 - 1), str(weights))


def test_without_a_model_it_is_nano(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    frame = sv.collect("shapes:1")[0].frame
    assert frame is not None
    Image.fromarray(frame.image).save(tmp_path / "scene.png")
    code, out, err = run("answer", tmp_path / "scene.png", "How wide is the box?", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["model"] == "nano"
    answered = sv.answer(frame.image, "How wide is the box?")
    assert isinstance(answered.value, Length)
    assert told["text"] == answered.text
    (tmp_path / "nano").mkdir()  # as our own commands that train it make one
    monkeypatch.chdir(tmp_path)
    assert choose_model(None) == choose_model("nano") == parse_model("nano")
    with pytest.raises(UserError, match=re.escape("'./nano': holds no config.json")):
        choose_model("./nano")
    monkeypatch.setattr(weights_of_models, "NANO", "nowhere")
    with pytest.raises(UserError, match="not installed with this package"):
        choose_model(None)


def test_which_model(weights: Path, tmp_path: Path):
    assert choose_model(str(weights)) == Model("idefics3", str(weights))
    (tmp_path / "config.json").write_text('{"model_type": "llava"}')
    assert choose_model(str(tmp_path)) == Model("transformers", str(tmp_path))
    assert choose_model("Qwen/Qwen3-VL-2B-Instruct@abc") == Model("transformers", "Qwen/Qwen3-VL-2B-Instruct", "abc")
    url = "http://localhost:8000/v1#qwen3-vl"
    assert choose_model(url) == choose_model(f"openai:{url}") == Model("openai", url)
    assert choose_model(f"idefics3:{weights}") == Model("idefics3", str(weights))
    for text in ("", "nowhere", "./nowhere", "/no/where"):
        with pytest.raises(UserError, match="no such folder, hub id or server"):
            choose_model(text)


def test_a_server_does_not_tell_where_it_looks(picture: Path):
    with pytest.raises(UserError, match="m: cannot tell where it looks"):
        sv.answer(picture, QUESTION, "http://127.0.0.1:9/v1#m", look=True)


def test_an_answer_is_quick(tmp_path: Path, picture: Path):
    """Of three million parameters; a whole command with its start is what benchmarks/answer_speed.py measures."""
    folder = write_checkpoint(tmp_path, Sizes(160, 448, 4, 160, 480, 4, 4, 160, 16, 600, 16))
    start = time.process_time()
    sv.answer(picture, QUESTION, str(folder))
    assert time.process_time() - start < 2
