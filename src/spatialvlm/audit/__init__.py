"""audit: rooms with exact truth -> how right the facts are, how honest their error bars, and what bad input costs.

    corrupt.py     exact frame -> the frame of a worse camera, model or annotator
    truth.py       exact geometry -> the true quantities, of what is seen and of the whole objects
    compare.py     facts + truth -> each asked fact with its truth
    tally.py       compared facts, added up -> the figures of a preset
    run.py         the rooms through all of it, in a few processes
    result.py      the tallies -> audit.json
    audit_page.py  audit.json -> audit.html

`audit` writes audit.json and audit.html; docs/audit.md says what the figures mean.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError

DEFAULT_SIZE = (640, 480)


def _silent(_: int) -> None:
    """No progress wanted."""


def audit(
    rooms: int,
    out: Path,
    *,
    seed: int = 0,
    presets: Sequence[str] = (),
    size: tuple[int, int] = DEFAULT_SIZE,
    workers: int = 1,
    report: Callable[[int], None] = _silent,
) -> dict[str, Any]:
    """Audit the pipeline on `rooms` rooms and write `audit.json` and `audit.html` into the folder `out`.

    `presets` names some of `corrupt.PRESETS`, all where it is empty. `size` is (width, height) in pixels. `report` is
    called with how many more rooms are done, first with 0 when all is well. Returns what audit.json says, which is the
    same for any number of workers. Raises UserError for bad numbers, an unknown preset, a folder that
    cannot be written, and without Mitsuba.
    """
    from spatialvlm.audit.audit_page import write_page
    from spatialvlm.audit.corrupt import PRESETS
    from spatialvlm.audit.result import result_of
    from spatialvlm.audit.run import Job, run
    from spatialvlm.dataset import MAX_SEED, disk_faults, to_json, write_file
    from spatialvlm.pipeline.collect import CollectConfig

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
    result = result_of(job, fingerprint, run(job, workers, report))
    text = to_json(result, indent=1) + "\n"
    write_file(out / "audit.json", lambda file: file.write(text.encode()))
    write_page(result, out / "audit.html")
    return result
