"""The audit: rooms enter, audit.json and audit.html leave. docs/audit.md explains every key."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spatialvlm.audit.audit_page import write_page
from spatialvlm.audit.corrupt import PRESETS
from spatialvlm.audit.run import Job, error_models, run
from spatialvlm.audit.tally import Tally
from spatialvlm.dataset import MAX_SEED, disk_faults, to_json, versions, write_file
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig

FORMAT = 1
DEFAULT_SIZE = (640, 480)


def audit(
    rooms: int,
    out: Path,
    *,
    seed: int = 0,
    presets: Sequence[str] = (),
    size: tuple[int, int] = DEFAULT_SIZE,
    workers: int = 1,
    report: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Audit the pipeline on `rooms` rooms and write `audit.json` and `audit.html` into the folder `out`.

    `presets` names some of `corrupt.PRESETS`, all where it is empty. `size` is (width, height) in pixels. `report` is
    called with how many more rooms are done, first with 0 when all is well. Returns what audit.json says, which is the
    same for any number of workers. Raises UserError for bad numbers, an unknown preset, a folder that
    cannot be written, and without Mitsuba.
    """
    for name, value in (("rooms", rooms), ("workers", workers)):
        if value < 1:
            raise UserError(f"{name} {value}: expected 1 or more")
    if not 0 <= seed <= MAX_SEED:
        raise UserError(f"seed {seed}: expected 0 to {MAX_SEED}")
    unknown = [name for name in presets if name not in PRESETS]
    if unknown:
        raise UserError(f"preset {unknown[0]!r}: unknown; choose from {', '.join(PRESETS)}")
    chosen = tuple(name for name in PRESETS if not presets or name in presets)
    job = Job(rooms, seed, CollectConfig(size).size, chosen)
    fingerprint = job.source().fingerprint
    out = Path(out)
    with disk_faults(out):
        out.mkdir(parents=True, exist_ok=True)
    report(0)
    result = _result_of(job, fingerprint, run(job, workers, report))
    text = to_json(result, indent=1) + "\n"
    write_file(out / "audit.json", lambda file: file.write(text.encode()))
    write_page(result, out / "audit.html")
    return result


def _result_of(job: Job, fingerprint: str, tallies: Mapping[str, Tally]) -> dict[str, Any]:
    """Return the figures of every run, and what made them."""
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
    """Say where an error model is not the default one."""
    default = dataclasses.asdict(LiftConfig())
    return {name: value for name, value in dataclasses.asdict(config).items() if value != default[name]}
