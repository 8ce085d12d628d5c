"""A recipe: everything that decides what is in a dataset, as one value. It is saved with the dataset."""

import dataclasses
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from spatialvlm import __version__
from spatialvlm.errors import UserError
from spatialvlm.models.weights import Model, locate
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.cull import CullConfig
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.estimate import SenseConfig
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig

LARGEST_SEED = 2**63 - 1
REMOTE = ("openai", "geocalib", "perspective_fields", "metric3d")
"""Backends whose weights are elsewhere: at an endpoint, or in a package or a clone of their own."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build. `limit` takes the first frames only; `shard_size` frames go into one file of the dataset.

    Raises UserError for values out of range.
    """

    source: str
    seed: int = 0
    limit: int | None = None
    shard_size: int = 128
    collect: CollectConfig = field(default_factory=CollectConfig)
    cull: CullConfig = field(default_factory=CullConfig)
    detect: DetectConfig = field(default_factory=DetectConfig)
    sense: SenseConfig = field(default_factory=SenseConfig)
    lift: LiftConfig = field(default_factory=LiftConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    phrase: PhraseConfig = field(default_factory=PhraseConfig)

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= LARGEST_SEED:
            raise UserError(f"seed {self.seed}: expected 0 to {LARGEST_SEED}")
        if self.limit is not None and self.limit < 1:
            raise UserError(f"limit {self.limit}: expected 1 or more frames")
        if self.shard_size < 1:
            raise UserError(f"shard_size {self.shard_size}: expected 1 or more frames")

    @property
    def models(self) -> tuple[Model, ...]:
        """All models that the recipe runs."""
        detect, sense = self.detect, self.sense
        wanted = (self.cull.model, detect.detect, detect.segment, detect.caption)
        wanted += (sense.depth, sense.camera, sense.floor)
        return tuple(model for model in wanted if model is not None)

    def header(self, fingerprint: str) -> dict[str, Any]:
        """What the dataset says about its making: enough to make it again, nothing about this machine."""
        config = dataclasses.asdict(self)
        source = config.pop("source")
        return {
            "config": config,
            "source": source if source.startswith(("shapes:", "rooms:")) else Path(source).resolve().name,
            "fingerprint": fingerprint,
            "versions": versions() | model_versions(self.models),
        }


def model_versions(models: Sequence[Model]) -> dict[str, str]:
    """The versions of the weights of some models, and of the packages that run them.

    Raises UserError for weights that cannot be had.
    """
    found = {str(model): locate(model).version for model in models if model.backend not in REMOTE}
    if found:
        for package in ("torch", "transformers", "onnxruntime"):
            with suppress(metadata.PackageNotFoundError):
                found[package] = metadata.version(package)
    return found


def versions() -> dict[str, str]:
    """The versions that decide the bytes of a dataset; the commit too, when run from a checkout."""
    found = {"spatialvlm": __version__}
    for package in ("numpy", "opencv-python-headless", "pyarrow"):
        found[package] = metadata.version(package)
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / ".git").exists():
        command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
        with suppress(FileNotFoundError):  # no git on this machine
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                found["commit"] = answer.stdout.strip()
    return found
