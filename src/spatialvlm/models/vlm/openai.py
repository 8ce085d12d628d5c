"""Vision-language models behind a server that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp, OpenAI itself.

Enters: images and a question. Leaves: the answer of POST {base}/chat/completions. Images travel as
PNG, so that nothing is lost. The key, where a server wants one, is read from OPENAI_API_KEY.
https://platform.openai.com/docs/api-reference/chat/create
"""

import base64
import copy
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import cv2
import numpy as np

from spatialvlm.errors import ModelError, SpatialError, UserError
from spatialvlm.models.runtime import Runtime
from spatialvlm.models.vlm import Ask, Image, VlmReply, check_settings
from spatialvlm.models.weights import Model

TRIES = 6
LONGEST_PAUSE_S = 60.0
EXCERPT = 300
"""Characters of a server's answer that a message quotes."""


class OpenAI:
    """A Vlm: see the module. As many questions as the runtime's `batch_size` are asked at once.

    What may pass (no connection, no answer within `timeout_s`, 429, 5xx) is tried `TRIES` times, after pauses that
    start at `pause_s` and double. Raises UserError for weights that are no URL#MODEL, a server that refuses or cannot
    be reached, ModelError for one that keeps failing or answers in another form.
    """

    files = "elsewhere"

    def __init__(
        self,
        model: Model,
        runtime: Runtime,
        *,
        seed: int,
        max_new_tokens: int,
        temperature: float = 0.0,
        timeout_s: float = 120.0,
        pause_s: float = 1.0,
    ) -> None:
        # What follows an "@" was taken for a revision, but some servers' models are called so.
        weights = f"{model.weights}@{model.revision}" if model.revision else model.weights
        base, _, self.name = weights.partition("#")
        url = urllib.parse.urlsplit(base)
        if url.scheme not in ("http", "https") or not url.hostname or not self.name:
            raise UserError(
                f"server {weights!r}: expected URL#MODEL, as in openai:http://localhost:8000/v1#Qwen/Qwen3-VL-2B-Instruct"
            )
        if url.username or url.password:
            raise UserError(
                f"server {url.hostname!r}: has a password in its URL; put a key into OPENAI_API_KEY instead"
            )
        self.version = base.rstrip("/")
        self._url = f"{self.version}/chat/completions"
        self._fields = {"model": self.name, "temperature": temperature, "max_tokens": max_new_tokens, "n": 1}
        self._seed, self._draws = seed, temperature > 0
        self._at_once, self._timeout_s, self._pause_s = runtime.batch_size, timeout_s, pause_s

    def answer(self, images: Sequence[Image], question: str) -> str:
        """Answer one question about some images."""
        return self._reply(images, question, self._seed).text

    def _reply(self, images: Sequence[Image], question: str, seed: int) -> VlmReply:
        content = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in images]
        content += [{"type": "text", "text": question}]
        fields = {**self._fields, "seed": seed, "messages": [{"role": "user", "content": content}]}
        return self._said(self._post(json.dumps(fields).encode()))

    def answers(self, asked: Sequence[Ask]) -> list[str]:
        """Answer many questions, in order; the first that fails ends it. Where answers are drawn, each has its seed."""
        return [reply.text for reply in self.replies(asked)]

    def replies(self, asked: Sequence[Ask]) -> list[VlmReply]:
        """Answer as `answers` does, with the counts of tokens that the server tells."""
        seeds = [self._seed + place * self._draws for place in range(len(asked))]
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(lambda one, seed: self._reply(one[0], one[1], seed), asked, seeds))

    def with_settings(self, *, seed: int, max_new_tokens: int, temperature: float) -> Self:
        """Return this model with other settings, at the same server."""
        check_settings(max_new_tokens, temperature)
        other = copy.copy(self)
        other._seed, other._draws = seed, temperature > 0
        other._fields = self._fields | {"temperature": temperature, "max_tokens": max_new_tokens}
        return other

    def _post(self, body: bytes) -> bytes:
        """Send a request, again as long as that may help, and return the server's reply."""
        pause_s, tried = self._pause_s, 0
        while True:
            wait_s, tried = pause_s, tried + 1
            try:
                return self._send(body)
            except urllib.error.HTTPError as error:
                failure, last = self._refused(error), error.code < 500 and error.code != 429
                wait_s = max(pause_s, _retry_after_s(error))
            except (OSError, http.client.HTTPException) as error:
                failure, last = self._unreachable(error), False
            if last or tried >= TRIES:
                raise failure
            time.sleep(min(wait_s, LONGEST_PAUSE_S))
            pause_s *= 2

    def _send(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get("OPENAI_API_KEY"):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self._url, body, headers)
        with urllib.request.urlopen(request, timeout=self._timeout_s) as reply:
            return reply.read()

    def _refused(self, error: urllib.error.HTTPError) -> SpatialError:
        """Return what to say of a status that is no success: a ModelError where another try may help."""
        with error:
            text = f"{self._url}: model {self.name!r} got status {error.code}: {_excerpt(error.read(EXCERPT * 4))}"
        if error.code == 429 or error.code >= 500:
            return ModelError(f"{text}; tried {TRIES} times")
        fixes = {401: "; put a valid key into OPENAI_API_KEY", 404: "; check the URL and the model's name"}
        return UserError(text + fixes.get(error.code, ""))

    def _unreachable(self, error: OSError | http.client.HTTPException) -> SpatialError:
        """Return what to say where no reply came: nobody is to blame but the address when nobody listens there."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, TimeoutError):
            return ModelError(f"{self._url}: no answer within {self._timeout_s:g} s; tried {TRIES} times")
        text = f"{self._url}: cannot be reached ({reason or type(reason).__name__}); tried {TRIES} times"
        return UserError(f"{text}; start the server or check the URL")

    def _said(self, reply: bytes) -> VlmReply:
        """Take the words out of a reply; none where the model refused to say any."""
        try:
            told = json.loads(reply)
            choice = told["choices"][0]
            said = choice["message"]["content"]
        except (ValueError, LookupError, TypeError):
            said, told, choice = reply, {}, {}
        if said is not None and not isinstance(said, str):
            raise ModelError(f"{self._url}: expected a chat completion, got: {_excerpt(reply)}")
        read, written = (_count(told.get("usage"), f"{name}_tokens") for name in ("prompt", "completion"))
        return VlmReply((said or "").strip(), read, written, choice.get("finish_reason") == "length")


def _data_url(image: Image) -> str:
    """Encode an RGB image as a data URL."""
    done, png = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    if not done:
        raise ModelError(f"an image of shape {image.shape} cannot be written as PNG")
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"


def _count(usage: Any, name: str) -> int:
    """Read a count of tokens, which not all servers tell."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value > 0 else 0


def _retry_after_s(error: urllib.error.HTTPError) -> float:
    """Read the pause that the server asks for, where it says it in seconds; else 0."""
    text: Any = error.headers.get("Retry-After") or ""
    return float(text) if text.isdecimal() else 0.0


def _excerpt(text: bytes) -> str:
    words = " ".join(text.decode(errors="replace").split())
    return words[:EXCERPT] or "nothing"
