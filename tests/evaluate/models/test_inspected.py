"""Models behind inspect_ai, asked over HTTP: what fails on the way costs time, and never an item."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from loopback_server import serving

from spatialvlm.errors import ModelError, UserError
from spatialvlm.evaluate.items import Choice, Item, Length, YesNo
from spatialvlm.evaluate.models import AskConfig, load_answerer
from spatialvlm.evaluate.models.pictures import with_files

MODEL = "openai-api/local/tiny"
# inspect_ai leaves streams to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def png(shade: int) -> bytes:
    return cv2.imencode(".png", np.full((8, 8, 3), shade, np.uint8))[1].tobytes()


def items_of(count: int) -> list[Item]:
    forms = (Length(1.2), YesNo(True), Choice(("left", "right"), 1))
    return [
        Item(f"item-{i:03d}", "test", f"question {i}", f"question {i} ?", (png(i % 4),), forms[i % 3])
        for i in range(count)
    ]


def config(url: str, **changes: int) -> AskConfig:
    return AskConfig(base_url=url, **{"timeout_s": 2, "at_once": 4, **changes})


def ask(url: str, out: Path, items: Sequence[Item], model: str = MODEL, **changes: int) -> list[str | None]:
    answers = load_answerer(model, config(url, **changes), out).answers("folder", with_files(items, out / "pictures")[0])
    return [answer.text for answer in answers]


def echo(question: str, pictures: int) -> str:
    return f"{pictures} pictures, {question}"


def test_answers_come_in_the_order_of_the_items_with_their_pictures(tmp_path: Path):
    items = items_of(13)
    with serving(echo) as server:
        assert ask(server.url, tmp_path, items) == [f"1 pictures, {item.prompt}" for item in items]
        assert len(server.asked) == 13
        body = server.asked[0]
        assert (body["temperature"], body["seed"], body["max_tokens"], body["model"]) == (0.0, 0, 1024, "tiny")


@pytest.mark.slow
def test_what_may_pass_is_tried_again_until_every_item_has_its_answer(tmp_path: Path):
    items = items_of(12)
    with serving(echo, faults=["429", "drop", "500", "hang"]) as server:
        assert ask(server.url, tmp_path, items) == [f"1 pictures, {item.prompt}" for item in items]
        assert len(server.asked) == 12 + 4


def test_a_finished_run_asks_nothing_again(tmp_path: Path):
    items = items_of(5)
    with serving(echo) as server:
        first = ask(server.url, tmp_path, items)
        assert ask(server.url, tmp_path, items) == first
        assert len(server.asked) == 5


def test_items_that_failed_are_named_and_asked_again_by_the_next_run(tmp_path: Path):
    items = items_of(6)
    with serving(echo, faults=["400"]) as server:
        with pytest.raises(ModelError, match=r"1 of 6 items got no answer, the first is 'item-\d+' .*run the same"):
            ask(server.url, tmp_path, items, at_once=1)
        assert None not in ask(server.url, tmp_path, items, at_once=1)
        assert len(server.asked) == 7


def test_a_server_that_fails_for_good_is_not_asked_to_the_end(tmp_path: Path):
    items = items_of(60)
    with serving(echo, faults=["400"] * 100) as server:
        with pytest.raises(ModelError, match="60 of 60 items got no answer"):
            ask(server.url, tmp_path, items)
        assert len(server.asked) <= 20 + 4
        server.faults.clear()
        assert None not in ask(server.url, tmp_path, items)


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_inspected import ask, items_of
print(len([text for text in ask(sys.argv[2], Path(sys.argv[3]), items_of(40)) if text]))
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_and_loses_no_item(tmp_path: Path):
    def slowly(question: str, pictures: int) -> str:
        time.sleep(0.1)
        return echo(question, pictures)

    command = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent)]
    with serving(slowly) as server:
        process = subprocess.Popen([*command, server.url, str(tmp_path)], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(server.asked) < 20 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        asked = len(server.asked)
        assert 20 <= asked < 40
        done = subprocess.run([*command, server.url, str(tmp_path)], capture_output=True, text=True, check=True)
        assert done.stdout.split()[-1] == "40"
        assert len(server.asked) <= 40 + 4 + 1, (
            "what was answered before is not asked again, but for what was under way"
        )


def test_blind_shows_no_picture_and_shuffled_another_one(tmp_path: Path):
    items = items_of(8)
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
        items = with_files(items_of(2), tmp_path / "pictures")[0]
        who = load_answerer(MODEL, config(server.url), tmp_path)
        assert [answer.truncated for answer in who.answers("folder", items)] == [True, True]
        assert who.version == "tiny-1.0"


def test_a_server_that_is_not_there_is_said_at_once(tmp_path: Path):
    with serving(echo) as server:
        url = server.url
    began = time.monotonic()
    with pytest.raises(UserError, match=r"cannot be reached .*start the server or correct --base-url"):
        ask(url, tmp_path, items_of(1))
    assert time.monotonic() - began < 5


def test_a_folder_goes_on_only_with_what_it_began_with(tmp_path: Path):
    with serving(echo) as server:
        ask(server.url, tmp_path, items_of(3))
        with pytest.raises(UserError, match="with another items, prompts_sha256; choose another --out"):
            ask(server.url, tmp_path, items_of(4))
        with pytest.raises(UserError, match="with another model"):
            ask(server.url, tmp_path, items_of(3), "openai-api/local/other")


@pytest.mark.parametrize("name", ["", "nonsense", "no-such-provider/model"])
def test_a_model_that_nobody_knows_is_a_clear_error(name: str, tmp_path: Path):
    with pytest.raises(UserError, match=r"model '"):
        load_answerer(name, AskConfig(), tmp_path).answers("folder", with_files(items_of(1), tmp_path / "pictures")[0])
