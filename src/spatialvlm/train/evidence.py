"""Evidence as supervision: where a name's token looks, and what it knows of the object's distance, sizes and bearing.

At the last token of each name chosen attention heads are taught the object's mask: cross-entropy between the share of
the object in each image token and the attention that the head gives it, of all that it attends to. Real heads, so that
what is found is handed on. From what leaves that layer a small net reads log distance, log width, log height (of
metres) and bearing; it is thrown away after training. Only the rows of those tokens are computed, from the queries and
keys that the layer makes anyway, so that its own attention stays fast.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

from spatialvlm.errors import UserError
from spatialvlm.train.model_parts import language_layers

READ = ("distance", "width", "height", "bearing")


class AttentionTap:
    """Keeps, of the last forward pass, queries, keys and positions of one layer of the language model, and its output.

    `layer` -1 is the middle one. `heads` is how many heads from the first are taught; `taught` says both as config.json
    does. `close` takes the hooks off.
    Raises UserError for a layer or heads that the model has not, or an attention without rotary positions.
    """

    def __init__(self, model: Any, layer: int = -1, heads: int = 2) -> None:
        layers = language_layers(model)
        chosen = len(layers) // 2 if layer == -1 else layer
        if not 0 <= chosen < len(layers):
            raise UserError(f"evidence layer {layer}: the model has layers 0 to {len(layers) - 1}")
        whole = layers[chosen]
        self._attention = whole.self_attn
        self.width: int = self._attention.q_proj.in_features
        self._size = int(self._attention.head_dim)
        self._count = self._attention.q_proj.out_features // self._size
        if heads > self._count:
            raise UserError(f"evidence heads {heads}: a layer of the model has {self._count}")
        self._heads = list(range(heads))
        self.taught = {"layer": chosen, "heads": heads}
        rotate = getattr(sys.modules[type(self._attention).__module__], "apply_rotary_pos_emb", None)
        if rotate is None:
            raise UserError(f"evidence: {type(self._attention).__name__} has no rotary positions; train without it")
        self._rotate: Callable[..., Any] = rotate
        self._kept: dict[str, Any] = {}
        self._hooks = [
            self._attention.q_proj.register_forward_hook(self._keep("queries")),
            self._attention.k_proj.register_forward_hook(self._keep("keys")),
            self._attention.register_forward_pre_hook(self._keep_positions, with_kwargs=True),
            whole.register_forward_hook(self._keep("output")),
        ]

    def close(self) -> None:
        """Take the hooks off the model."""
        for hook in self._hooks:
            hook.remove()
        self._kept = {}

    def _keep(self, name: str) -> Any:
        def hook(module: Any, given: Any, made: Any) -> None:
            self._kept[name] = made[0] if isinstance(made, tuple) else made

        return hook

    def _keep_positions(self, module: Any, given: Any, named: Mapping[str, Any]) -> None:
        self._kept["positions"] = named["position_embeddings"]

    def log_attention(self, row: Any, place: Any, sees: Any) -> Any:
        """Return the logarithm of attention, (tokens, heads, all tokens), of tokens at (row, place); `sees` masks."""
        queries, keys = (self._split(self._kept[name]) for name in ("queries", "keys"))
        queries = self._normed("q_norm", queries[row, place][:, self._heads])
        groups = self._count // keys.shape[2]
        keys = self._normed("k_norm", keys[:, :, [head // groups for head in self._heads]])
        cos, sin = (part.expand(keys.shape[0], -1, -1) for part in self._kept["positions"])
        at = (cos[row, place][:, None], sin[row, place][:, None])
        queries = self._rotate(queries[:, :, None], queries[:, :, None], *at)[0][:, :, 0]
        keys = self._rotate(keys.transpose(1, 2), keys.transpose(1, 2), cos, sin)[0]
        scores = queries.new_zeros((len(row), len(self._heads), keys.shape[2]), dtype=torch.float32)
        for number in range(keys.shape[0]):
            here = (row == number).nonzero()[:, 0]
            product = torch.einsum("mhd,htd->mht", queries[here].float(), keys[number].float())
            scores = scores.index_copy(0, here, product)
        scores = (scores * float(self._attention.scaling)).masked_fill(~sees[:, None], float("-inf"))
        return torch.log_softmax(scores, -1)

    def output(self, row: Any, place: Any) -> Any:
        """Return what leaves the layer at some tokens, (tokens, width)."""
        return self._kept["output"][row, place]

    def _split(self, made: Any) -> Any:
        return made.view(*made.shape[:2], -1, self._size)

    def _normed(self, name: str, made: Any) -> Any:
        norm = getattr(self._attention, name, None)
        return made if norm is None else norm(made)


class Readout(nn.Module):
    """A small net from what leaves a layer at a token to `count` numbers: at a name to the object's `READ`."""

    def __init__(self, width: int, hidden: int = 64, count: int = len(READ)) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, count))

    def forward(self, states: Any) -> Any:
        """Read (tokens, width) as (tokens, readings)."""
        return self.layers(states.float())


def pointing_loss(log_attention: Any, weights: Any) -> Any:
    """Return the cross-entropy between shares of objects (tokens, all tokens) and attention, over tokens and heads."""
    taught = weights[:, None].expand_as(log_attention)
    return -torch.where(taught > 0, taught * log_attention, 0.0).sum(-1).mean()


def pointed_right(log_attention: Any, weights: Any, image: Any) -> Any:
    """Tell for each token whether the image token that the heads together attend to most shows a part of its object."""
    among = log_attention.exp().mean(1).masked_fill(~image, -1.0)
    return weights.gather(1, among.argmax(-1, keepdim=True))[:, 0] > 0


def reading_loss(read: Any, known: Any) -> Any:
    """Return the smooth L1 distance of readings from what is known; what is NaN carries no loss."""
    is_known = ~torch.isnan(known)
    apart = functional.smooth_l1_loss(read, torch.where(is_known, known, 0.0), reduction="none", beta=0.1)
    return (apart * is_known).sum() / is_known.sum().clamp(min=1)


class Evidence:
    """The loss of pointing and reading of one batch, and what to report of it."""

    def __init__(self, tap: AttentionTap, readout: Readout) -> None:
        self._tap, self._readout = tap, readout

    def loss(self, batch: Mapping[str, Any], is_image: Any) -> tuple[Any, dict[str, float]]:
        """Return the loss of the last forward pass, None where the batch names nothing; `is_image` marks its tokens."""
        row, place = batch["row"], batch["place"]
        if not len(row):
            return None, {}
        attention = self._tap.log_attention(row, place, batch["sees"])
        pointing = pointing_loss(attention, batch["weights"])
        reading = reading_loss(self._readout(self._tap.output(row, place)), batch["readings"])
        right = pointed_right(attention, batch["weights"], is_image[row]).float().mean()
        said = {"pointing_loss": pointing.item(), "reading_loss": reading.item(), "pointing": right.item()}
        return pointing + reading, said
