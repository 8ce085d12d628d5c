"""Nano in training: the image once, and questions beside each other, each of which sees the image and itself alone.

The loss is that of packed rows, see `packing`, at a fraction of the attention: a mask hides there what is never
computed here. Questions of like lengths lie together, so that little is filled up. The weights are those of the model
of transformers; only the way through its language layers is written here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from spatialvlm.train.evidence import pointed_right, pointing_loss, reading_loss
from spatialvlm.train.packing import Segment, TokenRow

GROUPS = 4
"""Into how many groups of like lengths the questions of a batch are sorted."""


@dataclass(frozen=True, slots=True, eq=False)
class Pointers:
    """The tokens of a group that mean objects: `question` and `place`, `weights` (m, prefix), `readings` (m, 4)."""

    question: torch.Tensor
    place: torch.Tensor
    weights: torch.Tensor
    readings: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class QuestionGroup:
    """Questions of like lengths: `ids` (n, length), filled up at the end, and `image` (n,), the picture of each.

    `question` and `place` are the tokens that stand before what is learnt, `label` is what is learnt; `end` (n,) the
    last token of each question and `asked` (n, 2) what it asks as numbers.
    """

    ids: torch.Tensor
    image: torch.Tensor
    question: torch.Tensor
    place: torch.Tensor
    label: torch.Tensor
    end: torch.Tensor
    asked: torch.Tensor
    pointers: Pointers


@dataclass(frozen=True, slots=True, eq=False)
class PrefixBatch:
    """Pictures (b, 3, h, w), the tokens (p,) that stand before the questions about each of them, and the questions."""

    pixels: torch.Tensor
    prefix: torch.Tensor
    groups: tuple[QuestionGroup, ...]


def prefix_batch(rows: Sequence[TokenRow], image_id: int, pad_id: int) -> PrefixBatch:
    """Lay out rows of one picture each. All have the same prefix, since nano sees every picture at one size."""
    asked = [(number, segment) for number, row in enumerate(rows) for segment in row.segments]
    asked.sort(key=lambda one: len(one[1].ids))
    prefix, size = rows[0].prefix, -(-len(asked) // GROUPS)
    parts = [asked[first : first + size] for first in range(0, len(asked), size)]
    pixels = torch.cat([row.pixels["pixel_values"][0] for row in rows])
    return PrefixBatch(
        pixels, torch.from_numpy(prefix), tuple(_group(part, prefix == image_id, pad_id) for part in parts)
    )


def _group(asked: Sequence[tuple[int, Segment]], is_image: np.ndarray, pad_id: int) -> QuestionGroup:
    longest = max(len(segment.ids) for _, segment in asked)
    ids, learnt = np.full((len(asked), longest), pad_id, np.int64), np.zeros((len(asked), longest), bool)
    for number, (_, segment) in enumerate(asked):
        ids[number, : len(segment.ids)], learnt[number, : len(segment.ids)] = segment.ids, segment.learnt
    question, place = np.nonzero(learnt)
    image = np.array([number for number, _ in asked], np.int64)
    columns = {"ids": ids, "image": image, "question": question, "place": place - 1, "label": ids[question, place]}
    columns["end"] = learnt.argmax(1) - 1
    columns["asked"] = np.array([segment.asked for _, segment in asked], np.float32)
    tensors = {name: torch.from_numpy(column) for name, column in columns.items()}
    return QuestionGroup(**tensors, pointers=_pointers(asked, is_image))


def _pointers(asked: Sequence[tuple[int, Segment]], is_image: np.ndarray) -> Pointers:
    listed = [(number, one) for number, (_, segment) in enumerate(asked) for one in segment.pointers]
    weights, readings = np.zeros((len(listed), len(is_image)), np.float32), np.zeros((len(listed), 4), np.float32)
    for row, (_, one) in enumerate(listed):
        weights[row, is_image], readings[row] = one.weights, one.readings
    question = np.array([number for number, _ in listed], np.int64)
    place = np.array([one.place for _, one in listed], np.int64)
    return Pointers(*map(torch.from_numpy, (question, place, weights, readings)))


class SharedPrefix:
    """Computes the losses of batches with a model; evidence is taught at `layer` to the first `heads`.

    `readout` reads what is known of an object at its name. `asking`, where given, reads what a question asks at its
    end, one layer later: there both of two names have been read.
    """

    def __init__(self, model: Any, readout: Any, layer: int, heads: int, asking: Any = None) -> None:
        self._model, self._readout, self._taught, self._heads = model, readout, layer, heads
        self._asking = asking
        self._text, self._image_id = model.model.text_model, int(model.config.image_token_id)
        attention = self._text.layers[0].self_attn
        self._size, self._scale = int(attention.head_dim), float(attention.scaling)

    def losses(self, batch: PrefixBatch) -> tuple[torch.Tensor, torch.Tensor | None, dict[str, float]]:
        """Return the loss of the answers, that of the evidence, None where nothing is named, and what to report."""
        groups = batch.groups
        head = self._seen(batch)
        parts = [head, *(self._text.embed_tokens(group.ids).to(head.dtype) for group in groups)]
        shapes = [part.shape[:2] for part in parts]
        flat, found = torch.cat([part.flatten(0, 1) for part in parts]), []
        turns = self._turns(batch, shapes, flat.dtype)
        evidence = asked = None
        for place, layer in enumerate(self._text.layers):
            queries, keys, values = self._projected(layer, flat, shapes, turns)
            if place == self._taught:
                found = [self._looked(queries, keys, number, group) for number, group in enumerate(groups, 1)]
            made = [_attended(queries[0], [(keys[0], values[0])], self._scale)]
            made += [
                _attended(asks, [[one[0].index_select(0, group.image) for one in (keys, values)], own], self._scale)
                for group, asks, *own in zip(groups, queries[1:], keys[1:], values[1:], strict=True)
            ]
            flat = flat + layer.self_attn.o_proj(
                torch.cat([one.transpose(1, 2).reshape(-1, flat.shape[1]) for one in made])
            )
            flat = flat + layer.mlp(_normed(layer.post_attention_layernorm, flat))
            if place == self._taught:
                evidence = self._evidence(found, _parts(flat, shapes)[1:], batch)
            if place == self._taught + 1 and self._asking is not None:
                asked = self._asked(_parts(flat, shapes)[1:], batch)
        states = torch.cat(
            [part[group.question, group.place] for part, group in zip(_parts(flat, shapes)[1:], groups, strict=True)]
        )
        scores = self._model.lm_head(_normed(self._text.norm, states))
        answers = functional.cross_entropy(scores.float(), torch.cat([group.label for group in groups]))
        loss, said = evidence or (None, {})
        if loss is not None and asked is not None:
            loss, said = loss + asked, said | {"asking_loss": asked.item()}
        return answers, loss, {"loss": answers.item()} | said

    def _seen(self, batch: PrefixBatch) -> torch.Tensor:
        """Return the vectors of what stands before the questions, (b, p, width)."""
        core = self._model.model
        seen = core.connector(core.vision_model(batch.pixels).last_hidden_state)
        before = self._text.embed_tokens(batch.prefix).expand(len(seen), -1, -1).to(seen.dtype).clone()
        before[:, batch.prefix == self._image_id] = seen
        return before

    def _turns(self, batch: PrefixBatch, shapes: Any, dtype: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Return cosines and sines of the positions of all tokens, (t, 1, half a head)."""
        starts = [0, *(len(batch.prefix) for _ in batch.groups)]
        spans = [(start + torch.arange(shape[1])).repeat(shape[0]) for start, shape in zip(starts, shapes, strict=True)]
        turned = self._text.rotary_emb(self._text.norm.weight, torch.cat(spans)[None])
        cos, sin = (part[0, :, None, : self._size // 2].to(dtype) for part in turned)
        return cos, sin

    def _projected(self, layer: Any, flat: torch.Tensor, shapes: Any, turns: Any) -> list[list[torch.Tensor]]:
        """Return queries, keys and values of all parts, (n, heads, length, size); queries and keys are turned."""
        attention, normed = layer.self_attn, _normed(layer.input_layernorm, flat)
        made = [project(normed) for project in (attention.q_proj, attention.k_proj, attention.v_proj)]
        heads = [one.unflatten(-1, (-1, self._size)) for one in made]
        heads[:2] = [_turned(one, *turns) for one in heads[:2]]
        return [[part.transpose(1, 2) for part in _parts(one, shapes)] for one in heads]

    def _looked(self, queries: Any, keys: Any, number: int, group: QuestionGroup) -> torch.Tensor:
        """Return the log of the attention that the tokens which mean objects give the prefix, (m, heads, prefix)."""
        named, heads = group.pointers, slice(0, self._heads)
        asks = queries[number][named.question, heads, named.place].float()
        before = keys[0][:, heads][group.image[named.question]].float()
        own = keys[number][:, heads][named.question].float()
        scores = torch.cat([torch.einsum("mhd,mhtd->mht", asks, some) for some in (before, own)], -1) * self._scale
        later = torch.arange(own.shape[2]) > named.place[:, None]
        scores[..., before.shape[2] :] = scores[..., before.shape[2] :].masked_fill(later[:, None], -torch.inf)
        return torch.log_softmax(scores, -1)[..., : before.shape[2]]

    def _evidence(
        self, looked: list[torch.Tensor], states: list[torch.Tensor], batch: PrefixBatch
    ) -> tuple[torch.Tensor, dict[str, float]] | None:
        named = [group.pointers for group in batch.groups]
        if not sum(len(one.place) for one in named):
            return None
        attention, weights = torch.cat(looked), torch.cat([one.weights for one in named])
        at = torch.cat([part[one.question, one.place] for part, one in zip(states, named, strict=True)])
        pointing = pointing_loss(attention, weights)
        reading = reading_loss(self._readout(at), torch.cat([one.readings for one in named]))
        right = pointed_right(attention, weights, (batch.prefix == self._image_id).expand(len(weights), -1))
        said = {
            "pointing_loss": pointing.item(),
            "reading_loss": reading.item(),
            "pointing": right.float().mean().item(),
        }
        return pointing + reading, said

    def _asked(self, states: list[torch.Tensor], batch: PrefixBatch) -> torch.Tensor:
        """Return the loss of reading what questions ask at their ends."""
        pairs = zip(states, batch.groups, strict=True)
        at = torch.cat([part[torch.arange(len(part)), group.end] for part, group in pairs])
        return reading_loss(self._asking(at), torch.cat([group.asked for group in batch.groups]))


def _parts(flat: torch.Tensor, shapes: Sequence[tuple[int, int]]) -> list[torch.Tensor]:
    split = flat.split([count * length for count, length in shapes])
    return [part.unflatten(0, shape) for part, shape in zip(split, shapes, strict=True)]


def _normed(norm: Any, states: torch.Tensor) -> torch.Tensor:
    return RmsNorm.apply(states, norm.weight, norm.variance_epsilon)  # pyright: ignore


class RmsNorm(torch.autograd.Function):
    """Divides by the root of the mean square, in few passes over memory: torch has no kernel of it for processors."""

    @staticmethod
    def forward(ctx: Any, states: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:  # pyright: ignore
        """Return states (t, width), each divided by its size, times weight."""
        size = torch.linalg.vector_norm(states, dim=-1, keepdim=True, dtype=torch.float32)
        over = torch.rsqrt(size.square() / states.shape[-1] + epsilon).to(states.dtype)
        plain = states * over
        ctx.save_for_backward(plain, over, weight)
        return plain * weight.to(states.dtype)

    @staticmethod
    def backward(ctx: Any, given: torch.Tensor) -> Any:  # pyright: ignore
        """Return the gradients of states and weight."""
        plain, over, weight = ctx.saved_tensors
        of_weight = (given * plain).sum(0, dtype=torch.float32)
        inner = given * weight.to(given.dtype)
        along = torch.linalg.vecdot(inner, plain)[:, None] / plain.shape[-1]
        return torch.addcmul(inner, plain, along, value=-1).mul_(over), of_weight, None


def _turned(vectors: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turn each pair of a number of the first half and one of the second by its position, as Llama does."""
    first, second = vectors.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def _attended(queries: torch.Tensor, seen: Sequence[Sequence[torch.Tensor]], scale: float) -> torch.Tensor:
    """Attend to keys and values of what was seen before, and last to what is said: there to no later token."""
    length = queries.shape[2]
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    scores = [(queries * scale) @ keys.mT for keys, _ in seen]
    scores[-1] = scores[-1].masked_fill(later, -torch.inf)
    shares = torch.softmax(torch.cat(scores, -1), -1).to(queries.dtype)
    parts = shares.split([keys.shape[2] for keys, _ in seen], -1)
    made = [share @ values for share, (_, values) in zip(parts, seen, strict=True)]
    return sum(made[1:], made[0])
