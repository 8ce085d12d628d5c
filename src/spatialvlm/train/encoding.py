"""Conversations about images -> rows of tokens, by the model's own processor and chat template.

What is learnt is what the assistant says and the token that ends it. Tokens are those that the model meets when it is
asked: a question follows the image, an answer follows the prompt, and neither is tokenized across that border.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Int64

from spatialvlm.errors import UserError
from spatialvlm.train.image_grids import grids_of, mask_weights
from spatialvlm.train.packing import NOT_ASKED, Pointer, Segment, TokenRow

_NO_PIXELS = frozenset({"input_ids", "attention_mask", "token_type_ids", "mm_token_type_ids", "labels"})
PREFIX_LM = ("paligemma",)
"""Model types that read image and question as a whole, each token seeing all others, and chat by no template."""
_PREFIX_CHAT = (
    "{% for turn in messages %}{% for part in turn['content'] %}{% if part['type'] == 'image' %}IMAGE{% else %}"
    "{{ BOS if turn['role'] == 'user' }}{{ part['text'] }}{{ '\\n' if turn['role'] == 'user' else EOS }}"
    "{% endif %}{% endfor %}{% endfor %}"
)
"""How its processor writes a question, https://huggingface.co/docs/transformers/model_doc/paligemma."""


@dataclass(frozen=True, slots=True, eq=False)
class NamedObject:
    """An object as a question names it: its mask in the image and its readings, see `Pointer`."""

    name: str
    mask: Bool[np.ndarray, "h w"]
    readings: Float32[np.ndarray, " 4"]


@dataclass(frozen=True, slots=True, eq=False)
class Dialogue:
    """Turns of who ("user", "assistant", "system") and what, about the images of a row.

    `named` is what it names, `asked` what it asks as numbers, see `Segment`.
    """

    turns: tuple[tuple[str, str], ...]
    named: tuple[NamedObject, ...] = ()
    asked: tuple[float, float] = NOT_ASKED


