"""Small vision-language models of the Idefics3 kind (SmolVLM's), run in numpy: no torch, ready in a blink.

Enters: images and a question. Leaves: the answer, and where in the image the model looked. For a folder with
config.json, model.safetensors, tokenizer.json and a chat template, whose images are not split into tiles.

    checkpoint        the files of the folder
    image_input       a picture -> pixels
    prompt            words <-> tokens
    vision_forward    pixels -> vectors of image tokens
    decoder_forward   vectors of tokens -> scores of the next one
    layers            what both are made of
"""

import copy
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from spatialvlm.errors import ContextError, UserError
from spatialvlm.models.runtime import Runtime
from spatialvlm.models.vlm import Ask, Image, VlmReply, check_settings
from spatialvlm.models.vlm.idefics3.checkpoint import Tensors, read_json, read_json_if_any
from spatialvlm.models.vlm.idefics3.decoder_forward import Cache, Decoder
from spatialvlm.models.vlm.idefics3.image_input import ImageInput
from spatialvlm.models.vlm.idefics3.layers import softmax
from spatialvlm.models.vlm.idefics3.prompt import Prompter, last_token_of
from spatialvlm.models.vlm.idefics3.vision_forward import Eye
from spatialvlm.models.weights import Model, locate

TYPES = ("idefics3", "smolvlm")


