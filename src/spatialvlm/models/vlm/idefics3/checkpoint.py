"""The files of a checkpoint: a folder as transformers writes it -> its settings and its weights as float32 arrays.

Read without torch: a file of safetensors is a header in JSON and the numbers of each tensor in one piece
(https://github.com/huggingface/safetensors#format). bfloat16 is the upper half of float32.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from spatialvlm.errors import UserError

_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}
_LONGEST_HEADER = 100_000_000


class Tensors:
    """The weights of a checkpoint by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        index = folder / "model.safetensors.index.json"
        names = sorted({*read_json(index)["weight_map"].values()}) if index.is_file() else ["model.safetensors"]
        self._held: dict[str, np.ndarray] = {}
        for name in names:
            self._held |= read_safetensors(folder / name)

    def __contains__(self, name: str) -> bool:
        return name in self._held

    def take(self, name: str, *shape: int) -> Float32[np.ndarray, "..."]:
        """Return a tensor. Raises UserError where there is none of that name and shape."""
        found = self._held.get(name)
        if found is None:
            raise UserError(f"weights {self._folder.name!r}: tensor {name!r} is missing; get them anew")
        if found.shape != shape:
            raise UserError(
                f"weights {self._folder.name!r}: tensor {name!r} is {found.shape}, but config.json says {shape}; get "
                "the files anew, of one checkpoint"
            )
        return found

    def take_if_any(self, name: str, *shape: int) -> Float32[np.ndarray, "..."] | None:
        """Return a tensor that a checkpoint may lack, such as a bias."""
        return self.take(name, *shape) if name in self else None


def read_safetensors(path: Path) -> dict[str, Float32[np.ndarray, "..."]]:
    """Read all tensors of a file as float32. Raises UserError for what is no such file, or a part of one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"weights {path}: cannot be read ({error.strerror}); give a whole checkpoint") from None
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, _LONGEST_HEADER):
        raise UserError(f"weights {path}: {len(data)} bytes that are no file of safetensors, or cut off; get it anew")
    try:
        header = json.loads(data[8 : 8 + size])
        return {name: _tensor(data, 8 + size, told) for name, told in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"weights {path}: are damaged or of an unknown type ({error!r}); get them anew") from None


def _tensor(data: bytes, start: int, told: Mapping[str, Any]) -> Float32[np.ndarray, "..."]:
    kind = _TYPES[told["dtype"]]
    first, _ = told["data_offsets"]
    flat = np.frombuffer(data, kind, math.prod(told["shape"]), start + first)
    if told["dtype"] == "BF16":
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    return flat.astype(np.float32, copy=False).reshape(told["shape"])


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object. Raises UserError where there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); give a whole checkpoint") from None
    if not isinstance(data, dict):
        raise UserError(f"{path}: expected a JSON object")
    return data


def read_json_if_any(path: Path) -> dict[str, Any]:
    """Read a JSON object that a checkpoint may lack; an empty one stands for it."""
    return read_json(path) if path.is_file() else {}
