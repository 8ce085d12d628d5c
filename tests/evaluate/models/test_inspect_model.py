"""Models behind inspect_ai, asked over HTTP: what fails on the way costs time, and never an item."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fixtures.evaluate.loopback_server import serving
from spatialvlm.answers import Choice, Length, YesNo
from spatialvlm.errors import ModelError, UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models import AskConfig, load_answerer
from spatialvlm.evaluate.models.pictures import with_files
from spatialvlm.evaluate.results import read_results

MODEL = "openai-api/local/tiny"
# inspect_ai leaves streams to the garbage collector
pytestmark = [
    pytest.mark.usefixtures("streams"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def png(shade: int) -> bytes:
    return cv2.imencode(".png", np.full((8, 8, 3), shade, np.uint8))[1].tobytes()


def made_items(count: int) -> list[Item]:
    forms = (Length(1.2), YesNo(True), Choice(("left", "right"), 1))
    return [
        Item(f"item-{i:03d}", "test", f"question {i}", f"question {i} ?", (png(i % 4),), forms[i % 3])
        for i in range(count)
    ]


def config(url: str, **changes: int) -> AskConfig:
    return AskConfig(base_url=url, **{"timeout_s": 30, "at_once": 4, **changes})


def ask(url: str, out: Path, items: Sequence[Item], model: str = MODEL, **changes: int) -> list[str | None]:
    answers = load_answerer(model, config(url, **changes), out).answers(
        "folder", with_files(items, out / "pictures")[0]
    )
    return [answer.text for answer in answers]


def echo(question: str, pictures: int) -> str:
    return f"{pictures} pictures, {question}"


def test_answers_come_in_the_order_of_the_items_with_their_pictures(tmp_path: Path):
    items = made_items(13)
    with serving(echo) as server:
        assert ask(server.url, tmp_path, items) == [f"1 pictures, {item.prompt}" for item in items]
        assert len(server.asked) == 13
        body = server.asked[0]
        assert (body["temperature"], body["seed"], body["max_tokens"], body["model"]) == (0.0, 0, 1024, "tiny")


@pytest.mark.slow
def test_what_may_pass_is_tried_again_until_every_item_has_its_answer(tmp_path: Path):
    items = made_items(12)
    with serving(echo, faults=["429", "drop", "500", "hang"]) as server:
        assert ask(server.url, tmp_path, items, timeout_s=2) == [f"1 pictures, {item.prompt}" for item in items]
        assert len(server.asked) == 12 + 4


def test_a_finished_run_asks_nothing_again(tmp_path: Path):
    items = made_items(5)
    with serving(echo) as server:
        first = ask(server.url, tmp_path, items)
        assert ask(server.url, tmp_path, items) == first
        assert len(server.asked) == 5


def test_an_item_that_fails_costs_no_other_and_is_asked_again_by_the_next_run(tmp_path: Path):
    items = made_items(6)
    with serving(echo, faults=["400"]) as server:
        files = with_files(items, tmp_path / "pictures")[0]
        answers = load_answerer(MODEL, config(server.url, at_once=1), tmp_path).answers("folder", files)
        (lost,) = [answer for answer in answers if answer.text is None]
        assert lost.failure == "BadRequestError: Error code: 400 - busy"
        assert len(server.asked) == 6
        assert None not in ask(server.url, tmp_path, items, at_once=1)
        assert len(server.asked) == 7


def test_a_request_is_tried_again_as_often_as_was_said(tmp_path: Path):
    with serving(echo, faults=["500"]) as server:
        files = with_files(made_items(3), tmp_path / "pictures")[0]
        answers = load_answerer(MODEL, config(server.url, at_once=1, retries=0), tmp_path).answers("folder", files)
        assert len(server.asked) == 3, "one request per item"
        assert [answer.failure for answer in answers if answer.failure] == [
            "InternalServerError: Error code: 500 - busy",
        ]


def test_progress_says_how_many_are_answered(tmp_path: Path):
    lines: list[str] = []
    with serving(echo) as server:
        ask(server.url, tmp_path, made_items(2))
        files = with_files(made_items(5), tmp_path / "pictures")[0]
        load_answerer(MODEL, config(server.url), tmp_path, report=lines.append).answers("folder", files)
    assert lines[-1] == "folder: 5 of 5 answered"


def test_a_server_that_fails_for_good_is_not_asked_to_the_end(tmp_path: Path):
    items = made_items(40)
    with serving(echo, faults=["400"] * 100) as server:
        with pytest.raises(ModelError, match="40 of 40 items got no answer"):
            ask(server.url, tmp_path, items)
        assert len(server.asked) <= 20 + 4
        server.faults.clear()
        assert None not in ask(server.url, tmp_path, items)


PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_inspect_model import ask, made_items
print(len([text for text in ask(sys.argv[1], Path(sys.argv[2]), made_items(40)) if text]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_and_loses_no_item(end: signal.Signals, tmp_path: Path):
    stuck, killed = threading.Semaphore(0), threading.Event()

    def answer_twenty(question: str, pictures: int) -> str:
        if len(server.asked) > 20 and not killed.is_set():
            stuck.release()
            killed.wait(60)
        return echo(question, pictures)

    with serving(answer_twenty) as server:
        folders = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
        command = [sys.executable, "-c", PROGRAM, server.url, str(tmp_path), *folders]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        for _ in range(4):  # with four requests under way, twenty answers have been taken in
            assert stuck.acquire(timeout=60)
        process.send_signal(end)
        printed, _ = process.communicate()
        killed.set()
        assert (process.returncode != 0, printed) == (True, b""), "no answers are handed on"
        asked = len(server.asked)
        assert 20 <= asked < 40
        items = made_items(40)
        assert ask(server.url, tmp_path, items) == [f"1 pictures, {item.prompt}" for item in items]
        assert len(server.asked) <= 40 + 4 + 1, (
            "what was answered before is not asked again, but for what was under way"
        )


def test_blind_shows_no_picture_and_shuffled_another_one(tmp_path: Path):
    items = made_items(8)
    with serving(echo) as server:
        assert ask(server.url, tmp_path / "blind", items, f"blind:{MODEL}")[0] == f"0 pictures, {items[0].prompt}"
        blind = len(server.asked)
        ask(server.url, tmp_path / "shuffled", items, f"shuffled:{MODEL}")
        ask(server.url, tmp_path / "image", items)
        shown = {
            body["messages"][0]["content"][-1]["text"]: picture_of(body) for body in server.asked[blind : blind + 8]
        }
        own = {body["messages"][0]["content"][-1]["text"]: picture_of(body) for body in server.asked[blind + 8 :]}
        assert shown.keys() == own.keys()
        assert all(shown[prompt] != own[prompt] for prompt in own)
        assert set(shown.values()) == set(own.values())


def picture_of(body: dict) -> str:
    return body["messages"][0]["content"][0]["image_url"]["url"]


def test_an_answer_that_was_cut_off_is_marked(tmp_path: Path):
    with serving(lambda question, pictures: "First I look at ...") as server:
        items = with_files(made_items(2), tmp_path / "pictures")[0]
        who = load_answerer(MODEL, config(server.url), tmp_path)
        assert [answer.truncated for answer in who.answers("folder", items)] == [True, True]
        assert who.version == "tiny-1.0"


def test_a_server_that_is_not_there_is_said_at_once(tmp_path: Path):
    with serving(echo) as server:
        url = server.url
    began = time.monotonic()
    with pytest.raises(UserError, match=r"cannot be reached .*start the server or correct --base-url"):
        ask(url, tmp_path, made_items(1))
    assert time.monotonic() - began < 5


def test_more_items_may_come_and_only_they_are_asked(tmp_path: Path):
    with serving(echo) as server:
        first = ask(server.url, tmp_path, made_items(3))
        whole = ask(server.url, tmp_path, made_items(8))
        assert whole[:3] == first
        assert whole == [f"1 pictures, {item.prompt}" for item in made_items(8)]
        assert len(server.asked) == 8
        assert ask(server.url, tmp_path, made_items(5)) == whole[:5], "and fewer"
        assert len(server.asked) == 8


def test_a_folder_goes_on_only_with_what_it_began_with(tmp_path: Path):
    with serving(echo) as server, serving(echo) as other:
        items = made_items(3)
        ask(server.url, tmp_path, items)
        prompts = [replace(items[0], prompt="question 0, please ?"), *items[1:]]
        pictures = [*items[:2], replace(items[2], pictures=(png(77),))]
        for url, now, model, message in (
            (server.url, prompts, MODEL, "with other prompts; choose another --out"),
            (server.url, pictures, MODEL, "with other pictures"),
            (server.url, items, "openai-api/local/other", "with another model"),
            (server.url, items, f"blind:{MODEL}", "with another track"),
            (other.url, items, MODEL, "with another base URL"),
        ):
            with pytest.raises(UserError, match=message):
                ask(url, tmp_path, now, model)
        with pytest.raises(UserError, match="with another longest answer"):
            ask(server.url, tmp_path, items, max_tokens=5)
        assert (len(server.asked), len(other.asked)) == (3, 0)


def test_a_folder_where_nothing_was_answered_may_begin_anew(tmp_path: Path):
    with serving(echo, faults=["400"] * 3) as server:
        with pytest.raises(ModelError, match="3 of 3 items got no answer"):
            ask(server.url, tmp_path, made_items(3))
        assert None not in ask(server.url, tmp_path, made_items(2), "openai-api/local/other")


def test_what_is_damaged_is_named_with_the_way_out(tmp_path: Path):
    items, folder = made_items(3), tmp_path / "logs" / "folder"
    with serving(echo) as server:
        ask(server.url, tmp_path, items)
        (folder / "asked.json").write_text("{")
        with pytest.raises(UserError, match=r"asked\.json: missing or damaged.*remove the folder"):
            ask(server.url, tmp_path, items)
        (log,) = folder.glob("*.eval")
        whole = log.read_bytes()
        for size in (0, 10, len(whole) // 2):
            log.write_bytes(whole[:size])
            with pytest.raises(UserError, match=r"\.eval: the log is damaged .*remove this file"):
                ask(server.url, tmp_path, items)
        log.unlink()
        assert None not in ask(server.url, tmp_path, items)


def test_a_list_that_shows_one_picture_cannot_be_shuffled(tmp_path: Path):
    with serving(echo) as server, pytest.raises(UserError, match=r"all items show the same picture.*raise --limit"):
        ask(server.url, tmp_path, made_items(1), f"shuffled:{MODEL}")


@pytest.mark.parametrize("name", ["", "transformers:", "nonsense", "no-such-provider/model"])
def test_a_model_that_nobody_knows_is_a_clear_error(name: str, tmp_path: Path):
    with pytest.raises(UserError, match=r"model '"):
        load_answerer(name, AskConfig(), tmp_path).answers(
            "folder", with_files(made_items(1), tmp_path / "pictures")[0]
        )


def test_a_model_on_a_server_by_the_command_line(
    run: Callable[..., tuple[int, str, str]], shapes: Path, tmp_path: Path
):
    out = tmp_path / "out"
    data = ("--task", "folder", "--data", f"folder={shapes}", "--out", out)
    with serving(lambda question, pictures: "1 m", faults=["400"]) as server:
        arguments = ("evaluate", "openai-api/local/tiny", *data, "--base-url", server.url, "--limit")
        code, printed, errors = run(*arguments, 5)
        assert code == 1, errors
        assert "1 of 5 items got no answer, the first is" in errors
        assert "Error code: 400 - busy); run the same command again to ask them again" in errors
        assert [one.answer for one in read_results(out).scored["folder"]].count(None) == 1
        assert f"page: {out / 'index.html'}" in printed, "what was answered is shown"
        code, mended, errors = run(*arguments, 5)
        assert (code, len(server.asked)) == (0, 6), errors
        assert "no answer" not in errors
        code, again, errors = run(*arguments, 5)
        assert (code, again, len(server.asked)) == (0, mended, 6), "the same words on stdout"
        code, _, errors = run(*arguments, 8)
        assert (code, len(server.asked)) == (0, 9), errors
        server.faults = ["400"] * 99
        before = (out / "folder.jsonl").read_bytes()
        code, _, errors = run(*arguments, 60)
        assert (code, "items got no answer, the first is" in errors, (out / "folder.jsonl").read_bytes()) == (
            1,
            True,
            before,
        )
