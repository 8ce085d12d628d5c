"""Words <-> tokens: a question and how many images come with it -> tokens; tokens of an answer -> words.

By the chat template and the tokenizer of the checkpoint, as transformers' processor does; an image is written as its
image tokens between marks. Needs the extra 'answer' (jinja2, tokenizers).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from spatialvlm.errors import UserError
from spatialvlm.models.runtime import extra, first_line
from spatialvlm.models.vlm import is_thinking_mark
from spatialvlm.models.vlm.idefics3.checkpoint import read_json, read_json_if_any

IMAGE, AROUND, WHOLE = "<image>", "<fake_token_around_image>", "<global-img>"


@dataclass(frozen=True, slots=True, eq=False)
class PromptTokens:
    """A prompt as tokens, with where in its text each token lies and where the question begins (-1: nowhere)."""

    ids: Int64[np.ndarray, " t"]
    spans: Sequence[tuple[int, int]]
    text: str
    question_at: int


class Prompter:
    """The template and the tokenizer of a checkpoint.

    Raises UserError where the folder lacks one of them, or a package is not installed.
    """

    def __init__(self, folder: Path, image_length: int) -> None:
        try:
            import jinja2.sandbox  # pyright: ignore[reportMissingImports]
            import tokenizers  # pyright: ignore[reportMissingImports]
        except ImportError as error:
            raise UserError(f"{error.name}: not installed; {extra('answer')}") from None
        self._name, self._image = folder.name, AROUND + WHOLE + IMAGE * image_length + AROUND
        told = read_json_if_any(folder / "tokenizer_config.json")
        self._bos = _as_text(told.get("bos_token"))
        self._eos = _as_text(told.get("eos_token"))
        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        try:
            self._template = environment.from_string(_template(folder, told))
        except jinja2.TemplateError as error:
            raise UserError(f"weights {folder.name!r}: chat template is damaged ({first_line(error)})") from None
        self._faults = jinja2.TemplateError
        file = folder / "tokenizer.json"
        if "model" not in read_json(file):
            raise UserError(f"{file}: is no tokenizer; give a whole checkpoint")
        self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        special = {
            token: one.content for token, one in self._tokenizer.get_added_tokens_decoder().items() if one.special
        }
        self._unsaid = {token for token, text in special.items() if not is_thinking_mark(text)}

    def tokens(self, images: int, question: str) -> PromptTokens:
        """Write a question about some images by the template, up to where the answer begins."""
        content = [{"type": "image"}] * images + [{"type": "text", "text": question}]
        told = {"bos_token": self._bos, "eos_token": self._eos, "add_generation_prompt": True}
        try:
            text = self._template.render(messages=[{"role": "user", "content": content}], **told)
        except self._faults as error:
            raise UserError(f"weights {self._name!r}: chat template fails ({first_line(error)})") from None
        pieces = text.split(IMAGE)
        if len(pieces) != images + 1:
            raise UserError(f"question of {len(pieces) - 1} marks {IMAGE} and {images} images; leave the mark out")
        text = self._image.join(pieces)
        bos = self._bos
        coded = self._tokenizer.encode(text, add_special_tokens=not (bos and text.startswith(bos)))
        return PromptTokens(np.array(coded.ids, np.int64), coded.offsets, text, text.rfind(question.strip()))

    def answer_tokens(self, answer: str) -> Int64[np.ndarray, " t"]:
        """Turn an answer into tokens."""
        return np.array(self._tokenizer.encode(answer, add_special_tokens=False).ids, np.int64)

    def words(self, ids: Sequence[int]) -> str:
        """Turn tokens into words, without the special ones; marks of thinking stay."""
        kept = [token for token in ids if token not in self._unsaid]
        return self._tokenizer.decode(kept, skip_special_tokens=False).strip()


def _template(folder: Path, told: dict[str, Any]) -> str:
    """Find the chat template: a file of its own, or in the settings of the processor or the tokenizer."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    for settings in (
        read_json_if_any(folder / "chat_template.json"),
        read_json_if_any(folder / "processor_config.json"),
        told,
    ):
        if isinstance(settings.get("chat_template"), str):
            return settings["chat_template"]
    raise UserError(f"weights {folder.name!r}: have no chat template; give a version that chats")


def _as_text(token: Any) -> str:
    """Return a token's text, which settings write as it is or as an object."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def last_token_of(prompt: PromptTokens, words: str) -> int:
    """Find the last token of some words of the question. Raises UserError where it does not say them."""
    start = max(prompt.question_at, 0)
    place = prompt.text.lower().find(words.strip().lower(), start) if words.strip() else -1
    if place < 0:
        raise UserError(f"words {words!r}: not in the question; give some of its words")
    end = place + len(words.strip())
    return next(token for token, (_, upto) in enumerate(prompt.spans) if upto >= end)