class Idefics3:
    """A Vlm: see the module. Raises UserError for weights of another kind, or with tiles.

    Above `temperature` 0 answers are drawn: of the same question asked several times in a row each anew.
    """

    files = "transformers"

    def __init__(
        self, model: Model, runtime: Runtime, *, seed: int, max_new_tokens: int, temperature: float = 0.0
    ) -> None:
        located = locate(model)
        self.name, self.version, folder = located.name, located.version, located.path
        fault = why_not(folder)
        if fault:
            raise UserError(f"weights {self.name!r}: {fault}; use transformers:WEIGHTS instead")
        config, settings = read_json(folder / "config.json"), processor_settings(folder)
        self._image_id = int(config["image_token_id"])
        self._input = ImageInput(settings["image_processor"])
        tensors = Tensors(folder)
        self._eye, self._decoder = Eye(tensors, config), Decoder(tensors, config)
        self.grid = self._input.side // self._eye.patch // self._eye.scale
        self._prompter = Prompter(folder, self.grid**2)
        generation = read_json_if_any(folder / "generation_config.json")
        ends = generation.get("eos_token_id", config["text_config"].get("eos_token_id"))
        self._ends = frozenset(ends if isinstance(ends, list) else [ends])
        self._unsayable = np.array(generation.get("suppress_tokens") or [], np.int64)
        self._seed, self._most, self._temperature = seed, max_new_tokens, temperature
        taught = config.get("evidence") or {}
        self._taught: tuple[int | None, int | None] = (taught.get("layer"), taught.get("heads"))

    def answer(self, images: Sequence[Image], question: str) -> str:
        """Answer one question about some images."""
        return self.answers([(images, question)])[0]

    def answers(self, asked: Sequence[Ask]) -> list[str]:
        """Answer many questions, in order. A question asked again right away costs the new words alone."""
        return [reply.text for reply in self.replies(asked)]

    def replies(self, asked: Sequence[Ask]) -> list[VlmReply]:
        """Answer as `answers` does, and tell the tokens of each answer; the one that ends it is not counted."""
        said: list[VlmReply] = []
        for _, same in groupby(asked, key=lambda one: (one[1], tuple(map(id, one[0])))):
            some = list(same)
            if self._temperature:
                said += self._write(*some[0], len(some))
            else:
                said += self._write(*some[0], 1) * len(some)
        return said

    def with_settings(self, *, seed: int, max_new_tokens: int, temperature: float) -> "Idefics3":
        """Return this model with other settings, on the same weights."""
        check_settings(max_new_tokens, temperature)
        other = copy.copy(self)
        other._seed, other._most, other._temperature = seed, max_new_tokens, temperature
        return other

    def look(self, image: Image, question: str, answer: str, words: str | None = None) -> Float32[np.ndarray, "g g"]:
        """Return where the model looks while it writes an answer, or reads some words of the question.

        The attention of the tokens in question to each square of the image, row by row, as shares of all squares: the
        mean over the heads that evidence taught, as config.json names them, else over all heads of all layers.
        """
        prompt = self._prompter.tokens(1, question)
        said = self._prompter.answer_tokens(answer)
        ids = np.concatenate([prompt.ids, said])
        _, looked = self._decoder(self._states([image], ids), [])
        last = len(prompt.ids) - 1
        rows = [last_token_of(prompt, words)] if words else list(range(last, last + max(len(said), 1)))
        layer, heads = self._taught
        chosen = looked if layer is None else [looked[layer]]
        attention = np.stack([one[0, :heads][:, rows].mean((0, 1)) for one in chosen]).mean(0)
        shares = attention[ids == self._image_id].reshape(self.grid, self.grid)
        return (shares / max(float(shares.sum()), 1e-12)).astype(np.float32)

    def logits(self, images: Sequence[Image], question: str) -> Float32[np.ndarray, "t vocabulary"]:
        """Score, at every token of a prompt, the token that follows it."""
        prompt = self._prompter.tokens(len(images), question)
        return self._decoder.scores(self._decoder(self._states(images, prompt.ids), [])[0])[0]

    def word_logprobs(self, asked: Sequence[Ask], word: str) -> list[float]:
        """Return how likely each answer is to begin with the tokens of a word, as natural logarithms."""
        seen: dict[int, Float32[np.ndarray, "squares width"]] = {}
        return [self._word_logprob(images, question, word, seen) for images, question in asked]

    def _word_logprob(
        self,
        images: Sequence[Image],
        question: str,
        word: str,
        seen: dict[int, Float32[np.ndarray, "squares width"]],
    ) -> float:
        """Score a word; `seen` has what is seen in images by their identity, so that each is looked at once."""
        for image in images:
            if id(image) not in seen:
                seen[id(image)] = self._eye(self._input(image))
        prompt, said = self._prompter.tokens(len(images), question), self._prompter.answer_tokens(word)
        self._check_length(len(prompt.ids), len(said))
        states = self._decoder.embed(ids := np.concatenate([prompt.ids, said[:-1]]))
        if images:
            states[ids == self._image_id] = np.concatenate([seen[id(image)] for image in images])
        states, _ = self._decoder(states[None], [])
        scores = self._decoder.scores(states[:, len(prompt.ids) - 1 :])[0].astype(np.float64)
        shares = softmax(scores)[np.arange(len(said)), said]
        return float(np.log(np.maximum(shares, np.finfo(np.float64).tiny)).sum())

    def _states(self, images: Sequence[Image], ids: Int64[np.ndarray, " t"]) -> Float32[np.ndarray, "1 t width"]:
        """Look up the vectors of tokens, with what is seen in the place of image tokens."""
        states = self._decoder.embed(ids)
        if images:
            states[ids == self._image_id] = np.concatenate([self._eye(self._input(image)) for image in images])
        return states[None]

    def _write(self, images: Sequence[Image], question: str, count: int) -> list[VlmReply]:
        """Write several answers to one question side by side, up to the token that ends each."""
        prompt = self._prompter.tokens(len(images), question)
        self._check_length(len(prompt.ids), 1)
        most = min(self._most, self._decoder.longest - len(prompt.ids))
        cache: Cache = []
        states, _ = self._decoder(self._states(images, prompt.ids), cache)
        states = np.repeat(states[:, -1:], count, 0)
        cache[:] = [(np.repeat(keys, count, 0), np.repeat(values, count, 0)) for keys, values in cache]
        dice = [np.random.default_rng((self._seed, place)) for place in range(count)]
        written: list[list[int]] = [[] for _ in range(count)]
        going = [True] * count
        for place in range(most):
            if place:
                last = np.array([own[-1] for own in written], np.int64)
                states, _ = self._decoder(self._decoder.embed(last)[:, None], cache)
            scores = self._decoder.scores(states[:, -1])
            scores[:, self._unsayable] = -np.inf
            for row, own in enumerate(written):
                token = self._pick(scores[row], dice[row])
                going[row] = going[row] and token not in self._ends
                own.append(token if going[row] else next(iter(self._ends)))
            if not any(going):
                break
        said = [_until(own, self._ends) for own in written]
        read = len(prompt.ids)
        return [
            VlmReply(self._prompter.words(kept), read, len(kept), len(kept) == len(own))
            for kept, own in zip(said, written, strict=True)
        ]

    def _check_length(self, prompt: int, answer: int) -> None:
        """Raise ContextError for more tokens than are read."""
        if prompt + answer > self._decoder.longest:
            raise ContextError(
                f"question of {prompt} tokens with its picture: {self.name} reads at most "
                f"{self._decoder.longest}; ask a shorter one"
            )

    def _pick(self, scores: Float32[np.ndarray, " vocabulary"], die: np.random.Generator) -> int:
        """Pick the likeliest token, or draw one."""
        if not self._temperature:
            return int(scores.argmax())
        shares = softmax(scores.astype(np.float64) / self._temperature)
        return int(min(np.searchsorted(shares.cumsum(), die.random()), len(shares) - 1))


def _until(written: Iterable[int], ends: frozenset[int]) -> list[int]:
    kept: list[int] = []
    for token in written:
        if token in ends:
            break
        kept.append(token)
    return kept


def why_not(folder: Path) -> str | None:
    """Say why a folder is no checkpoint that runs here; None where it is one."""
    if not (folder / "config.json").is_file():
        return "no folder with a config.json"
    kind = read_json(folder / "config.json").get("model_type")
    if kind not in TYPES:
        return f"of type {kind!r}, expected {' or '.join(TYPES)}"
    if processor_settings(folder)["image_processor"].get("do_image_splitting", True):
        return "its images are split into tiles (do_image_splitting)"
    return None


def processor_settings(folder: Path) -> dict[str, Any]:
    """Read the settings of the processor and of its image processor, which older folders hold in a file apart."""
    told = read_json_if_any(folder / "processor_config.json")
    apart = read_json_if_any(folder / "preprocessor_config.json")
    return {**told, "image_processor": {**apart, **told.get("image_processor", {})}}
