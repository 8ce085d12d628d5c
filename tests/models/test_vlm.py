"""Vision-language models: the same answer alone and in batches, and servers that fail in every way."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Model, Runtime, Vlm, load_vlm, parse_model
from spatialvlm.models.vlm.openai import EXCERPT, TRIES, OpenAI

CHATS = ("idefics3", "llava")
# PaliGemma's processor turns tensors into arrays as numpy 2 wants it no longer.
OLD_ARRAY = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:transformers")
FAMILIES = (*CHATS, pytest.param("paligemma", marks=OLD_ARRAY))
SIZES = ((48, 64), (64, 48), (32, 32), (20, 200), (3, 3), (1, 1), (1, 70))


def images() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in SIZES]
    return [*drawn, np.zeros((32, 32, 3), np.uint8)]


def asked() -> list[tuple[list[np.ndarray], str]]:
    questions = ("what is inside the red box ?", "what ?", "a dog", "what is the table on")
    return [([image], questions[i % 4]) for i, image in enumerate(images())]


# Weights on this machine


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from fixtures.models import tiny_vlm

    root = tmp_path_factory.mktemp("vlm")
    return {family: getattr(tiny_vlm, f"build_{family}")(root / family) for family in (*CHATS, "paligemma")}


def local(folder: Path, max_new_tokens: int = 6, **runtime: Any) -> Any:
    return load_vlm(Model("transformers", str(folder)), Runtime("cpu", **runtime), max_new_tokens=max_new_tokens)


@pytest.mark.parametrize("family", FAMILIES)
def test_contract(family: str, folders: dict[str, Path]):
    vlm, questions = local(folders[family], batch_size=4), asked()
    before = [image.copy() for some, _ in questions for image in some]
    answers = vlm.answers(questions)
    assert isinstance(vlm, Vlm)
    assert vlm.name == family
    assert vlm.version.startswith("sha256:")
    assert len(answers) == len(questions)
    assert len(set(answers)) > 2
    assert all(answer == answer.strip() and "<" not in answer for answer in answers)
    assert all(len(answer.split()) <= 6 for answer in answers)
    for (some, _), image in zip(questions, before, strict=True):
        np.testing.assert_array_equal(some[0], image)
    assert vlm.answers(questions) == answers
    assert vlm.answers([]) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_batches_do_not_matter(family: str, folders: dict[str, Path]):
    questions = asked()
    together = local(folders[family], batch_size=8).answers(questions)
    alone = local(folders[family], batch_size=1)
    assert alone.answers(questions) == together
    assert [alone.answer(*one) for one in questions] == together


@pytest.mark.parametrize("family", FAMILIES)
def test_answers_depend_on_image_and_question(family: str, folders: dict[str, Path]):
    vlm = local(folders[family])
    seen = {vlm.answer([image], "what is inside the red box ?") for image in images()}
    assert len(seen) > 1
    assert len({vlm.answer(images()[:1], question) for question in ("a", "what is", "dog", "the table")}) > 1


@pytest.mark.parametrize("family", CHATS)
def test_any_number_of_images(family: str, folders: dict[str, Path]):
    vlm, some = local(folders[family]), images()
    questions = [(some[:2], "what ?"), ([], "what is"), (some[:1], "a"), (some[2:4], "dog"), ([], "a")]
    answers = vlm.answers(questions)
    assert answers == [vlm.answer(*one) for one in questions]


def test_no_image_for_a_model_that_does_not_chat(folders: dict[str, Path]):
    with pytest.raises(UserError, match="without an image"):
        local(folders["paligemma"]).answer([], "what ?")


@pytest.mark.parametrize("family", FAMILIES)
def test_longest_answer(family: str, folders: dict[str, Path]):
    short, long = (local(folders[family], max_new_tokens=most).answers(asked()) for most in (2, 5))
    assert all(len(answer.split()) <= 2 for answer in short)
    assert all(more.startswith(less) for less, more in zip(short, long, strict=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_memory_runs_out(family: str, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    import torch

    expected = local(folders[family]).answers(asked())
    vlm = local(folders[family])
    whole = vlm._model.generate

    def small(**seen: Any) -> Any:
        if len(seen["input_ids"]) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB")
        return whole(**seen)

    monkeypatch.setattr(vlm._model, "generate", small)
    assert vlm.answers(asked()) == expected
    assert vlm._batches.size == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_half_precision(family: str, folders: dict[str, Path]):
    assert len(local(folders[family], precision="half").answers(asked())) == len(asked())


def test_settings_of_samplers_mean_nothing(folders: dict[str, Path], tmp_path: Path):
    """A checkpoint that asks to be sampled from is searched greedily all the same, without a warning."""
    import shutil

    folder = shutil.copytree(folders["llava"], tmp_path / "llava")
    path = folder / "generation_config.json"
    warm = {"do_sample": True, "temperature": 5.0, "top_p": 0.9, "top_k": 20}
    path.write_text(json.dumps(json.loads(path.read_text()) | warm))
    assert local(folder).answers(asked()) == local(folders["llava"]).answers(asked())


def test_no_such_model(folders: dict[str, Path], tmp_path: Path):
    import shutil

    with pytest.raises(UserError, match="no such file"):
        load_vlm(Model("transformers", "/nowhere/at/all"), Runtime("cpu"))
    other = shutil.copytree(folders["llava"], tmp_path / "llava")
    (other / "config.json").write_text(json.dumps({"model_type": "sam"}))
    with pytest.raises(UserError, match="cannot be loaded"):
        local(other)
    bare = shutil.copytree(folders["llava"], tmp_path / "bare")
    for name in ("processor_config.json", "preprocessor_config.json"):
        (bare / name).unlink(missing_ok=True)
    with pytest.raises(UserError, match="processor"):
        local(bare)
    with pytest.raises(UserError, match="choose one of transformers, openai"):
        load_vlm(Model("gguf", "x"))
    with pytest.raises(UserError, match="max_new_tokens"):
        load_vlm(Model("openai", "http://localhost/v1#m"), max_new_tokens=0)
    with pytest.raises(UserError, match=r"temperature -0.5: expected 0 or more"):
        load_vlm(Model("openai", "http://localhost/v1#m"), temperature=-0.5)


def test_processor_that_needs_torchvision(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch):
    import transformers

    def missing(*_: object, **__: object) -> None:
        raise ImportError("\nQwen3VLVideoProcessor requires the Torchvision library but it was not found")

    monkeypatch.setattr(transformers.AutoProcessor, "from_pretrained", missing)
    with pytest.raises(UserError, match="pip install torchvision"):
        local(folders["llava"])


# Servers

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
    some = images()[:2]
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
    monkeypatch.setattr("spatialvlm.models.vlm.openai.TRIES", 2)

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
