"""What audit.json says: the tallies of a job enter, plain values leave. docs/audit.md explains every key."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.audit.run import Job, error_models
from spatialvlm.audit.tally import Tally
from spatialvlm.dataset import versions
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig

FORMAT = 1


def result_of(job: Job, fingerprint: str, tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """The figures of every run, and what made them."""
    presets = {}
    for name in job.presets:
        for key, config in error_models(PRESETS[name]).items():
            known = {"says": PRESETS[name].says, "told": key == name, "error_model": _differs(config)}
            presets[key] = {**known, **tallies[key].figures()}
    return {
        "format": FORMAT,
        "rooms": job.rooms,
        "seed": job.seed,
        "size": list(job.size),
        "source": fingerprint,
        "versions": versions(),
        "lift": dataclasses.asdict(LiftConfig()),
        "measure": dataclasses.asdict(MeasureConfig()),
        "presets": presets,
    }


def _differs(config: LiftConfig) -> dict[str, Any]:
    """Where an error model is not the default one."""
    default = dataclasses.asdict(LiftConfig())
    return {name: value for name, value in dataclasses.asdict(config).items() if value != default[name]}
