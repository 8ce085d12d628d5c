"""A vision-language model: images and a question -> an answer in words.

    vlm = load_vlm(parse_model("transformers:Qwen/Qwen3-VL-2B-Instruct"))
    vlm = load_vlm(parse_model("openai:http://localhost:8000/v1#qwen3-vl"))
    vlm.answer([image], "What is on the table?")

Answers are greedy: the same question gets the same answer. They are what the model said, without blanks around it, and
with the marks of its thinking; `split_thinking` cuts that off.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from spatialvlm.errors import UserError
from spatialvlm.models.runtime import Runtime
from spatialvlm.models.vlm.thinking import SplitReply, is_thinking_mark, split_thinking
from spatialvlm.models.weights import Model

__all__ = [
    "MAX_NEW_TOKENS",
    "VLMS",
    "Ask",
    "Image",
    "SplitReply",
    "Vlm",
    "is_thinking_mark",
    "load_vlm",
    "split_thinking",
    "vlm_backend",
]

Image = UInt8[np.ndarray, "_ _ 3"]
Ask = tuple[Sequence[Image], str]
"""What a model is asked: images (RGB, of any sizes, perhaps none), and the question about them."""

VLMS = ("transformers", "openai")

MAX_NEW_TOKENS = 256
"""An answer of some 190 English words."""


@runtime_checkable
class Vlm(Protocol):
    """Answers questions about images. `version` is what was loaded; images are left untouched."""

    name: str
    version: str

    def answer(self, images: Sequence[Image], question: str) -> str:
        """Answer one question about some images."""
        ...

    def answers(self, asked: Sequence[Ask]) -> list[str]:
        """Answer many questions, in order."""
        ...

    def length(self, answer: str) -> int:
        """Count the tokens of an answer; 0 where nobody here can count them."""
        ...


def vlm_backend(name: str) -> type[Any]:
    """Look up the class of a vision-language model by the name of its backend. Raises UserError for an unknown one."""
    match name:
        case "transformers":
            from spatialvlm.models.vlm.transformers import Transformers as Backend
        case "openai":
            from spatialvlm.models.vlm.openai import OpenAI as Backend
        case _:
            raise UserError(f"vision-language model {name!r}: unknown; choose one of {', '.join(VLMS)}")
    return Backend


def load_vlm(
    model: Model, runtime: Runtime | None = None, *, seed: int = 0, max_new_tokens: int = MAX_NEW_TOKENS
) -> Vlm:
    """Load the vision-language model called `model.backend`: weights here, or a server that speaks OpenAI's protocol.

    `max_new_tokens` is the longest answer; what is longer is cut off. `seed` is handed to servers, since some draw even
    where they are asked for the likeliest answer. Raises UserError for an unknown backend, weights that cannot be had,
    or a package that is not installed.
    """
    if max_new_tokens < 1:
        raise UserError(f"max_new_tokens {max_new_tokens}: expected 1 or more")
    return vlm_backend(model.backend)(model, runtime or Runtime(), seed=seed, max_new_tokens=max_new_tokens)
