"""All that decides a training run, checked where it is made."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from spatialvlm.errors import UserError

Stage = Literal["sft", "grpo"]
Vision = Literal["trained", "frozen"]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """All that decides a training run.

    `data` are dataset folders, `base` the checkpoint to begin with, `out` the folder to write. `general` is other data,
    JSONL files of messages or hub ids; `share` is the share of all tokens that are spatial, by default 0.05 as in the
    paper where there is general data, else 1.

    `steps` is the number of optimizer steps, `frozen_steps` how many more come first with the vision tower frozen (the
    paper: 110,000 frozen, then 70,000 unfrozen). Each step takes `batch_size` rows times `accumulate`, on each process.
    `lora` is the rank of adapters, 0 trains all weights. `evidence` weighs the loss of pointing and reading, 0 is none;
    `evidence_layer` -1 is the middle layer. `label_noise` is the relative sigma of wrong lengths.

    Raises UserError for values out of range.
    """

    data: tuple[str, ...]
    base: str
    out: Path
    stage: Stage = "sft"
    general: tuple[str, ...] = ()
    share: float | None = None
    steps: int = 1000
    frozen_steps: int = 0
    vision: Vision = "trained"
    learning_rate: float = 2e-5
    vision_learning_rate: float | None = None
    warmup: float = 0.03
    weight_decay: float = 0.0
    lora: int = 0
    batch_size: int = 4
    accumulate: int = 1
    questions_per_image: int = 8
    max_tokens: int = 4096
    evidence: float = 0.0
    evidence_layer: int = -1
    evidence_heads: int = 2
    label_noise: float = 0.0
    kinds: tuple[str, ...] | None = None
    mix: str | None = None
    numbers: str | None = None
    seed: int = 0
    generations: int = 8
    activation_checkpointing: bool = False
    precision: str = "auto"
    device: str = "auto"
    save_every: int = 500
    log_every: int = 10
    workers: int = 0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "accumulate", "questions_per_image", "max_tokens", "save_every"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: expected 1 or more")
        for name in ("frozen_steps", "lora", "evidence", "label_noise", "seed", "workers", "weight_decay"):
            if getattr(self, name) < 0:
                raise UserError(f"{name} {getattr(self, name)}: expected 0 or more")
        for name, least in (("log_every", 1), ("evidence_heads", 1), ("generations", 2)):
            if getattr(self, name) < least:
                raise UserError(f"{name} {getattr(self, name)}: expected {least} or more")
        if not self.data:
            raise UserError("data: names no dataset; expected a folder that `spatialvlm build` wrote")
        if not 0.0 <= self.spatial_share <= 1.0:
            raise UserError(f"share {self.spatial_share:g}: expected a number from 0 to 1")
        if self.spatial_share < 1.0 and not self.general:
            raise UserError(
                f"share {self.spatial_share:g}: the rest has to come from general data; give --general, or --share 1"
            )
        if not 0.0 < self.learning_rate < 1.0:
            raise UserError(f"learning_rate {self.learning_rate:g}: expected a number between 0 and 1")
        for name in ("evidence", "label_noise", "general", "frozen_steps"):
            if self.stage == "grpo" and getattr(self, name):
                raise UserError(f"{name}: is for --stage sft; rewards are for answers that the model tries itself")

    @property
    def spatial_share(self) -> float:
        """The share of tokens that are spatial, with its default."""
        return (0.05 if self.general else 1.0) if self.share is None else self.share

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON can hold them."""
        values = asdict(self)
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


FREE = frozenset({"out", "save_every", "log_every", "tensorboard", "device"})
"""What may change from a run to the one that goes on with it."""


def differences(old: dict[str, Any], config: TrainConfig) -> list[str]:
    """Say what settings of a run written earlier are other ones now, save those that decide nothing."""
    new = {name: list(value) if isinstance(value, tuple) else value for name, value in config.to_json().items()}
    names = [field.name for field in fields(TrainConfig) if field.name not in FREE]
    return [f"{name} was {old.get(name)!r}, is {new[name]!r}" for name in names if old.get(name) != new[name]]
