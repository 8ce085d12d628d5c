"""Where a stage of nano is: its checkpoint, replaced as a whole, and its log, a line of JSON at each measuring."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch  # pyright: ignore[reportMissingImports]
from safetensors import safe_open  # pyright: ignore[reportMissingImports]
from safetensors.torch import load_file, save_file  # pyright: ignore[reportMissingImports]

from spatialvlm.errors import UserError

TOWER = "tower.safetensors"
PRECISIONS = ("float32", "bfloat16")
"""Which is faster differs by the processor, by more than two either way: measure."""


class NanoRun:
    """The folder of a stage. `parts` are what has a state: modules and optimizers by name.

    `settings` decide the run: a folder of other settings is refused by UserError, with what differs.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self._settings, self._parts = folder, dict(settings), parts
        self._path, self.log = folder / "checkpoint.pt", folder / "log.jsonl"
        self.seconds = 0.0
        self._since = time.process_time()

    def resume(self) -> int:
        """Load the last checkpoint; returns the step to go on with, 0 where there is none."""
        if not self._path.exists():
            return 0
        saved = torch.load(self._path, weights_only=True)
        for name, value in self._settings.items():
            if saved["settings"].get(name) != value:
                raise UserError(
                    f"{self.folder}: its run had {name} {saved['settings'].get(name)!r}, this one has {value!r}; give "
                    "the same settings, or another folder"
                )
        for name, part in self._parts.items():
            part.load_state_dict(saved["parts"][name])
        self.seconds = saved["seconds"]
        return int(saved["step"])

    def save(self, step: int) -> None:
        """Write all that the run needs to go on after a step."""
        self._count()
        parts = {name: part.state_dict() for name, part in self._parts.items()}
        whole = {"step": step, "seconds": self.seconds, "settings": self._settings, "parts": parts}
        temporary = self._path.with_suffix(".new")
        torch.save(whole, temporary)
        os.replace(temporary, self._path)

    def tell(self, step: int, figures: Mapping[str, float]) -> str:
        """Add a line to the log, with the seconds of processor time so far; returns it in words."""
        self._count()
        rounded = {name: round(float(value), 4) for name, value in figures.items()}
        line = {"step": step, "seconds": round(self.seconds, 1), **rounded}
        with self.log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return "  ".join(f"{name} {value:g}" for name, value in line.items())

    def _count(self) -> None:
        now = time.process_time()
        self.seconds += now - self._since
        self._since = now


def checked_precision(name: str) -> str:
    """Return the precision. Raises UserError for one that is not known."""
    if name not in PRECISIONS:
        raise UserError(f"precision {name!r}: unknown; choose one of {', '.join(PRECISIONS)}")
    return name


def in_precision(name: str) -> Any:
    """Make a context in which products of matrices are computed in a precision; weights stay in float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=checked_precision(name) == "bfloat16")


def mean_of(lines: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Take the mean of figures over lines that may lack some."""
    names = dict.fromkeys(name for line in lines for name in line)
    found = {name: [line[name] for line in lines if name in line] for name in names}
    return {name: sum(values) / len(values) for name, values in found.items()}


def write_tower(
    tower: torch.nn.Module, folder: Path, words: Sequence[str] = (), looks: torch.Tensor | None = None
) -> None:
    """Write a vision tower in half precision, for `read_tower`, and what it knows of words, for `read_words`."""
    state = {f"tower.{name}": weight for name, weight in tower.state_dict().items()}
    if looks is not None:
        state["words"] = looks.detach()
    halved = {name: weight.to(torch.bfloat16).contiguous() for name, weight in state.items()}
    temporary = folder / "tower.new"
    save_file(halved, temporary, {"words": json.dumps([*words])})
    os.replace(temporary, folder / TOWER)


def read_tower(path: Path) -> dict[str, torch.Tensor]:
    """Read the weights of a vision tower from its file, or from the folder of stage 0. Raises UserError without one."""
    state = load_file(_tower_file(path))
    return {name.removeprefix("tower."): weight.float() for name, weight in state.items() if name != "words"}


def read_words(path: Path) -> dict[str, torch.Tensor]:
    """Read what a tower knows of words: of each the direction of its patches. Raises UserError without a tower."""
    with safe_open(_tower_file(path), "pt") as file:
        words = json.loads((file.metadata() or {}).get("words", "[]"))
        return dict(zip(words, file.get_tensor("words").float(), strict=True)) if words else {}


def _tower_file(path: Path) -> Path:
    file = path / TOWER if path.is_dir() else path
    if not file.exists():
        raise UserError(
            f"vision tower {str(path)!r}: neither a file of weights nor a folder of stage 0; train it first"
        )
    return file
