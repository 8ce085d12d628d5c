"""Layers that networks are made of, in numpy: an array and weights -> an array; float32 in and out."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float32

from spatialvlm.errors import UserError

Array = Float32[np.ndarray, "..."]


def linear(states: Array, weight: Float32[np.ndarray, "out into"], bias: Array | None = None) -> Array:
    """Map the last axis by a matrix, and add a bias."""
    made = states @ weight.T
    return made if bias is None else made + bias


def layer_norm(states: Array, weight: Array, bias: Array, epsilon: float) -> Array:
    """Bring the last axis to mean 0 and variance 1, then scale and shift it."""
    centred = states - states.mean(-1, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(-1, keepdims=True) + np.float32(epsilon)) * weight + bias


def rms_norm(states: Array, weight: Array, epsilon: float) -> Array:
    """Bring the last axis to mean square 1, then scale it (https://arxiv.org/abs/1910.07467)."""
    return states / np.sqrt(np.square(states).mean(-1, keepdims=True) + np.float32(epsilon)) * weight


def softmax(scores: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Turn scores along the last axis into shares."""
    raised = np.exp(scores - scores.max(-1, keepdims=True))
    return raised / raised.sum(-1, keepdims=True)


def _silu(states: Array) -> Array:
    return states / (1 + np.exp(-np.clip(states, -80, None)))


def _gelu_tanh(states: Array) -> Array:
    inner = np.float32(np.sqrt(2 / np.pi)) * (states + np.float32(0.044715) * states * states * states)
    return np.float32(0.5) * states * (1 + np.tanh(inner))


def _relu(states: Array) -> Array:
    return np.maximum(states, 0)


def activation(name: str) -> Callable[[Array], Array]:
    """Look up an activation by the name that configurations give it. Raises UserError for an unknown one."""
    known = {"silu": _silu, "gelu_pytorch_tanh": _gelu_tanh, "relu": _relu}
    if name not in known:
        raise UserError(f"activation {name!r}: expected one of {', '.join(known)}; use transformers:WEIGHTS instead")
    return known[name]
