"""Vision-language models on servers, which fail in every way."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Model, Runtime, Vlm, VlmReply, load_vlm, parse_model
from spatialvlm.models.vlm.chat_server import EXCERPT, TRIES
from spatialvlm.models.vlm.openai import OpenAI

Reply = tuple[int, dict[str, str], bytes]


def says(text: str | None) -> Reply:
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


class Server:
    """Replies with what `script` makes of the number of the request and of its body."""

    def __init__(self, script: Callable[[int, dict[str, Any]], Reply]) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(body)
                outer.headers.append(self.headers)
                outer.paths.append(self.path)
                status, headers, reply = script(len(outer.asked), body)
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(reply))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # a client that hangs up is no error here
        self.model = Model("openai", f"http://127.0.0.1:{self._server.server_port}/v1#tiny")
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    servers: list[Server] = []

    def start(script: Callable[[int, dict[str, Any]], Reply]) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def client(model: Model, *, batch_size: int = 4, timeout_s: float = 5.0) -> OpenAI:
    return OpenAI(model, Runtime(batch_size=batch_size), seed=7, max_new_tokens=32, timeout_s=timeout_s, pause_s=0.001)


def test_what_is_sent(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch):
    server = serve(lambda *_: says(" a mug \n"))
    vlm = load_vlm(server.model, Runtime(), seed=7, max_new_tokens=32)
    assert isinstance(vlm, Vlm)
    rng = np.random.default_rng(0)
    some = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in ((48, 64), (64, 48))]
    assert vlm.answer(some, "what ?") == "a mug"
    (body,) = server.asked
    assert server.paths == ["/v1/chat/completions"]
    assert {name: body[name] for name in ("model", "temperature", "seed", "max_tokens")} == {
        "model": "tiny",
        "temperature": 0,
        "seed": 7,
        "max_tokens": 32,
    }
    *pictures, text = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "what ?"}
    for image, picture in zip(some, pictures, strict=True):
        head, data = picture["image_url"]["url"].split(",")
        assert head == "data:image/png;base64"
        back = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
        np.testing.assert_array_equal(back[..., ::-1], image)
    assert server.headers[0]["Authorization"] is None
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    vlm.answer([], "what ?")
    assert server.headers[1]["Authorization"] == "Bearer secret"
    assert (vlm.name, vlm.version) == ("tiny", server.model.weights.partition("#")[0])


def test_drawn_answers_have_seeds_of_their_own(serve: Callable[..., Server]):
    server = serve(lambda *_: says("x"))
    for temperature, expected in ((0.7, {7, 8, 9}), (0.0, {7})):
        server.asked.clear()
        vlm = load_vlm(server.model, Runtime(), seed=7, temperature=temperature)
        assert vlm.answers([([], "what ?")] * 3) == ["x"] * 3
        assert {body["seed"] for body in server.asked} == expected
        assert {body["temperature"] for body in server.asked} == {temperature}


def test_what_a_reply_tells(serve: Callable[..., Server]):
    choice = {"message": {"content": " a mug"}, "finish_reason": "length"}
    told = {"choices": [choice], "usage": {"prompt_tokens": 12, "completion_tokens": 3}}
    server = serve(lambda number, _: (200, {}, json.dumps(told).encode()) if number == 1 else says("x"))
    vlm = load_vlm(server.model, Runtime())
    assert vlm.replies([([], "what ?")]) == [VlmReply("a mug", 12, 3, True)]
    other = vlm.with_settings(seed=3, max_new_tokens=5, temperature=0.5)
    assert other.replies([([], "what ?")]) == [VlmReply("x")]
    last = server.asked[-1]
    assert (last["seed"], last["max_tokens"], last["temperature"]) == (3, 5, 0.5)
    assert vlm.answer([], "what ?") == "x"
    assert (server.asked[-1]["max_tokens"], server.asked[-1]["temperature"]) == (256, 0)


def test_answers_keep_their_order(serve: Callable[..., Server]):
    def slow_first(number: int, body: dict[str, Any]) -> Reply:
        time.sleep(0.1 if number == 1 else 0)
        return says(body["messages"][0]["content"][-1]["text"])

    vlm = client(serve(slow_first).model)
    assert vlm.answers([([], str(i)) for i in range(20)]) == [str(i) for i in range(20)]
    assert vlm.answers([]) == []


def test_as_many_at_once_as_a_batch_holds(serve: Callable[..., Server]):
    running, most = [], []

    def count(*_: object) -> Reply:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return says("x")

    client(serve(count).model, batch_size=3).answers([([], "x")] * 12)
    assert 1 < max(most) <= 3


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_passes_is_tried_again(serve: Callable[..., Server], status: int):
    server = serve(lambda number, _: says("mug") if number > 2 else (status, {"Retry-After": "0"}, b"busy"))
    assert client(server.model).answer([], "what ?") == "mug"
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [429, 500])
def test_what_does_not_pass_ends(serve: Callable[..., Server], status: int):
    server = serve(lambda *_: (status, {}, b'{"error": "no room"}'))
    with pytest.raises(ModelError, match=rf"status {status}.*no room.*tried {TRIES} times"):
        client(server.model).answer([], "what ?")
    assert len(server.asked) == TRIES


@pytest.mark.parametrize(
    ("status", "fix"), [(400, "bad image"), (401, "OPENAI_API_KEY"), (404, "model's name"), (413, "bad image")]
)
def test_refusals_are_not_tried_again(serve: Callable[..., Server], status: int, fix: str):
    server = serve(lambda *_: (status, {}, b"bad image" + b"!" * 10_000))
    with pytest.raises(UserError, match=fix) as caught:
        client(server.model).answers([([], "what ?")])
    assert len(server.asked) == 1
    assert len(str(caught.value)) < EXCERPT + 200


def test_the_server_says_how_long_to_wait(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    waits = {1: "7", 2: "Fri, 31 Dec 1999 23:59:59 GMT", 3: "100000"}
    server = serve(lambda number, _: (429, {"Retry-After": waits[number]}, b"") if number in waits else says("x"))
    client(server.model).answer([], "what ?")
    assert pauses == [7.0, 0.002, 60.0]


def test_no_answer_in_time(serve: Callable[..., Server]):
    def slow(number: int, _: dict[str, Any]) -> Reply:
        time.sleep(0.5 if number == 1 else 0)
        return says("late")

    server = serve(slow)
    assert client(server.model, timeout_s=0.2).answer([], "what ?") == "late"
    assert len(server.asked) == 2


def test_never_an_answer_in_time(serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("spatialvlm.models.vlm.chat_server.TRIES", 2)

    def slow(*_: object) -> Reply:
        time.sleep(0.3)
        return says("late")

    with pytest.raises(ModelError, match=r"no answer within 0.1 s; tried 2 times"):
        client(serve(slow).model, timeout_s=0.1).answer([], "what ?")


def test_connection_that_breaks_off(serve: Callable[..., Server]):
    server = serve(lambda number, _: says("x") if number > 1 else (200, {"Content-Length": "999"}, b"{"))
    assert client(server.model).answer([], "what ?") == "x"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"<html>hello</html>",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": 3}}]}',
        b"\xff",
        b"[]",
    ],
)
def test_replies_in_another_form(serve: Callable[..., Server], reply: bytes):
    server = serve(lambda *_: (200, {}, reply))
    with pytest.raises(ModelError, match="expected a chat completion"):
        client(server.model).answer([], "what ?")


def test_a_model_that_refuses_says_nothing(serve: Callable[..., Server]):
    assert client(serve(lambda *_: says(None)).model).answer([], "what ?") == ""


def test_nobody_there():
    with pytest.raises(UserError, match="cannot be reached"):
        client(Model("openai", "http://127.0.0.1:9/v1#tiny")).answer([], "what ?")


@pytest.mark.parametrize("weights", ["localhost:8000#m", "http://localhost:8000/v1", "ftp://x/v1#m", "http://#m", "x"])
def test_addresses(weights: str):
    with pytest.raises(UserError, match="expected URL#MODEL"):
        client(Model("openai", weights))


def test_a_password_is_not_recorded():
    with pytest.raises(UserError, match="OPENAI_API_KEY") as caught:
        client(parse_model("openai:http://me:secret@host/v1#m"))
    assert "secret" not in str(caught.value)


def test_models_called_with_an_at():
    vlm = client(parse_model("openai:http://localhost:8000/v1/#vision@2026-01"))
    assert (vlm.name, vlm.version) == ("vision@2026-01", "http://localhost:8000/v1")
