"""Nano in training: the image once, and questions beside each other, each of which sees the image and itself alone.

The loss is that of packed rows, see `packing`, at a fraction of the attention: a mask hides there what is never
computed here. Questions of like lengths lie together, so that little is filled up. The weights are those of the model
of transformers; only the way through its language layers is written here.
"""

from collections.abc import Sequence
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from spatialvlm.train.evidence import READ, Readout, pointed_right, pointing_loss, reading_loss
from spatialvlm.train.nano.question_groups import PrefixBatch, QuestionGroup

READ_AT_ENDS = {1: "recalled", 3: "asked"}
"""What is read at ends of questions, so many layers after evidence."""


class Readouts(nn.Module):
    """What is read on the way to an answer, layer by layer, by small nets that are thrown away after training.

    `named` reads at each name what is known of its thing; `recalled`, one layer later, at the end of a question what is
    known of its first and its last name; `asked`, two more layers later, what the question asks.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.named, self.recalled, self.asked = (
            Readout(width),
            Readout(width, count=2 * len(READ)),
            Readout(width, count=2),
        )


class SharedPrefix:
    """Computes the losses of batches with a model; evidence is taught from `layer` on, pointing to the first `heads`.

    `follow` teaches the ends of questions too, see `Readouts`: without it names alone.
    """

    def __init__(self, model: Any, readouts: Readouts, layer: int, heads: int, *, follow: bool = True) -> None:
        self._model, self._readouts, self._taught, self._heads, self._follow = model, readouts, layer, heads, follow
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
        evidence, further = None, dict[str, torch.Tensor]()
        for place, layer in enumerate(self._text.layers):
            queries, keys, values = self._projected(layer, flat, shapes, turns)
            if place == self._taught:
                found = [self._looked(queries, keys, number, group) for number, group in enumerate(groups, 1)]
            if place == self._taught + 1 and self._follow:
                further |= self._recalling(queries, keys, groups)
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
            if place - self._taught in READ_AT_ENDS and self._follow:
                further |= self._at_ends(_parts(flat, shapes)[1:], groups, READ_AT_ENDS[place - self._taught])
        states = torch.cat(
            [part[group.question, group.place] for part, group in zip(_parts(flat, shapes)[1:], groups, strict=True)]
        )
        scores = self._model.lm_head(_normed(self._text.norm, states))
        answers = functional.cross_entropy(scores.float(), torch.cat([group.label for group in groups]))
        loss, said = evidence or (None, {})
        if loss is not None:
            loss = torch.stack([loss, *further.values()]).sum()
            said |= {name: one.item() for name, one in further.items()}
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
        named = group.pointers
        asks = queries[number][named.question, slice(0, self._heads), named.place].float()
        image = group.image[named.question]
        return self._log_attention(asks, keys, number, image, named.question, named.place)[..., : keys[0].shape[2]]

    def _log_attention(self, asks: Any, keys: Any, number: int, image: Any, question: Any, place: Any) -> torch.Tensor:
        """Return the log of the attention of queries (m, heads, size) of a group, (m, heads, prefix and question)."""
        heads = slice(0, asks.shape[1])
        before, own = keys[0][:, heads][image].float(), keys[number][:, heads][question].float()
        scores = torch.cat([torch.einsum("mhd,mhtd->mht", asks, some) for some in (before, own)], -1) * self._scale
        later = torch.arange(own.shape[2]) > place[:, None]
        scores[..., before.shape[2] :] = scores[..., before.shape[2] :].masked_fill(later[:, None], -torch.inf)
        return torch.log_softmax(scores, -1)

    def _recalling(self, queries: Any, keys: Any, groups: Sequence[QuestionGroup]) -> dict[str, torch.Tensor]:
        """Return the loss of where ends of questions look: the first head at the first name, the second at the last.

        So both of two things that were read are at hand where they are compared, each in a place of its own.
        """
        losses, both = [], slice(0, 2)
        for number, group in enumerate(groups, 1):
            asks = torch.nonzero(group.named[:, 0] >= 0)[:, 0]
            query = queries[number][asks, both, group.end[asks]].float()
            looked = self._log_attention(query, keys, number, group.image[asks], asks, group.end[asks])
            where = group.named[asks] + keys[0].shape[2]
            losses.append(-looked.gather(-1, where[..., None]))
        together = torch.cat(losses)
        return {"recalling_loss": together.mean()} if len(together) else {}

    def _evidence(
        self, looked: list[torch.Tensor], states: list[torch.Tensor], batch: PrefixBatch
    ) -> tuple[torch.Tensor, dict[str, float]] | None:
        named = [group.pointers for group in batch.groups]
        if not sum(len(one.place) for one in named):
            return None
        attention, weights = torch.cat(looked), torch.cat([one.weights for one in named])
        at = torch.cat([part[one.question, one.place] for part, one in zip(states, named, strict=True)])
        pointing = pointing_loss(attention, weights)
        reading = reading_loss(self._readouts.named(at), torch.cat([one.readings for one in named]))
        right = pointed_right(attention, weights, (batch.prefix == self._image_id).expand(len(weights), -1))
        said = {
            "pointing_loss": pointing.item(),
            "reading_loss": reading.item(),
            "pointing": right.float().mean().item(),
        }
        return pointing + reading, said

    def _at_ends(
        self, states: list[torch.Tensor], groups: Sequence[QuestionGroup], name: str
    ) -> dict[str, torch.Tensor]:
        """Return the loss of reading at ends of questions: both things, or what is asked."""
        at = torch.cat([part[torch.arange(len(part)), group.end] for part, group in zip(states, groups, strict=True)])
        known = torch.cat([getattr(group, name) for group in groups])
        return {f"{name}_loss": reading_loss(getattr(self._readouts, name)(at), known)}


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
