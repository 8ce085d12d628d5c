"""Rivals that tell progress, against a real server that says it right, wrong, in other forms, or not at all."""

import base64
import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from fixtures.evaluate.loopback_server import Server, serving
from fixtures.models.chat_server import GatedVlm, chat_server
from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.models.vlm.openai import OpenAI
from spatialvlm.records import Frame
from spatialvlm.reward_bench.progress_sources import GvlProgress, TopRewardProgress, read_progress
from spatialvlm.reward_bench.reward_metrics import value_order_correlation
from spatialvlm.worlds.fetch import Episode

DONE = [0, 5, 20, 30, 55, 70, 90, 100]
"""Percent done in the frames of an episode; each frame is as bright as it is done."""


def episode(done: list[int] = DONE) -> Episode:
    frames = []
    for place, share in enumerate(done):
        frame = Frame.of(np.full((16, 16, 3), 2 * share, np.uint8), id=f"{place}")
        frames.append(replace(frame, source=replace(frame.source, image_bytes=bytes([place]))))
    nothing, nowhere = np.zeros(len(done)), np.zeros((len(done), 3))
    return Episode("e", "success", "near", 0, tuple(frames), nothing, nothing, nowhere, nowhere, True)


def shown(body: dict[str, Any]) -> list[int]:
    """The percent done in the pictures of a request."""
    urls = [part["image_url"]["url"] for part in body["messages"][0]["content"] if part["type"] == "image_url"]
    files = [np.frombuffer(base64.b64decode(url.split(",")[1]), np.uint8) for url in urls]
    return [int(cv2.mean(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR)))[0]) // 2 for file in files]


def listing(done: list[int]) -> dict[str, Any]:
    lines = [f"Frame {number}: {share} %" for number, share in enumerate(done, 1)]
    return {"message": {"role": "assistant", "content": "\n".join(lines)}}


def silent(question: str, pictures: int) -> str:
    return ""


def right(body: dict[str, Any]) -> dict[str, Any]:
    return listing(shown(body)[1:])


def wrong(body: dict[str, Any]) -> dict[str, Any]:
    return listing([100 - share for share in shown(body)[1:]])


def likely(body: dict[str, Any]) -> dict[str, Any]:
    """List Yes in two writings, together as likely as the last picture is done; of nothing done no Yes is listed."""
    yes = 0.9 * shown(body)[-1] / 100
    tokens = {"Yes": 0.7 * yes, " yes": 0.3 * yes} if yes else {}
    told = [{"token": token, "logprob": math.log(share)} for token, share in {"No": 1 - yes, **tokens}.items()]
    assert body["logprobs"] is True
    assert body["top_logprobs"] == 20
    return {"logprobs": {"content": [{"token": "No", "logprob": -1.0, "top_logprobs": told}]}}


def vlm_of(server: Server | str) -> OpenAI:
    url = server if isinstance(server, str) else server.url
    return OpenAI(Model("openai", f"{url}#tiny"), Runtime(), seed=0, max_new_tokens=64, timeout_s=5, pause_s=0.001)


def gvl(server: Server, seed: int = 0) -> GvlProgress:
    return GvlProgress("gvl:tiny", vlm_of(server), seed)


def test_shuffled_progress_is_put_back_into_the_order_of_time():
    with serving(silent, choose=right) as server:
        told = [gvl(server, seed).measure(episode()) for seed in (0, 0, 1)]
        asked = [shown(body) for body in server.asked]
    for one in told:
        assert one.distances.tolist() == [100 - share for share in DONE]
        assert one.told.all()
    first, *rest = asked[0]
    assert first == DONE[0]
    assert sorted(rest) == DONE != rest
    assert asked[0] == asked[1] != asked[2]
    question = server.asked[0]["messages"][0]["content"][-1]["text"]
    assert "reach the red block" in question


def test_wrong_progress_is_told_as_it_is():
    with serving(silent, choose=wrong) as server:
        assert value_order_correlation(-gvl(server).measure(episode()).distances) == pytest.approx(-1)


def test_what_a_model_cannot_read_at_once_is_asked_in_halves():
    def small(body: dict[str, Any]) -> dict[str, Any]:
        too_long = {"status": 400, "message": "maximum context length is 4096 tokens"}
        return too_long if len(shown(body)) > 3 else right(body)

    with serving(silent, choose=small) as server:
        assert gvl(server).measure(episode()).distances.tolist() == [100 - share for share in DONE]
        assert sorted(len(shown(body)) for body in server.asked) == [3, 3, 3, 3, 5, 5, 9]

    def blind(body: dict[str, Any]) -> dict[str, Any]:
        return {"status": 400, "message": "maximum context length is 64 tokens"}

    with serving(silent, choose=blind) as server, pytest.raises(UserError, match="maximum context length"):
        gvl(server).measure(episode())


