"""The audit's work: rooms in, one Tally for each preset and error model out, in this process or in a few.

A room's truth is computed once; each preset corrupts its frame once, with chance from (seed, room, preset), and the
corrupted frame is lifted by a user who was told of the corruption and by one who was not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from spatialvlm.audit.compare import compare
from spatialvlm.audit.corrupt import PRESETS, Preset
from spatialvlm.audit.tally import Tally
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.engine import run_jobs
from spatialvlm.geometry import points_on_objects
from spatialvlm.pipeline.collect import open_rooms
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import measured
from spatialvlm.records import Frame
from spatialvlm.worlds import Truth

UNTOLD = " untold"

Report = Callable[[int], None]
"""Called with how many more rooms are done."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to audit. It is all that a worker process needs, so it can be sent there."""

    rooms: int
    seed: int
    size: tuple[int, int]
    presets: tuple[str, ...]

    def source(self) -> Any:
        """Open the rooms."""
        return open_rooms(self.rooms, seed=self.seed, size=self.size)


def error_models(preset: Preset) -> dict[str, LiftConfig]:
    """Map names of runs to error models: the one told of the preset, and the default where that is another."""
    models = {preset.name: preset.told}
    if preset.told != LiftConfig():
        models[preset.name + UNTOLD] = LiftConfig()
    return models


def audit_room(known: Truth, room: int, seed: int, presets: tuple[str, ...]) -> dict[str, Tally]:
    """Make the tallies of one room, by the name of the run."""
    truth, tallies = TrueQuantities(known), {}
    for name in presets:
        rng = np.random.default_rng([seed, room, *name.encode()])
        frame = PRESETS[name].corrupt(known.frame, rng)
        for key, config in error_models(PRESETS[name]).items():
            tallies[key] = _audit_frame(frame, truth, room, config)
    return tallies


def _audit_frame(frame: Frame, truth: TrueQuantities, room: int, config: LiftConfig) -> Tally:
    tally, limits = Tally(rooms=1), MeasureConfig()
    sample = measured(frame, config, limits, PhraseConfig(mix="all"))
    tally.drops.update(drop.reason.partition(":")[0] for drop in sample.drops)
    scene, facts = sample.scene, sample.facts
    if scene is None or facts is None or scene.gravity is None:
        tally.planes["no gravity" if scene else "no scene"] += 1
        return tally
    plane_m, found = truth.plane_under(scene, frame)
    tally.planes[_plane_name(scene.support.surface, plane_m, found)] += 1
    pixels = points_on_objects([scene]).pixels
    tally.add(room, scene, facts, compare(facts, truth, plane_m, limits, pixels))
    return tally


def _plane_name(said: str | None, plane_m: float, found: bool) -> str:
    """Return what the scene calls its plane, and what it is."""
    if said is None:
        return "none found"
    really = ("floor" if plane_m == 0.0 else "raised level") if found else "no true level"
    return f"{said}: {really}"


def run(job: Job, workers: int, report: Report) -> dict[str, Tally]:
    """Add up the tallies of all rooms, by the name of the run. Raises ModelError where a worker process dies."""
    totals: dict[str, Tally] = {}

    def keep(tallies: dict[str, Tally]) -> None:
        for key, tally in tallies.items():
            totals.setdefault(key, Tally()).merge(tally)

    run_jobs(_Auditor(job), range(job.rooms), keep, workers=workers, report=lambda rooms, *_: report(rooms))
    return totals


class _Auditor:
    """Audits one room after the other. Its copy in another process opens its own source."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @cached_property
    def source(self) -> Any:
        """The rooms."""
        return self.job.source()

    def __reduce__(self) -> tuple[Any, ...]:
        return _Auditor, (self.job,)

    def __call__(self, room: int, report: Callable[[int, int, int], None], /) -> dict[str, Tally]:
        tallies = audit_room(self.source.truth(room), room, self.job.seed, self.job.presets)
        report(1, 0, 0)
        return tallies
