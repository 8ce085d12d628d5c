"""The audit's work: rooms in, one Tally for each preset and error model out, in this process or in a few.

A room's truth is computed once; each preset corrupts its frame once, with chance from (seed, room, preset), and the
corrupted frame is lifted by a user who was told of the corruption and by one who was not.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import cv2
import numpy as np

from spatialvlm.audit.compare import compare
from spatialvlm.audit.corrupt import PRESETS, Preset
from spatialvlm.audit.tally import Tally
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.errors import ModelError
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.pipeline.lift import LiftConfig, load_lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
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

    def source(self) -> RoomsSource:
        """The rooms."""
        return RoomsSource(self.rooms, seed=self.seed, size=self.size)


def error_models(preset: Preset) -> dict[str, LiftConfig]:
    """By the name of a run: the error model that was told of the preset, and the default where that is another."""
    models = {preset.name: preset.told}
    if preset.told != LiftConfig():
        models[preset.name + UNTOLD] = LiftConfig()
    return models


def audit_room(known: Truth, room: int, seed: int, presets: tuple[str, ...]) -> dict[str, Tally]:
    """The tallies of one room, by the name of the run."""
    truth, tallies = TrueQuantities(known), {}
    for name in presets:
        rng = np.random.default_rng([seed, room, *name.encode()])
        frame = PRESETS[name].corrupt(known.frame, rng)
        for key, config in error_models(PRESETS[name]).items():
            tallies[key] = _audit_frame(frame, truth, room, config)
    return tallies


def _audit_frame(frame: Frame, truth: TrueQuantities, room: int, config: LiftConfig) -> Tally:
    tally, limits = Tally(rooms=1), MeasureConfig()
    lifted = load_lift(config)([frame], [frame.instances or ()])[0]
    tally.drops.update(drop.reason.partition(":")[0] for drop in lifted.drops)
    scene = lifted.scene
    if scene is None or scene.gravity is None:
        tally.planes["no gravity" if scene else "no scene"] += 1
        return tally
    plane_m, found = truth.plane_under(scene, frame)
    tally.planes[_plane_name(scene.support.surface, plane_m, found)] += 1
    facts = measure(scene, limits)
    tally.add(room, scene, facts, compare(facts, truth, plane_m, limits))
    return tally


def _plane_name(said: str | None, plane_m: float, found: bool) -> str:
    """What the scene calls its plane, and what it is."""
    if said is None:
        return "none found"
    really = ("floor" if plane_m == 0.0 else "raised level") if found else "no true level"
    return f"{said}: {really}"


def run(job: Job, workers: int, report: Report) -> dict[str, Tally]:
    """The tallies of all rooms, by the name of the run.

    Raises ModelError where a worker process dies.
    """
    totals: dict[str, Tally] = {}
    for tallies in _each_room(job, workers):
        for key, tally in tallies.items():
            totals.setdefault(key, Tally()).merge(tally)
        report(1)
    return totals


def _each_room(job: Job, workers: int) -> Iterator[dict[str, Tally]]:
    """The tallies room by room, in order."""
    workers = min(workers, job.rooms)
    if workers == 1:
        cv2.setNumThreads(1)  # the workers are the parallelism
        source = job.source()
        for room in range(job.rooms):
            yield audit_room(source.truth(room), room, job.seed, job.presets)
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, context, _start_worker, (job,))
    try:
        yield from executor.map(_work, range(job.rooms))
    except BrokenProcessPool as error:
        raise ModelError(
            "a worker process died during the audit (out of memory, or a script that calls audit without "
            "`if __name__ == '__main__':`); run the same again with fewer workers"
        ) from error
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


class _Worker:
    """What a worker process holds."""

    job: Job
    source: RoomsSource


def _start_worker(job: Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_die_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    _Worker.job, _Worker.source = job, job.source()


def _die_with_parent() -> None:
    """A worker must not outlive a killed parent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(room: int) -> dict[str, Tally]:
    job = _Worker.job
    return audit_room(_Worker.source.truth(room), room, job.seed, job.presets)
