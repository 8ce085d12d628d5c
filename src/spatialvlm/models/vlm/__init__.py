"""A vision-language model: images and a question -> an answer in words.

    vlm = load_vlm(parse_model("transformers:Qwen/Qwen3-VL-2B-Instruct"))
    vlm = load_vlm(parse_model("openai:http://localhost:8000/v1#qwen3-vl"))
    vlm.answer([image], "What is on the table?")

Answers are greedy: the same question gets the same answer. They are what the model said, without blanks around it.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from spatialvlm.errors import UserError
from spatialvlm.models.inference import Runtime
from spatialvlm.models.weights import Model

Image = UInt8[np.ndarray, "_ _ 3"]
Ask = tuple[Sequence[Image], str]
"""What a model is asked: images (RGB, of any sizes, perhaps none), and the question about them."""

VLMS = ("transformers", "openai")

MOST_TOKENS = 256
"""An answer of some 190 English words."""


@runtime_checkable
class Vlm(Protocol):
    """Answers questions about images. `version` is what was loaded; images are left untouched."""

    name: str
    version: str

    def answer(self, images: Sequence[Image], question: str) -> str:
        """The answer to one question about some images."""
        ...

    def answers(self, asked: Sequence[Ask]) -> list[str]:
        """The answers to many questions, in order."""
        ...

    def length(self, answer: str) -> int:
        """How many tokens an answer has; 0 where nobody here can count them."""
        ...


def load_vlm(model: Model, runtime: Runtime | None = None, *, seed: int = 0, most_tokens: int = MOST_TOKENS) -> Vlm:
    """The vision-language model called `model.backend`: weights here, or a server that speaks OpenAI's protocol.

    `most_tokens` is the longest answer; what is longer is cut off. `seed` is handed to servers, since some draw even
    where they are asked for the likeliest answer. Raises UserError for an unknown backend, weights that cannot be had,
    or a package that is not installed.
    """
    if most_tokens < 1:
        raise UserError(f"most_tokens {most_tokens}: expected 1 or more")
    runtime = runtime or Runtime()
    match model.backend:
        case "transformers":
            from spatialvlm.models.vlm.transformers import Transformers

            return Transformers(model, runtime, most_tokens)
        case "openai":
            from spatialvlm.models.vlm.openai import OpenAI

            return OpenAI(model, runtime, seed, most_tokens)
    raise UserError(f"vision-language model {model.backend!r}: unknown; choose one of {', '.join(VLMS)}")
