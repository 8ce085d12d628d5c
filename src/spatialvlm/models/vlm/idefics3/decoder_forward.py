"""The part that writes: vectors of tokens -> scores of the token that follows each, and where each looked.

A decoder of the Llama kind: RMS norms, rotary positions, grouped heads, SwiGLU. What was read stays in a cache, so that
each further token costs one step. Facts: transformers 5.23, models/llama/modeling_llama.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from spatialvlm.errors import UserError
from spatialvlm.models.vlm.idefics3.checkpoint import Tensors
from spatialvlm.models.vlm.idefics3.layers import Array, activation, linear, rms_norm, softmax

_PREFIX = "model.text_model."
Cache = list[tuple[Array, Array]]
"""Of each layer the keys and the values of all tokens so far, (rows, heads, tokens, size)."""


class Decoder:
    """The language model of a checkpoint. Raises UserError for one that does not fit `config`."""

    def __init__(self, tensors: Tensors, config: Mapping[str, Any]) -> None:
        text = config["text_config"]
        if text.get("model_type", "llama") != "llama":
            raise UserError(f"text model {text['model_type']!r}: expected 'llama'; use transformers:WEIGHTS instead")
        self.width, self._hidden = int(text["hidden_size"]), int(text["intermediate_size"])
        self._heads = int(text["num_attention_heads"])
        self._groups = int(text.get("num_key_value_heads") or self._heads)
        self._size = int(text.get("head_dim") or self.width // self._heads)
        self._epsilon, self._act = float(text.get("rms_norm_eps", 1e-6)), activation(text.get("hidden_act", "silu"))
        self.longest = int(text.get("max_position_embeddings", 2048))
        self._turns = _turns(text, self._size)
        vocabulary = int(text["vocab_size"])
        self._embed = tensors.take(f"{_PREFIX}embed_tokens.weight", vocabulary, self.width)
        head = tensors.take_if_any("lm_head.weight", vocabulary, self.width)
        self._head = self._embed if head is None else head
        count = int(text["num_hidden_layers"])
        self._layers = [self._layer(tensors, f"{_PREFIX}layers.{place}.") for place in range(count)]
        self._norm = tensors.take(f"{_PREFIX}norm.weight", self.width)

    def _layer(self, tensors: Tensors, prefix: str) -> dict[str, Array | None]:
        whole, part = self._heads * self._size, self._groups * self._size
        sizes = {"q_proj": (whole, self.width), "k_proj": (part, self.width), "v_proj": (part, self.width)}
        sizes = {f"self_attn.{name}": size for name, size in sizes.items()}
        sizes |= {"self_attn.o_proj": (self.width, whole), "mlp.down_proj": (self.width, self._hidden)}
        sizes |= {f"mlp.{name}": (self._hidden, self.width) for name in ("gate_proj", "up_proj")}
        held: dict[str, Array | None] = {}
        for name, shape in sizes.items():
            held[name] = tensors.take(f"{prefix}{name}.weight", *shape)
            held[f"{name}.bias"] = tensors.take_if_any(f"{prefix}{name}.bias", shape[0])
        for name in ("input_layernorm", "post_attention_layernorm"):
            held[name] = tensors.take(f"{prefix}{name}.weight", self.width)
        return held

    def embed(self, tokens: Int64[np.ndarray, "..."]) -> Array:
        """Look up the vectors of tokens."""
        return self._embed[tokens]

    def __call__(
        self, states: Float32[np.ndarray, "rows tokens width"], cache: Cache
    ) -> tuple[Float32[np.ndarray, "rows tokens width"], list[Float32[np.ndarray, "rows heads tokens all"]]]:
        """Read further tokens: what leaves the last layer, and of each layer the attention to all tokens so far.

        `cache` is that of what was read before, empty at first; the new tokens are put into it.
        """
        before = cache[0][0].shape[2] if cache else 0
        places = np.arange(before, before + states.shape[1])
        looked = []
        for place, layer in enumerate(self._layers):
            normed = rms_norm(states, _of(layer, "input_layernorm"), self._epsilon)
            made, shares = self._attend(normed, layer, places, cache, place)
            states = states + made
            normed = rms_norm(states, _of(layer, "post_attention_layernorm"), self._epsilon)
            gate = self._act(_by(normed, layer, "mlp.gate_proj"))
            states = states + _by(gate * _by(normed, layer, "mlp.up_proj"), layer, "mlp.down_proj")
            looked.append(shares)
        return rms_norm(states, self._norm, self._epsilon), looked

    def scores(self, states: Array) -> Array:
        """Score every token of the vocabulary as the next one."""
        return linear(states, self._head)

    def _attend(
        self, states: Array, layer: Mapping[str, Array | None], places: Int64[np.ndarray, " t"], cache: Cache, own: int
    ) -> tuple[Array, Array]:
        rows, count, _ = states.shape
        queries, keys, values = (
            _by(states, layer, f"self_attn.{name}").reshape(rows, count, -1, self._size).transpose(0, 2, 1, 3)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        queries, keys = self._turned(queries, places), self._turned(keys, places)
        if own < len(cache):
            keys = np.concatenate([cache[own][0], keys], 2)
            values = np.concatenate([cache[own][1], values], 2)
            cache[own] = keys, values
        else:
            cache.append((keys, values))
        queries = queries.reshape(rows, self._groups, -1, count, self._size)
        scores = queries @ keys[:, :, None].swapaxes(-1, -2) * np.float32(self._size**-0.5)
        later = np.arange(keys.shape[2])[None, :] > places[:, None]
        shares = softmax(np.where(later, np.float32(-np.inf), scores))
        made = (shares @ values[:, :, None]).reshape(rows, self._heads, count, self._size)
        made = _by(made.transpose(0, 2, 1, 3).reshape(rows, count, -1), layer, "self_attn.o_proj")
        return made, shares.reshape(rows, self._heads, count, -1)

    def _turned(self, vectors: Array, places: Int64[np.ndarray, " t"]) -> Array:
        """Turn queries or keys by their positions: each pair of a number of the first half and one of the second."""
        angles = places[:, None].astype(np.float32) * self._turns
        cos, sin = np.cos(angles), np.sin(angles)
        first, second = np.split(vectors, 2, axis=-1)
        return np.concatenate([first * cos - second * sin, second * cos + first * sin], -1)


def _turns(text: Mapping[str, Any], size: int) -> Float32[np.ndarray, " half"]:
    """Return how far each pair of numbers is turned a position. Raises UserError for other than plain rotation."""
    rope = text.get("rope_parameters") or text.get("rope_scaling") or {}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind != "default":
        raise UserError(f"rotary positions of type {kind!r}: expected 'default'; use transformers:WEIGHTS instead")
    base = float(rope.get("rope_theta") or text.get("rope_theta") or 10000.0)
    return (base ** -(np.arange(0, size, 2, dtype=np.float32) / np.float32(size))).astype(np.float32)


def _of(layer: Mapping[str, Array | None], name: str) -> Array:
    found = layer[name]
    assert found is not None
    return found


def _by(states: Array, layer: Mapping[str, Array | None], name: str) -> Array:
    return linear(states, _of(layer, name), layer[f"{name}.bias"])
