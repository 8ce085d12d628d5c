"""Vision-language models on this machine: what transformers calls image-text-to-text (Qwen-VL, SmolVLM, LLaVA, ...).

Enters: images and a question, put into the words of the model's own chat template; models without one (PaliGemma) get
an image token per image and the question. Leaves: the answer, decoded greedily or drawn.
https://huggingface.co/docs/transformers/main/tasks/image_text_to_text
"""

import copy
from collections.abc import Sequence
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.models.runtime import Batches, Runtime
from spatialvlm.models.torch import import_torch, import_transformers, load_model, load_processor
from spatialvlm.models.vlm import Ask, Image, VlmReply, check_settings, is_thinking_mark
from spatialvlm.models.weights import Located, Model, locate


class Transformers:
    """A Vlm: see the module. Raises UserError for weights of another kind, or where torchvision is missing."""

    files = "transformers"

    def __init__(
        self, model: Model, runtime: Runtime, *, seed: int, max_new_tokens: int, temperature: float = 0.0
    ) -> None:
        transformers = import_transformers()
        located = locate(model)
        self.name, self.version = located.name, located.version
        self._model = load_model(transformers.AutoModelForImageTextToText, located, runtime, wide=True)
        self._processor = _processor(located)
        tokenizer = self._processor.tokenizer
        # Answers are written behind the question, so that what fills up shorter questions stands in front of them.
        tokenizer.padding_side = "left"
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        # Samplers' settings that checkpoints bring along mean nothing to a greedy search, and each is warned about.
        self._settings = {
            "do_sample": temperature > 0,
            "num_beams": 1,
            "temperature": temperature or None,
            "top_p": None,
            "top_k": None,
            "max_new_tokens": max_new_tokens,
            "pad_token_id": tokenizer.pad_token_id,
        }
        self._unsaid = _unsaid_tokens(tokenizer)
        self._seed, self._draws = seed, temperature > 0
        self._batches = Batches(runtime.batch_size)

    def answer(self, images: Sequence[Image], question: str) -> str:
        """Answer one question about some images."""
        return self.answers([(images, question)])[0]

    def answers(self, asked: Sequence[Ask]) -> list[str]:
        """Answer many questions, in order.

        Only questions with the same number of images run together: most processors take no ragged batches.
        """
        return [reply.text for reply in self.replies(asked)]

    def replies(self, asked: Sequence[Ask]) -> list[VlmReply]:
        """Answer as `answers` does, and tell the tokens of each answer; the one that ends it is not counted."""
        if self._draws:
            import_torch().manual_seed(self._seed)
        found: dict[int, VlmReply] = {}
        for count in dict.fromkeys(len(images) for images, _ in asked):
            same = [i for i, (images, _) in enumerate(asked) if len(images) == count]
            found |= zip(same, self._batches(self._answer, [asked[i] for i in same]), strict=True)
        return [found[i] for i in range(len(asked))]

    def word_logprobs(self, asked: Sequence[Ask], word: str) -> list[float]:
        """Return how likely each answer is to begin with the tokens of a word, as natural logarithms."""
        return [self._word_logprob(one, word) for one in asked]

    def _word_logprob(self, asked: Ask, word: str) -> float:
        torch, model = import_torch(), self._model
        seen = self._read([asked])
        seen.pop("labels", None)
        said = self._processor.tokenizer(word, add_special_tokens=False)["input_ids"]
        size = seen["input_ids"].shape
        for name, fill in ((name, said[:-1] if name == "input_ids" else None) for name in list(seen)):
            one = seen[name]
            if one.shape == size and len(said) > 1:  # what has a number for each token
                more = one[:, -1:].repeat(1, len(said) - 1) if fill is None else torch.tensor([fill])
                seen[name] = torch.cat([one, more.to(one)], 1)
        seen = seen.to(model.device, model.dtype)
        with torch.inference_mode():
            scores = model(**seen).logits[0, -len(said) :].double().log_softmax(-1)
        return float(scores[range(len(said)), said].sum())

    def with_settings(self, *, seed: int, max_new_tokens: int, temperature: float) -> "Transformers":
        """Return this model with other settings, on the same weights."""
        check_settings(max_new_tokens, temperature)
        other = copy.copy(self)
        other._seed, other._draws = seed, temperature > 0
        drawn = {"do_sample": temperature > 0, "temperature": temperature or None}
        other._settings = self._settings | drawn | {"max_new_tokens": max_new_tokens}
        return other

    def _answer(self, asked: Sequence[Ask]) -> list[VlmReply]:
        torch, model = import_torch(), self._model
        seen = self._read(asked)
        # PaliGemma's processor adds what only training needs.
        seen.pop("labels", None)
        seen = seen.to(model.device, model.dtype)
        with torch.inference_mode():
            written = model.generate(**seen, **self._settings)
        # Some models repeat the question before the answer, some do not.
        ids = seen["input_ids"]
        start = ids.shape[1]
        if torch.equal(written[:, :start], ids):
            written = written[:, start:]
        rows = written.tolist()
        kept = [[token for token in row if token not in self._unsaid] for row in rows]
        texts = self._processor.batch_decode(kept, skip_special_tokens=False)
        ends = model.generation_config.eos_token_id
        counts = [_count_until(row, {*ends} if isinstance(ends, list) else {ends}) for row in rows]
        read = seen["attention_mask"].sum(1).tolist()
        most = self._settings["max_new_tokens"]
        return [
            VlmReply(text.strip(), length, count, count == most)
            for text, length, count in zip(texts, read, counts, strict=True)
        ]

    def _read(self, asked: Sequence[Ask]) -> Any:
        """Turn questions with equally many images into the model's input, filled up to the same length."""
        from PIL import Image as Pictures

        processor = self._processor
        settings = {"padding": True, "return_tensors": "pt"}
        # Of an array three pixels high or wide, processors guess wrongly which axis is the colour.
        pictures = [[Pictures.fromarray(image) for image in images] for images, _ in asked]
        questions = [question for _, question in asked]
        if processor.chat_template is None:
            if not pictures[0]:
                raise UserError(f"{self.name}: got a question without an image, expected one; it does not chat")
            texts = [processor.image_token * len(own) + text for own, text in zip(pictures, questions, strict=True)]
            return processor(images=pictures, text=texts, **settings)
        chats = []
        for own, text in zip(pictures, questions, strict=True):
            images = [{"type": "image", "image": picture} for picture in own]
            chats.append([{"role": "user", "content": [*images, {"type": "text", "text": text}]}])
        return processor.apply_chat_template(
            chats, add_generation_prompt=True, tokenize=True, return_dict=True, processor_kwargs=settings
        )


def _count_until(row: Sequence[int], ends: set[int]) -> int:
    """Count the tokens of a row before the one that ends it."""
    return next((place for place, token in enumerate(row) if token in ends), len(row))


def _unsaid_tokens(tokenizer: Any) -> frozenset[int]:
    """List the special tokens that are no part of an answer. Marks of thinking are: without them it reads as one."""
    special = {token: str(one) for token, one in tokenizer.added_tokens_decoder.items() if one.special}
    marks = {token for token, text in special.items() if is_thinking_mark(text)}
    return frozenset(({*special} | {*tokenizer.all_special_ids}) - marks)


def _processor(located: Located) -> Any:
    """Load the processor of the weights. Raises UserError where there is none, or it needs torchvision in vain."""
    transformers = import_transformers()
    processor = load_processor(transformers.AutoProcessor, located)
    # Where the weights bring no processor, their tokenizer or image processor alone is what is found.
    if not isinstance(processor, transformers.ProcessorMixin):
        raise UserError(f"weights {located.name!r}: hold no processor of images and text; give weights that do")
    return processor