class Encoder:
    """Turns conversations into rows for one model. Can be pickled. `family` is the model type of transformers.

    Raises UserError for a processor without a chat template.
    """

    def __init__(self, processor: Any, family: str, image_id: int, name: str = "model") -> None:
        self._processor, self._tokenizer = processor, processor.tokenizer
        self.family, self.image_id = family, image_id
        self._image = self._tokenizer.convert_ids_to_tokens(image_id)
        self._template: dict[str, str] = {}
        if not getattr(processor, "chat_template", None):
            if family not in PREFIX_LM:
                raise UserError(
                    f"base {name!r}: has no chat template, so questions cannot be put to it; give the chat version"
                )
            self._template = {"chat_template": _prefix_chat(self._tokenizer, self._image)}
        self.pad_id = self._tokenizer.pad_token_id
        if self.pad_id is None:
            self.pad_id = self._tokenizer.eos_token_id

    def row(self, images: Sequence[Any], conversations: Sequence[Dialogue]) -> TokenRow:
        """Encode conversations about the same images (PIL, perhaps none), which stand before the first words.

        Raises UserError for a conversation without an answer, and where the template puts other text in front of the
        images of one conversation than of another.
        """
        heads, told = zip(*(self._split(len(images), one) for one in conversations), strict=True)
        if len({*heads}) != 1:
            raise UserError(f"chat template: begins {len({*heads})} conversations about one image in different ways")
        prefix, pixels = self._see(heads[0], images)
        grids: tuple[Any, ...] = ()
        if any(one.named for one in conversations):
            tokens = self._tokenizer.convert_ids_to_tokens(prefix.tolist())
            count = int((prefix == self.image_id).sum())
            grids = grids_of(self.family, tokens, count, images[0].size, self._processor, pixels)
        segments = [
            self._segment(pieces, one, grids, bool(images)) for pieces, one in zip(told, conversations, strict=True)
        ]
        return TokenRow(prefix, tuple(segments), pixels)

    def _split(self, images: int, conversation: Dialogue) -> tuple[str, list[tuple[str, bool]]]:
        """Write a conversation by the template: what stands up to the images, and pieces behind, learnt or not."""
        messages: list[dict[str, Any]] = []
        said, pieces, left = "", [], images
        for who, text in conversation.turns:
            parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
            if who == "user" and left:
                parts, left = [*({"type": "image"} for _ in range(left)), *parts], 0
            if who == "assistant":
                asked = self._said(messages, said, prompt=True)
                pieces.append((asked[len(said) :], False))
                messages.append({"role": who, "content": parts})
                said = self._said(messages, asked)
                pieces.append((said[len(asked) :], True))
            else:
                messages.append({"role": who, "content": parts})
        if not pieces:
            raise UserError("a conversation has no turn of the assistant: expected an answer to learn")
        end = pieces[0][0].rfind(self._image) + len(self._image) if images else 0
        if images and end < len(self._image):
            raise UserError(f"chat template: writes no {self._image} for an image")
        return pieces[0][0][:end], [(pieces[0][0][end:], False), *pieces[1:]]

    def _said(self, messages: list[dict[str, Any]], before: str, *, prompt: bool = False) -> str:
        """Write messages by the template. Raises UserError where that changes what was written before."""
        text = self._processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=prompt, **self._template
        )
        if not text.startswith(before):
            raise UserError("chat template: changes earlier turns when another follows; give rows of one exchange")
        return text

    def _see(self, head: str, images: Sequence[Any]) -> tuple[Int64[np.ndarray, " p"], dict[str, Any]]:
        if not images:
            return np.zeros(0, np.int64), {}
        bos = self._tokenizer.bos_token
        seen = self._processor(
            text=[head],
            images=[list(images)],
            return_tensors="pt",
            add_special_tokens=not (bos and head.startswith(bos)),
        )
        ids = np.asarray(seen["input_ids"][0].numpy(), np.int64)
        if self.family in PREFIX_LM:
            ids = ids[ids == self.image_id]  # behind them its processor writes an empty question
        elif len(ids) and ids[-1] == self._tokenizer.eos_token_id:
            ids = ids[:-1]
        return ids, {name: value for name, value in seen.items() if name not in _NO_PIXELS}

    def _segment(
        self, pieces: list[tuple[str, bool]], conversation: Dialogue, grids: tuple[Any, ...], has_image: bool
    ) -> Segment:
        text, ids, learnt = "", [], []
        for piece, is_learnt in pieces:
            text += piece
            whole = self._tokens(text, has_image)
            new = whole[len(ids) :] if whole[: len(ids)] == ids else self._plain(piece)
            ids = ids + new
            learnt += [False] * len(new) if not is_learnt else self._learnt(new)
        while not learnt[-1]:  # what the template writes behind the end of the last turn
            ids, learnt = ids[:-1], learnt[:-1]
        if ids[-1] not in self._ends:
            ids, learnt = [*ids, self._tokenizer.eos_token_id], [*learnt, True]
        pointers = self._pointers(pieces[0][0], conversation, grids, has_image) if conversation.named else ()
        return Segment(np.array(ids, np.int64), np.array(learnt, bool), pointers, conversation.asked)

    @property
    def _ends(self) -> frozenset[int]:
        return frozenset(self._tokenizer.all_special_ids)

    def _learnt(self, ids: list[int]) -> list[bool]:
        """Mark an answer up to the token that ends its turn; a new line behind it is nobody's."""
        last = max((place for place, token in enumerate(ids) if token in self._ends), default=len(ids) - 1)
        return [place <= last for place in range(len(ids))]

    def _tokens(self, text: str, has_image: bool) -> list[int]:
        """Tokenize what follows an image, or begins a row."""
        if not has_image:
            bos = self._tokenizer.bos_token
            return list(self._tokenizer(text, add_special_tokens=not (bos and text.startswith(bos)))["input_ids"])
        ids = self._plain(self._image + text)
        return ids[1:] if ids[:1] == [self.image_id] else self._plain(text)

    def _plain(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _pointers(
        self, asked: str, conversation: Dialogue, grids: tuple[Any, ...], has_image: bool
    ) -> tuple[Pointer, ...]:
        """Find the last token of each name in the question."""
        question = next(text for who, text in conversation.turns if who == "user").strip()
        start = asked.find(question)
        anchor = self._image if has_image else ""
        coded = self._tokenizer(anchor + asked, add_special_tokens=False, return_offsets_mapping=True)
        skipped = int(bool(anchor))
        ends = [end - len(anchor) for _, end in coded["offset_mapping"]][skipped:]
        found = []
        for named, (_, end) in zip(conversation.named, spans_of([one.name for one in conversation.named], question)):
            weights = mask_weights(named.mask, grids)
            if start < 0 or end == 0 or not weights.any():
                continue
            place = next(place for place, upto in enumerate(ends) if upto >= start + end)
            found.append(Pointer(place, weights, named.readings))
        return tuple(found)


def _prefix_chat(tokenizer: Any, image: str) -> str:
    """Write the chat template of a model that has none."""
    words = {"IMAGE": image, "BOS": repr(tokenizer.bos_token), "EOS": repr(tokenizer.eos_token)}
    return re.sub("|".join(words), lambda found: words[found[0]], _PREFIX_CHAT)


def spans_of(names: Sequence[str], question: str) -> list[tuple[int, int]]:
    """Find where a question says names, the longest first so that none is found in another; (0, 0) is nowhere."""
    lowered, spans = question.lower(), [(0, 0)] * len(names)
    for place in sorted(range(len(names)), key=lambda place: -len(names[place])):
        name, start = names[place].lower(), 0
        while name and (start := lowered.find(name, start)) >= 0:
            end = start + len(name)
            around = lowered[max(start - 1, 0) : start] + lowered[end : end + 1]
            if not any(letter.isalnum() for letter in around):
                spans[place] = (start, end)
                lowered = lowered[:start] + "\0" * len(name) + lowered[end:]
                break
            start = end
    return spans