NO = math.nan
READ = {
    "Frame 1: 40 %\nFrame 2: 7.5%": [40, 7.5, NO],
    "**Frame 1**: Task completion: 40%\n- Frame 3: description: 2 fingers. Progress 100 percent": [40, NO, 100],
    "1. 10 %\n2) 20 %\n3 - 30 %": [10, 20, 30],
    "| 1 | 10 % |\n| 2 | 20 % |": [10, 20, NO],
    "<think>Frame 1: 99 %</think>\nFrame 1: 1 %": [1, NO, NO],
    "Frame 2: 10 %\nFrame 2: 30 %": [NO, 30, NO],
    "Frame 1: 140 %\nFrame 2: -5 %\nFrame 4: 10 %\nFrame 0: 10 %": [NO, NO, NO],
    "I am sorry, I cannot help with that.": [NO, NO, NO],
    "40 %\n50 %\n60 %": [NO, NO, NO],
    "Frame 1: about half\nFrame 2: 12": [NO, NO, NO],
    f"Frame {'9' * 5000}: 10 %": [NO, NO, NO],
    "": [NO, NO, NO],
}


@pytest.mark.parametrize("text", READ)
def test_lists_are_read_and_what_is_none_is_not_told(text):
    np.testing.assert_array_equal(read_progress(text, 3), READ[text])


@pytest.mark.parametrize("said", ["I cannot do that.", '{"progress": "high"}', ""])
def test_who_refuses_has_told_nothing(said):
    with serving(lambda *_: said) as server:
        told = gvl(server).measure(episode())
    assert not told.told.any()
    assert np.isnan(told.distances).all()


def test_what_is_left_out_is_held_and_counted():
    def some(body: dict[str, Any]) -> dict[str, Any]:
        lines = [f"Frame {number}: {one} %" for number, one in enumerate(shown(body)[1:], 1) if one not in (20, 30)]
        return {"message": {"role": "assistant", "content": "\n".join(lines)}}

    with serving(silent, choose=some) as server:
        told = gvl(server).measure(episode())
    assert told.distances.tolist() == [100, 95, 95, 95, 45, 30, 10, 0]
    assert told.told.tolist() == [share not in (20, 30) for share in DONE]


@pytest.mark.parametrize("fault", ["429", "500", "drop"])
def test_what_passes_costs_no_frame_and_what_does_not_ends_the_run(fault):
    with serving(silent, [fault] * 2, choose=right) as server:
        assert gvl(server).measure(episode()).told.all()
    with serving(silent, [fault] * 99, choose=right) as server:
        with pytest.raises((ModelError, UserError), match="tried 6 times"):
            gvl(server).measure(episode())
        with pytest.raises((ModelError, UserError), match="tried 6 times"):
            TopRewardProgress("topreward:tiny", vlm_of(server)).measure(episode([0, 50]))


def test_the_likelihood_of_yes_orders_frames():
    with serving(lambda *_: "No", choose=likely) as server:
        told = TopRewardProgress("topreward:tiny", vlm_of(server)).measure(episode([10, *DONE[2:], 0]))
        asked = sorted((shown(body) for body in server.asked), key=len)
    expected = [-math.log(0.9 * share / 100) for share in (10, *DONE[2:])]
    assert told.distances == pytest.approx([*expected, expected[-1]])  # no Yes is listed of the last one: held
    assert told.told.tolist() == [True] * 7 + [False]
    assert asked[0] == [10]
    assert asked[3] == [10, 20, 30, 55]


def test_a_long_episode_shows_frames_evenly_up_to_the_one_in_question():
    with serving(lambda *_: "No", choose=likely) as server:
        TopRewardProgress("topreward:tiny", vlm_of(server)).measure(episode([*range(1, 31)]))
        asked = [shown(body) for body in server.asked]
    assert sorted(body[-1] for body in asked) == [*range(1, 31)]
    assert {body[0] for body in asked} == {1}
    assert max(map(len, asked)) == 8
    assert all(body == sorted(set(body)) for body in asked)


@pytest.mark.parametrize("told", [{}, {"logprobs": None}, {"logprobs": {"content": []}}, {"logprobs": "none"}])
def test_a_server_that_tells_no_likelihoods_is_named(told):
    wanted = pytest.raises(UserError, match=r"model 'tiny' was asked for `logprobs` and told none; give a server")
    with serving(lambda *_: "No", choose=lambda _: told) as server, wanted:
        TopRewardProgress("topreward:tiny", vlm_of(server)).measure(episode())


@pytest.mark.parametrize("listed", [[{"token": "Yes"}], [{"token": 3, "logprob": 0}], ["Yes"]])
def test_likelihoods_in_another_form_are_shown(listed):
    told = {"logprobs": {"content": [{"token": "No", "logprob": -1.0, "top_logprobs": listed}]}}
    wanted = pytest.raises(ModelError, match="expected a chat completion")
    with serving(lambda *_: "No", choose=lambda _: told) as server, wanted:
        TopRewardProgress("topreward:tiny", vlm_of(server)).measure(episode())


def test_our_own_server_says_that_it_tells_none():
    with chat_server(GatedVlm("tiny")) as served, pytest.raises(UserError, match="logprobs: is not offered here"):
        TopRewardProgress("topreward:tiny", vlm_of(f"{served.url}/v1")).measure(episode())
