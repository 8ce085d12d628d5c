"""`spatialvlm serve` by the client that people use: answers are those of the model, errors are OpenAI's own."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Vlm, load_vlm
from spatialvlm.serving import ServeConfig, serve

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("jinja2")
pytest.importorskip("openai")
pytest.importorskip("tokenizers")
pytest.importorskip("uvicorn")
import httpx
import openai

from fixtures.models.chat_server import GatedVlm, Served, chat_server
from fixtures.models.numpy_checkpoint import write_checkpoint

KEY, QUESTION = "secret", "How far is the red box from the lamp?"
SMALL = ServeConfig(most_images=2, image_bytes=20_000, image_pixels=10_000, body_bytes=200_000, characters=1000)
TEXT = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> Vlm:
    return load_vlm(Model("idefics3", str(write_checkpoint(tmp_path_factory.mktemp("weights") / "small"))))


@pytest.fixture(scope="module")
def served(vlm: Vlm) -> Iterator[Served]:
    with chat_server(vlm, SMALL, key=KEY, name="spatial") as found:
        yield found


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Any]:
    with client_of(served) as found:
        yield found


def client_of(served: Served, key: str = KEY) -> Any:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=key, max_retries=0, timeout=20)


def picture(seed: int = 0, size: tuple[int, int] = (40, 30)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)


def url_of(image: np.ndarray) -> str:
    data = cv2.imencode(".png", image[..., ::-1])[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def seen(*urls: str, question: str = QUESTION) -> list[dict[str, Any]]:
    parts = [{"type": "image_url", "image_url": {"url": url, "detail": "low"}} for url in urls]
    return [{"role": "user", "content": [*parts, {"type": "text", "text": question}]}]


def ask(client: Any, messages: list[dict[str, Any]] = TEXT, **settings: Any) -> Any:
    return client.chat.completions.create(model="spatial", messages=messages, **settings)


def test_answers_are_those_of_the_model(client: Any, vlm: Vlm):
    for images in ([], [picture()], [picture(), picture(1)]):
        done = ask(client, seen(*map(url_of, images)), max_tokens=12)
        (reply,) = vlm.with_settings(seed=0, max_new_tokens=12, temperature=0).replies([(images, QUESTION)])
        (choice,) = done.choices
        assert choice.message.content == reply.text
        assert choice.finish_reason == ("length" if reply.cut else "stop")
        assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (reply.read, reply.written)
        assert done.usage.total_tokens == reply.read + reply.written
        assert (done.object, done.model, done.system_fingerprint) == ("chat.completion", "spatial", vlm.version)
    assert ask(client).choices[0].message.content == vlm.answer([], QUESTION)
    assert client.chat.completions.create(model=vlm.name, messages=TEXT).model == vlm.name
    cut = ask(client, max_completion_tokens=2, max_tokens=50)
    assert (cut.choices[0].finish_reason, cut.usage.completion_tokens) == ("length", 2)


def test_a_chat_is_one_question(client: Any, vlm: Vlm):
    chat = [
        {"role": "system", "content": "Be brief."},
        *seen(url_of(picture()), question="What is red?"),
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "the box", "tool_call_id": "1"},
        {"role": "user", "content": QUESTION},
    ]
    expected = vlm.answer([picture()], f"Be brief.\nWhat is red?\nthe box\n{QUESTION}")
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    done = ask(client, chat, tools=tools, tool_choice="auto", extra_body={"unheard_of": {"x": 1}}, top_p=0.5)
    assert done.choices[0].message.content == expected
    assert not done.choices[0].message.tool_calls


def test_drawn_answers(client: Any, vlm: Vlm):
    settings = {"temperature": 1.5, "seed": 7, "n": 4, "max_tokens": 9}
    texts = [choice.message.content for choice in ask(client, **settings).choices]
    assert texts == [choice.message.content for choice in ask(client, **settings).choices]
    drawn = vlm.with_settings(seed=7, max_new_tokens=9, temperature=1.5)
    assert texts == drawn.answers([([], QUESTION)] * 4)
    assert len(set(texts)) > 1
    for seed in (-1, -(2**63), 2**63 - 1):
        assert ask(client, temperature=1, seed=seed).choices
    anew = {ask(client, temperature=1.5).choices[0].message.content for _ in range(6)}
    assert len(anew) > 1, "without a seed each is drawn anew"
    same = ask(client, n=3, temperature=1e-300)
    assert [choice.message.content for choice in same.choices] == [vlm.answer([], QUESTION)] * 3
    assert [choice.index for choice in same.choices] == [0, 1, 2]


def test_what_ends_an_answer(client: Any):
    whole = ask(client, max_tokens=40).choices[0].message.content
    stop = whole[len(whole) // 2]
    done = ask(client, max_tokens=40, stop=[stop, "never said"]).choices[0]
    assert done.message.content == whole[: whole.index(stop)]
    assert done.finish_reason == "stop"


def test_streams(client: Any):
    settings = {"messages": seen(url_of(picture())), "n": 2, "temperature": 1, "seed": 3}
    whole = ask(client, **settings)
    pieces = list(ask(client, stream=True, stream_options={"include_usage": True}, **settings))
    texts, ends = ["", ""], [[], []]
    for piece in pieces[:-1]:
        (choice,) = piece.choices
        texts[choice.index] += choice.delta.content or ""
        ends[choice.index] += [choice.finish_reason] * (choice.finish_reason is not None)
        assert piece.usage is None
    assert texts == [choice.message.content for choice in whole.choices]
    assert ends == [[choice.finish_reason] for choice in whole.choices]
    assert (pieces[-1].choices, pieces[-1].usage) == ([], whole.usage)
    assert len({piece.id for piece in pieces}) == 1
    assert all(piece.choices for piece in ask(client, stream=True))
    with client.chat.completions.stream(model="spatial", messages=TEXT) as stream:
        assert stream.get_final_completion().choices[0].message.content == ask(client).choices[0].message.content


def test_models_and_health(client: Any, served: Served):
    (model,) = client.models.list().data
    assert (model.id, model.object) == ("spatial", "model")
    assert client.models.retrieve("spatial") == model
    with pytest.raises(openai.NotFoundError, match="'other': is not served; use 'spatial'"):
        client.models.retrieve("other")
    assert httpx.get(f"{served.url}/health").json() == {"status": "ok", "waiting": 0}
    described = httpx.get(f"{served.url}/openapi.json").json()["paths"]["/v1/chat/completions"]["post"]["responses"]
    assert {*described} == {"200", "400", "401", "404", "408", "413", "429", "500", "504"}


def test_another_model_and_another_key(client: Any, served: Served):
    with pytest.raises(openai.NotFoundError, match="'gpt-4o': is not served") as caught:
        client.chat.completions.create(model="gpt-4o", messages=TEXT)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    for key in ("wrong", "sécret", "secret2"):
        answer = httpx.get(f"{served.url}/v1/models", headers={"Authorization": f"Bearer {key}".encode()})
        assert answer.status_code == 401
    with client_of(served, "wrong") as other, pytest.raises(openai.AuthenticationError, match="wrong API key"):
        ask(other)
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        httpx.post(f"{served.url}/v1/chat/completions", json={}).raise_for_status()


def many(count: int) -> list[dict[str, Any]]:
    return [{"role": "user", "content": "a"}] * count


BIG = "data:image/png;base64," + base64.b64encode(bytes(30_000)).decode()
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no messages": ({"messages": []}, "at least 1 item"),
    "65 messages": ({"messages": many(65)}, "at most 64 items"),
    "messages of null": ({"messages": None}, "messages: Input should be a valid list"),
    "a role": ({"messages": [{"role": "god", "content": "a"}]}, "messages.0.role: "),
    "no content": ({"messages": [{"role": "user"}]}, "neither words nor images"),
    "content 5": ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: "),
    "a half character": ({"messages": [{"role": "user", "content": "\ud800"}]}, "no valid Unicode"),
    "nothing said": ({"messages": [{"role": "user", "content": " "}]}, "neither words nor images"),
    "a part": ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages.0.content.0: "),
    "long": ({"messages": [{"role": "user", "content": "a" * 1001}]}, "1,001 characters, expected at most 1,000"),
    "longer than the model": ({"messages": [{"role": "user", "content": "é" * 700}]}, "reads at most 1024; ask a"),
    "http": ({"messages": seen("http://127.0.0.1:9/a.png")}, "got http:; expected a data URL"),
    "https": ({"messages": seen("https://example.com/a.png")}, "got https:; expected a data URL"),
    "file": ({"messages": seen("file:///etc/passwd")}, "got file:; expected a data URL"),
    "a path": ({"messages": seen("/etc/passwd")}, "got no scheme; expected a data URL"),
    "text as an image": ({"messages": seen("data:text/plain;base64,aGk=")}, "data of another kind"),
    "no base64": ({"messages": seen("data:image/png;base64,!!")}, "no base64"),
    "no image": ({"messages": seen("data:image/png;base64,aGk=")}, "cannot be decoded as an image"),
    "bytes": ({"messages": seen(BIG)}, "expected at most 0.0190735; make the image smaller"),
    "pixels": ({"messages": seen(url_of(np.zeros((101, 100, 3), np.uint8)))}, "100x101 pixels, expected at most 0.01"),
    "3 images": ({"messages": seen(*[url_of(picture())] * 3)}, "3 images, expected at most 2"),
    "hot": ({"temperature": 2.1}, "temperature: "),
    "hot in words": ({"temperature": "hot"}, "temperature: Input should be a valid number"),
    "n 0": ({"n": 0}, "n: "),
    "n 17": ({"n": 17}, "n: "),
    "n true": ({"n": True}, "n: Input should be a valid integer"),
    "max_tokens -1": ({"max_tokens": -1}, "max_tokens: "),
    "max_tokens 1025": ({"max_tokens": 1025}, "max_tokens: "),
    "5 stops": ({"stop": ["a"] * 5}, "stop: "),
    "an empty stop": ({"stop": ""}, "stop: "),
    "a seed": ({"seed": 2**63}, "seed: "),
    "a tool": ({"tool_choice": "required"}, "this model calls no tools"),
    "that tool": ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, "this model calls no tools"),
    "JSON": ({"response_format": {"type": "json_object"}}, "response_format: is not offered here"),
    "logprobs": ({"logprobs": True}, "logprobs: is not offered here"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(client: Any, case: str):
    changes, why = REFUSED[case]
    body = json.dumps({"model": "spatial", "messages": TEXT} | changes)
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", cast_to=object, content=body.encode())
    error = caught.value.body
    assert why in error["message"]
    assert error["type"] == "invalid_request_error"
    assert {*error} == {"message", "type", "param", "code"}


NO_REQUEST = (b"", b"{", b"[]", b"null", b"\xff", b"[" * 20_000, b'{"n": ' + b"9" * 5000 + b"}", b'{"seed": NaN}')


@pytest.mark.parametrize("body", NO_REQUEST)
def test_bodies_that_are_no_request(served: Served, body: bytes):
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    answer = httpx.post(f"{served.url}/v1/chat/completions", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert "Traceback" not in answer.text


def test_other_bodies_and_addresses(client: Any, served: Served):
    with pytest.raises(openai.APIStatusError, match=r"body: more than 0\.19") as caught:
        ask(client, extra_body={"padding": "a" * 300_000})
    assert caught.value.status_code == 413
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{served.url}/v1/chat/completions"
    form = httpx.post(url, data={"a": "b"}, headers=headers)
    assert (form.status_code, "expected application/json" in form.text) == (400, True)
    assert httpx.get(url, headers=headers).status_code == 405
    assert httpx.get(f"{served.url}/nowhere", headers=headers).json()["error"]["type"] == "not_found_error"


def test_sixteen_at_once_are_answered_as_each_alone(client: Any, vlm: Vlm):
    def one(place: int) -> str:
        drawn = {"temperature": 1.2, "seed": 1} if place % 4 == 3 else {}
        return ask(client, seen(url_of(picture(place)), question=QUESTION), **drawn).choices[0].message.content

    alone = [one(place) for place in range(16)]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(16))) == alone
    assert alone[0] == vlm.answer([picture(0)], QUESTION)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def waiting(served: Served) -> int:
    return httpx.get(f"{served.url}/health").json()["waiting"]


def sent(served: Served, question: str, **more: Any) -> socket.socket:
    """A request over a connection of its own, which can be closed."""
    body = json.dumps({"model": "gated", "messages": [{"role": "user", "content": question}]} | more)
    host, port = served.url.removeprefix("http://").split(":")
    opened = socket.create_connection((host, int(port)))
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    opened.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    return opened


def test_batches_a_full_queue_and_clients_that_go():
    vlm = GatedVlm()
    with chat_server(vlm, ServeConfig(most_requests=4), at_once=2) as served, ThreadPoolExecutor(2) as pool:
        first = sent(served, "first")
        until(lambda: vlm.batches == [["first"]])
        gone = [sent(served, name, stream=name == "b") for name in "abc"]
        until(lambda: waiting(served) == 3)
        with client_of(served) as client, pytest.raises(openai.RateLimitError, match="4 requests are waiting") as full:
            client.chat.completions.create(model="gated", messages=TEXT)
        assert full.value.response.headers["retry-after"] == "1"
        for one in gone:
            one.close()
        until(lambda: waiting(served) == 0 and served.app.inside == 1)
        first.close()
        until(lambda: served.app.inside == 0)
        with client_of(served) as client:

            def said(question: str) -> str:
                messages = [{"role": "user", "content": question}]
                return client.chat.completions.create(model="gated", messages=messages).choices[0].message.content

            kept = pool.submit(said, "one")
            until(lambda: waiting(served) == 1)
            failing = pool.submit(said, "fail")
            until(lambda: waiting(served) == 2)
            vlm.gate.set()
            assert kept.result() == "one"
            with pytest.raises(openai.InternalServerError, match="failed over it"):
                failing.result()
        assert vlm.batches == [["first"], ["one", "fail"], ["one"], ["fail"]]
        until(lambda: served.app.inside == 0)


def test_too_late_and_broken():
    vlm = GatedVlm()
    with chat_server(vlm, ServeConfig(timeout_s=0.2)) as served, client_of(served) as client:
        with pytest.raises(openai.InternalServerError, match=r"no answer within 0\.2 s") as late:
            client.chat.completions.create(model="gated", messages=TEXT)
        assert late.value.status_code == 504
        host, port = served.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            assert b" 408 " in slow.recv(1000)
        vlm.gate.set()
        with pytest.raises(openai.InternalServerError, match="the server's own log says why") as broken:
            client.chat.completions.create(model="gated", messages=[{"role": "user", "content": "break"}])
        assert "/secret" not in str(broken.value)
        assert client.chat.completions.create(model="gated", messages=TEXT).choices[0].message.content == QUESTION


def test_who_may_be_let_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    with pytest.raises(UserError, match=r"host '0\.0\.0\.0': other machines reach it, and no key is set.*--no-key"):
        serve(str(tmp_path), host="0.0.0.0", port=0)
    for key in ("", "two words", "sécret"):
        with pytest.raises(UserError, match="API key: expected"):
            serve(str(tmp_path), port=0, key=key)
    for no_key in (True, False):
        with pytest.raises(UserError, match=r"holds no config\.json"):
            serve(str(tmp_path), host="0.0.0.0", port=0, key=None if no_key else KEY, no_key=no_key)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UserError, match="cannot be had"):
        serve(str(tmp_path), port=taken.getsockname()[1])
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "spatialvlm.http_server")
    with pytest.raises(UserError, match=r"serve: needs uvicorn; install the extra: pip install 'spatialvlm\[serve\]'"):
        serve(str(tmp_path))


@pytest.mark.parametrize(
    "value", [{"timeout_s": 0}, {"most_images": -1}, {"body_bytes": 0}, {"timeout_s": float("nan")}]
)
def test_limits(value: dict[str, Any]):
    with pytest.raises(UserError, match="expected"):
        ServeConfig(**value)


def test_the_command_says_how_to_ask_and_ends_at_ctrl_c(vlm: Vlm, tmp_path: Path):
    weights = write_checkpoint(tmp_path / "small")
    program = "from spatialvlm.cli import main; main()"
    command = [sys.executable, "-W", "error", "-c", program, "serve", "--model", str(weights), "--port", "0"]
    environment = {**os.environ, "SPATIALVLM_API_KEY": KEY}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert " serves small; Ctrl-C ends it" in line
            assert KEY not in line
            url = line.split()[0]
            with openai.OpenAI(base_url=url, api_key=KEY) as client:
                done = client.chat.completions.create(model="small", messages=TEXT)
            assert done.choices[0].message.content == vlm.answer([], QUESTION)
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == ""
            assert process.wait(10) == 0
        finally:
            process.kill()
