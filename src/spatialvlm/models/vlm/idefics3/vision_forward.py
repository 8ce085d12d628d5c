"""The part that sees: pixels -> one vector per image token, as wide as the language model.

A ViT of the SigLIP kind, whose learnt positions are looked up by shares of the picture, then neighbouring patches are
laid side by side (pixel shuffle) and projected. Facts: transformers 5.23, models/idefics3/modeling_idefics3.py.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float32, Int64

from spatialvlm.errors import UserError
from spatialvlm.models.vlm.idefics3.checkpoint import Tensors
from spatialvlm.models.vlm.idefics3.layers import Array, activation, layer_norm, linear, softmax

_PREFIX = "model.vision_model."


class Eye:
    """The vision tower and the connector of a checkpoint. Raises UserError for one that does not fit `config`."""

    def __init__(self, tensors: Tensors, config: Mapping[str, Any]) -> None:
        vision = config["vision_config"]
        self.patch, self.scale = int(vision.get("patch_size", 32)), int(config.get("scale_factor", 2))
        self._width, self._heads = int(vision.get("hidden_size", 1152)), int(vision.get("num_attention_heads", 16))
        self._hidden = int(vision.get("intermediate_size", 3072))
        self._epsilon = float(vision.get("layer_norm_eps", 1e-6))
        self._act = activation(vision.get("hidden_act", "gelu_pytorch_tanh"))
        self._side = int(vision.get("image_size", 224)) // self.patch
        pixels = (3, self.patch, self.patch)
        embed = f"{_PREFIX}embeddings."
        weight = tensors.take(f"{embed}patch_embedding.weight", self._width, *pixels)
        self._embed = weight.reshape(self._width, -1)
        self._embed_bias = tensors.take(f"{embed}patch_embedding.bias", self._width)
        self._places = tensors.take(f"{embed}position_embedding.weight", self._side**2, self._width)
        count = int(vision.get("num_hidden_layers", 12))
        self._layers = [self._layer(tensors, f"{_PREFIX}encoder.layers.{place}.") for place in range(count)]
        self._last = [tensors.take(f"{_PREFIX}post_layernorm.{part}", self._width) for part in ("weight", "bias")]
        self._project = tensors.take(
            "model.connector.modality_projection.proj.weight",
            int(config["text_config"]["hidden_size"]),
            self._width * self.scale**2,
        )

    def _layer(self, tensors: Tensors, prefix: str) -> dict[str, Array]:
        width, hidden = self._width, self._hidden
        sizes = {f"self_attn.{name}": (width, width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")}
        sizes |= {"mlp.fc1": (hidden, width), "mlp.fc2": (width, hidden), "layer_norm1": (width,)}
        sizes |= {"layer_norm2": (width,)}
        held = {}
        for name, shape in sizes.items():
            held[f"{name}.weight"] = tensors.take(f"{prefix}{name}.weight", *shape)
            held[f"{name}.bias"] = tensors.take(f"{prefix}{name}.bias", shape[0])
        return held

    def __call__(self, pixels: Float32[np.ndarray, "3 side side"]) -> Float32[np.ndarray, "tokens width"]:
        """See one square picture: the vectors of its image tokens, row by row. Raises UserError for an odd size."""
        side = pixels.shape[1] // self.patch
        if side * self.patch != pixels.shape[1] or side % self.scale:
            raise UserError(
                f"picture of {pixels.shape[1]} pixels: expected a multiple of {self.patch * self.scale}; mend "
                "max_image_size of the image processor"
            )
        grid = pixels.reshape(3, side, self.patch, side, self.patch).transpose(1, 3, 0, 2, 4)
        states = linear(grid.reshape(side**2, -1), self._embed, self._embed_bias)
        states = states + self._places[place_numbers(side, self._side)]
        for layer in self._layers:
            states = states + self._attend(self._normed(states, layer, "layer_norm1"), layer)
            inner = self._act(_by(self._normed(states, layer, "layer_norm2"), layer, "mlp.fc1"))
            states = states + _by(inner, layer, "mlp.fc2")
        states = layer_norm(states, self._last[0], self._last[1], self._epsilon)
        return linear(self._shuffled(states, side), self._project)

    def _normed(self, states: Array, layer: Mapping[str, Array], name: str) -> Array:
        return layer_norm(states, layer[f"{name}.weight"], layer[f"{name}.bias"], self._epsilon)

    def _attend(self, states: Array, layer: Mapping[str, Array]) -> Array:
        queries, keys, values = (
            _by(states, layer, f"self_attn.{name}").reshape(len(states), self._heads, -1).transpose(1, 0, 2)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        shares = softmax(queries @ keys.transpose(0, 2, 1) * np.float32(queries.shape[-1] ** -0.5))
        return _by((shares @ values).transpose(1, 0, 2).reshape(states.shape), layer, "self_attn.out_proj")

    def _shuffled(self, states: Array, side: int) -> Array:
        """Lay the patches of each square of `scale` x `scale` side by side, row by row."""
        small = side // self.scale
        squares = states.reshape(small, self.scale, small, self.scale, -1).transpose(0, 2, 1, 3, 4)
        return squares.reshape(small**2, -1)


def _by(states: Array, layer: Mapping[str, Array], name: str) -> Array:
    return linear(states, layer[f"{name}.weight"], layer[f"{name}.bias"])


def place_numbers(side: int, learnt: int) -> Int64[np.ndarray, " patches"]:
    """Find which learnt position each patch of a square picture gets, row by row; both sides count patches.

    A patch whose upper left corner lies at a share of the picture gets the position at that share of the learnt grid.
    """
    borders = np.arange(1 / learnt, 1.0, 1 / learnt).astype(np.float32)
    shares = np.minimum(np.arange(side, dtype=np.float32) * (np.float32(1) / np.float32(side)), np.float32(1 - 1e-6))
    near = np.searchsorted(borders, shares, side="right").astype(np.int64)
    return (near[:, None] * learnt + near[None, :]).ravel()
