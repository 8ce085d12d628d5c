"""Vision-language models behind a server that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp, OpenAI itself.

Enters: images and a question. Leaves: the answer of POST {base}/chat/completions. Images travel as
PNG, so that nothing is lost. `chat_server` says what is tried again, and where the key comes from.
"""

import base64
import copy
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np

from spatialvlm.errors import ModelError, UserError
from spatialvlm.models.runtime import Runtime
from spatialvlm.models.vlm import Ask, Image, VlmReply, check_settings
from spatialvlm.models.vlm.chat_server import ChatServer, count_of
from spatialvlm.models.weights import Model

LISTED_TOKENS = 20
"""Likeliest tokens that a server is asked for, which is the most that most of them tell."""


class OpenAI:
    """A Vlm: see the module. As many questions as the runtime's `batch_size` are asked at once.

    A try lasts `timeout_s` at most, the first pause between two `pause_s`. Raises UserError for weights that are no
    URL#MODEL, a server that refuses or cannot be reached, ModelError for one that keeps failing or answers in another
    form.
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
        self._server = ChatServer(weights, timeout_s=timeout_s, pause_s=pause_s)
        self.name, self.version = self._server.name, self._server.base
        self._fields = {"temperature": temperature, "max_tokens": max_new_tokens, "n": 1}
        self._seed, self._draws = seed, temperature > 0
        self._at_once = runtime.batch_size

    def answer(self, images: Sequence[Image], question: str) -> str:
        """Answer one question about some images."""
        return self._reply(images, question, self._seed).text

    def _reply(self, images: Sequence[Image], question: str, seed: int) -> VlmReply:
        told = self._server.post({**self._fields, "seed": seed, "messages": _messages(images, question)})
        choice = told["choices"][0]
        said = choice["message"].get("content")  # none where the model refused to say any
        if said is not None and not isinstance(said, str):
            raise self._server.in_another_form(told)
        read, written = (count_of(told, f"{name}_tokens") for name in ("prompt", "completion"))
        return VlmReply((said or "").strip(), read, written, choice.get("finish_reason") == "length")

    def answers(self, asked: Sequence[Ask]) -> list[str]:
        """Answer many questions, in order; the first that fails ends it. Where answers are drawn, each has its seed."""
        return [reply.text for reply in self.replies(asked)]

    def replies(self, asked: Sequence[Ask]) -> list[VlmReply]:
        """Answer as `answers` does, with the counts of tokens that the server tells."""
        seeds = [self._seed + place * self._draws for place in range(len(asked))]
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(lambda one, seed: self._reply(one[0], one[1], seed), asked, seeds))

    def word_logprobs(self, asked: Sequence[Ask], word: str) -> list[float]:
        """Return how likely each answer is to begin with a word: see `ScoringVlm`. Raises UserError as it does."""
        with ThreadPoolExecutor(self._at_once) as pool:
            return list(pool.map(lambda one: self._word_logprob(one[0], one[1], word), asked))

    def _word_logprob(self, images: Sequence[Image], question: str, word: str) -> float:
        wanted = {"logprobs": True, "top_logprobs": LISTED_TOKENS, "temperature": 0.0, "max_tokens": 1}
        told = self._server.post(
            {**self._fields, **wanted, "seed": self._seed, "messages": _messages(images, question)}
        )
        first = _first_tokens(told["choices"][0])
        if first is None:
            raise UserError(
                f"{self._server.url}: model {self.name!r} was asked for `logprobs` and told none; give a server that "
                "does, such as vLLM's, or weights on this machine"
            )
        try:
            fits = [float(one["logprob"]) for one in first if _plain(one["token"]) == _plain(word)]
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._server.in_another_form(told) from None
        return math.log(sum(map(math.exp, fits))) if fits else math.nan

    def with_settings(self, *, seed: int, max_new_tokens: int, temperature: float) -> "OpenAI":
        """Return this model with other settings, at the same server."""
        check_settings(max_new_tokens, temperature)
        other = copy.copy(self)
        other._seed, other._draws = seed, temperature > 0
        other._fields = self._fields | {"temperature": temperature, "max_tokens": max_new_tokens}
        return other


def _messages(images: Sequence[Image], question: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in images]
    return [{"role": "user", "content": [*content, {"type": "text", "text": question}]}]


def _first_tokens(choice: dict[str, Any]) -> list[Any] | None:
    """Return the likeliest tokens in the first place of an answer, as a server lists them; None where it does not."""
    told = choice.get("logprobs")
    content = told.get("content") if isinstance(told, dict) else None
    if not isinstance(content, list) or not content or not isinstance(content[0], dict):
        return None
    listed = content[0].get("top_logprobs")
    return listed if isinstance(listed, list) and listed else [content[0]]


def _plain(token: str) -> str:
    return token.strip(" \n\t\u0120\u2581").lower()


def _data_url(image: Image) -> str:
    """Encode an RGB image as a data URL."""
    done, png = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    if not done:
        raise ModelError(f"an image of shape {image.shape} cannot be written as PNG")
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"
