"""Vision-language models behind a server that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp, OpenAI itself.

Enters: images and a question. Leaves: the answer of POST {base}/chat/completions. Images travel as
PNG, so that nothing is lost. `chat_server` says what is tried again, and where the key comes from.
"""

import base64
import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from spatialvlm.errors import ModelError
from spatialvlm.models.runtime import Runtime
from spatialvlm.models.vlm import Ask, Image, VlmReply, check_settings
from spatialvlm.models.vlm.chat_server import ChatServer, count_of
from spatialvlm.models.weights import Model


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
        content = [{"type": "image_url", "image_url": {"url": _data_url(image)}} for image in images]
        content += [{"type": "text", "text": question}]
        fields = {**self._fields, "seed": seed, "messages": [{"role": "user", "content": content}]}
        told = self._server.post(fields)
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

    def with_settings(self, *, seed: int, max_new_tokens: int, temperature: float) -> "OpenAI":
        """Return this model with other settings, at the same server."""
        check_settings(max_new_tokens, temperature)
        other = copy.copy(self)
        other._seed, other._draws = seed, temperature > 0
        other._fields = self._fields | {"temperature": temperature, "max_tokens": max_new_tokens}
        return other


def _data_url(image: Image) -> str:
    """Encode an RGB image as a data URL."""
    done, png = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))
    if not done:
        raise ModelError(f"an image of shape {image.shape} cannot be written as PNG")
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"
