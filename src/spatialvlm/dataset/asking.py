"""Stored scenes asked anew: a dataset in, what its questions were made with out, so that others can be made like them.

The questions of an epoch come from a seed of their own, derived from (seed, epoch); epoch 0 is the seed itself. So
epoch 0 of a dataset's own seed and settings gives the questions that its build wrote.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from spatialvlm import __version__
from spatialvlm.dataset.read import Dataset
from spatialvlm.dataset.settings import FORMER_VALUES, present_name
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.kinds import KINDS, MIXES
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig

MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Asking:
    """All that decides the questions about a stored scene."""

    seed: int
    measure: MeasureConfig
    phrase: PhraseConfig

    def seed_of(self, epoch: int) -> int:
        """Return the seed of an epoch's questions."""
        if epoch == 0:
            return self.seed
        return int(np.random.SeedSequence([self.seed, epoch]).generate_state(1, np.uint64)[0]) & MAX_SEED


def asking_of(dataset: Dataset, seed: int | None = None, mix: PhraseConfig | None = None) -> Asking:
    """Say how to ask about a dataset's scenes: as it was asked, save for the seed or the mix that is given here.

    Raises UserError for a seed out of range; DatasetError where the dataset was made with settings or question kinds
    that this version doesn't have, which `mix` mends as far as the kinds are concerned.
    """
    chosen: int = dataset.header.get("config", {}).get("seed", 0) if seed is None else seed
    if not 0 <= chosen <= MAX_SEED:
        raise UserError(f"seed {chosen}: expected 0 to {MAX_SEED}")
    if mix is None:
        _check_kinds(dataset)
        mix = PhraseConfig(**_settings(dataset, "phrase", PhraseConfig))
    return Asking(chosen, MeasureConfig(**_settings(dataset, "measure", MeasureConfig)), mix)


def _settings(dataset: Dataset, stage: str, config: type) -> dict[str, Any]:
    written: Mapping[str, Any] = dataset.header.get("config", {}).get(stage, {})
    values = {present_name(f"config.{stage}.{name}").rpartition(".")[2]: value for name, value in written.items()}
    unknown = sorted(values.keys() - {field.name for field in fields(config)})
    if unknown:
        raise DatasetError(
            f"{dataset.folder}: made with the {stage} settings {', '.join(unknown)}, unknown here; {_versions(dataset)}"
        )
    former = f"config.{stage}."
    lacking = {key.removeprefix(former): value for key, value in FORMER_VALUES.items() if key.startswith(former)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in (lacking | values).items()}


def _check_kinds(dataset: Dataset) -> None:
    """Refuse other kinds than the dataset's: questions are drawn among all kinds, so they would be other ones."""
    config = dataset.header.get("config", {}).get("phrase", {})
    chosen, mix = config.get("kinds"), MIXES.get(config.get("mix", "paper"), ())
    counts = dataset.info or {"kinds": {}, "refusals": {}}
    met = {*counts["kinds"], *counts["refusals"]} - {"reference"}
    unknown = sorted({*met, *(chosen or ())} - KINDS.keys())
    if unknown:
        raise DatasetError(
            f"{dataset.folder}: its question kinds {', '.join(unknown)} are unknown; {_versions(dataset)}"
        )
    new = sorted(set(mix) - met)
    if chosen is None and met and new and dataset.header.get("versions", {}).get("spatialvlm") != __version__:
        raise DatasetError(f"{dataset.folder}: has no question kinds {', '.join(new)}; {_versions(dataset)}")


def _versions(dataset: Dataset) -> str:
    made = dataset.header.get("versions", {}).get("spatialvlm", "?")
    return f"it was made by spatialvlm {made}, this is {__version__}: use that version, or say the mix to ask with"


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep Python from looking for cycles: questions are many records and have none.

    They are freed all the same when nobody holds them. It took a quarter of the time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
