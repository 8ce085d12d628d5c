"""Measuring frame by frame: a source and who tells distances enter, lines are appended to the log of the episode."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import FrameSource
from spatialvlm.records import Frame
from spatialvlm.reward.distance_sources import DistanceSource
from spatialvlm.reward.reward_files import FrameLog
from spatialvlm.reward.reward_settings import RewardSettings
from spatialvlm.reward.task_goals import Goal


def header_of(
    task: str, goals: Sequence[Goal], source: FrameSource, tellers: Iterable[DistanceSource], settings: RewardSettings
) -> dict[str, Any]:
    """Say what a log is of: the lines of another task, source, or rate are no part of it."""
    return {
        "task": task,
        "goals": [str(goal) for goal in goals],
        "episode": source.name,
        "fingerprint": source.fingerprint,
        "source": {teller.name: teller.version for teller in tellers},
        "every": settings.every,
        "sequence": settings.sequence,
        "fps": settings.fps,
    }


def measure_frames(
    source: FrameSource,
    goals: Sequence[Goal],
    tellers: Sequence[DistanceSource],
    log: FrameLog,
    settings: RewardSettings,
) -> None:
    """Append the lines of all frames that the log has not, and close it; `tellers` are asked of every Nth one.

    Raises UserError for a source of several sequences of which none is chosen, and for one without a frame.
    """
    try:
        _measure(source, goals, tellers, log, settings)
    finally:
        log.close()


def _measure(
    source: FrameSource,
    goals: Sequence[Goal],
    tellers: Sequence[DistanceSource],
    log: FrameLog,
    settings: RewardSettings,
) -> None:
    start = log.lines[-1]["at"] + 1 if log.lines else 0
    seen = dict.fromkeys(line["sequence"] for line in log.lines if line["id"] is not None)
    for at in range(start, len(source)):
        sample = source.read(at)
        frame, index = sample.frame, len(log.lines)
        if frame is None:
            wanted = settings.sequence or ""  # ids of frames begin with their sequence
            if wanted and not any(drop.id.startswith(wanted) for drop in sample.drops):
                continue
            reasons = "; ".join(dict.fromkeys(drop.reason for drop in sample.drops))
            log.append(_line(index, at, None, f"not read: {reasons}", {}))
            continue
        sequence = None if frame.sequence is None else frame.sequence.id
        if settings.sequence not in (None, sequence):
            continue
        seen[sequence] = None
        if len(seen) > 1:
            shown = ", ".join(repr(one) for one in seen)
            raise UserError(f"source {source.name!r}: has several sequences ({shown} ...); choose one by --sequence")
        found = {teller.name: teller(frame, goals).to_json() for teller in tellers if index % settings.every == 0}
        log.append(_line(index, at, frame, "", found))
    if not log.lines:
        wanted = "" if settings.sequence is None else f" of sequence {settings.sequence!r}"
        raise UserError(f"source {source.name!r}: has no frame{wanted}; give a folder or a video with one or more")


def _line(index: int, at: int, frame: Frame | None, note: str, found: Mapping[str, Any]) -> dict[str, Any]:
    position = None if frame is None else frame.sequence
    return {
        "index": index,
        "at": at,
        "id": None if frame is None else frame.id,
        "sequence": None if position is None else position.id,
        "time_s": None if position is None else position.time_s,
        "note": note,
        "found": dict(found),
    }
