"""A vision-language model: images and a question -> an answer in words.

    vlm = load_vlm(parse_model("transformers:Qwen/Qwen3-VL-2B-Instruct"))
    vlm = load_vlm(parse_model("openai:http://localhost:8000/v1#qwen3-vl"))
    vlm = load_vlm(parse_model("idefics3:small_model/"))       without torch
    vlm.answer([image], "What is on the table?")

Answers are greedy: the same question gets the same answer; above `temperature` 0 they are drawn. They are what the
model said, without blanks around it, and with the marks of its thinking; `split_thinking` cuts that off.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.errors import SpatialError, UserError
from spatialvlm.models.runtime import Runtime
from spatialvlm.models.vlm.chat_server import ChatServer, count_of
from spatialvlm.models.vlm.thinking import SplitReply, is_thinking_mark, split_thinking
from spatialvlm.models.weights import Model

__all__ = [
    "MAX_NEW_TOKENS",
    "VLMS",
    "Ask",
    "ChatServer",
    "Image",
    "LookingVlm",
    "ScoringVlm",
    "SplitReply",
    "Vlm",
    "VlmReply",
    "check_settings",
    "count_of",
    "is_thinking_mark",
    "load_vlm",
    "replies_or_errors",
    "runs_in_numpy",
    "split_thinking",
    "vlm_backend",
]

Image = UInt8[np.ndarray, "_ _ 3"]
Ask = tuple[Sequence[Image], str]
"""What a model is asked: images (RGB, of any sizes, perhaps none), and the question about them."""

VLMS = ("transformers", "openai", "idefics3")

MAX_NEW_TOKENS = 256
"""An answer of some 190 English words."""


@dataclass(frozen=True, slots=True)
class VlmReply:
    """An answer, with the tokens that were read and written for it; 0 where a server does not tell.

    `cut`: it was as long as it may be before the model ended it.
    """

    text: str
    read: int = 0
    written: int = 0
    cut: bool = False


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

    def replies(self, asked: Sequence[Ask]) -> list[VlmReply]:
        """Answer many questions, in order, and tell what each answer took."""
        ...

    def with_settings(self, *, seed: int, max_new_tokens: int, temperature: float) -> "Vlm":
        """Return this model with other settings: the same weights, nothing loaded. Raises as `load_vlm` does."""
        ...


@runtime_checkable
class LookingVlm(Vlm, Protocol):
    """A Vlm that tells where it looks."""

    def look(self, image: Image, question: str, answer: str, words: str | None = None) -> Float32[np.ndarray, "g g"]:
        """Return where it looks while it writes an answer, or reads `words`: shares of the squares of the image."""
        ...


@runtime_checkable
class ScoringVlm(Vlm, Protocol):
    """A Vlm that tells how likely a word is."""

    def word_logprobs(self, asked: Sequence[Ask], word: str) -> list[float]:
        """Return for each question the natural logarithm of the probability that its answer begins with a word.

        Weights here tell that of the word's own tokens. A server tells that of the tokens that are the word, in any
        case and with or without blanks, among its likeliest 20; NaN where none of them is. Raises UserError for a
        server that tells none.
        """
        ...


def vlm_backend(name: str) -> type[Any]:
    """Look up the class of a vision-language model by the name of its backend. Raises UserError for an unknown one."""
    match name:
        case "transformers":
            from spatialvlm.models.vlm.transformers import Transformers as Backend
        case "openai":
            from spatialvlm.models.vlm.openai import OpenAI as Backend
        case "idefics3":
            from spatialvlm.models.vlm.idefics3 import Idefics3 as Backend
        case _:
            raise UserError(f"vision-language model {name!r}: unknown; choose one of {', '.join(VLMS)}")
    return Backend


def load_vlm(
    model: Model,
    runtime: Runtime | None = None,
    *,
    seed: int = 0,
    max_new_tokens: int = MAX_NEW_TOKENS,
    temperature: float = 0.0,
) -> Vlm:
    """Load the vision-language model called `model.backend`: weights here, or a server that speaks OpenAI's protocol.

    `max_new_tokens` is the longest answer; what is longer is cut off. `temperature` 0 takes the likeliest words, above
    it they are drawn: by `seed`, so that the same list of questions gets the same answers. A server gets both, since
    some draw even where they are asked for the likeliest answer. Raises UserError for an unknown backend, weights that
    cannot be had, a temperature below 0, or a package that is not installed.
    """
    check_settings(max_new_tokens, temperature)
    settings = {"seed": seed, "max_new_tokens": max_new_tokens, "temperature": temperature}
    return vlm_backend(model.backend)(model, runtime or Runtime(), **settings)


def check_settings(max_new_tokens: int, temperature: float) -> None:
    """Raise UserError for settings of an answer that make no sense."""
    if max_new_tokens < 1:
        raise UserError(f"max_new_tokens {max_new_tokens}: expected 1 or more")
    if not 0 <= temperature < math.inf:
        raise UserError(f"temperature {temperature}: expected 0 or more")


def replies_or_errors(vlm: Vlm, asked: Sequence[Ask]) -> list[VlmReply | SpatialError]:
    """Answer many questions together; where that fails each is asked alone, so that one costs no other."""
    try:
        return [*vlm.replies(asked)]
    except SpatialError as error:
        if len(asked) == 1:
            return [error]
    return [reply for one in asked for reply in replies_or_errors(vlm, [one])]


def runs_in_numpy(folder: Path) -> bool:
    """Tell whether a folder holds a checkpoint that runs in numpy, by the backend `idefics3`."""
    from spatialvlm.models.vlm.idefics3 import why_not

    return why_not(folder) is None
