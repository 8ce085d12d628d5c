"""An episode in a folder, a video or any other source -> its reward, frame by frame; a stopped run goes on.

curve = reward_episode("episode/", "put the red can into the box", "out/")
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from spatialvlm.dataset import write_file
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline.collect import CollectConfig, FrameSource, open_source
from spatialvlm.recipes import Overrides, recipe_for
from spatialvlm.records import Frame
from spatialvlm.reward.curve_picture import draw_curve
from spatialvlm.reward.distance_sources import DistanceSource, FrameDistances
from spatialvlm.reward.goal_following import GoalDistance, camera_shift, follow
from spatialvlm.reward.motion_filter import Motion
from spatialvlm.reward.overlay_video import load_av, write_overlay
from spatialvlm.reward.reward_curve import RewardCurve, curve_of
from spatialvlm.reward.reward_files import (
    JSON,
    OVERLAY,
    PICTURE,
    SIDECAR,
    FrameLog,
    sidecar_of,
    write_json,
    write_sidecar,
)
from spatialvlm.reward.scene_distances import SceneDistances
from spatialvlm.reward.shaping import Shaping, check_gamma
from spatialvlm.reward.success import SuccessRule
from spatialvlm.reward.task_goals import Goal, goals_of
from spatialvlm.reward.vlm_distances import VlmDistances

Kind = Literal["geometry", "vlm", "fused"]


@dataclass(frozen=True, slots=True)
class RewardSettings:
    """How an episode is judged.

    `kind`: who tells distances; by default the geometry where frames come with depth or a recipe is named, else a
    vision-language model. `every`: each so many frames are measured, the others held. `fps`: so many frames a second
    are taken of a video, and so far apart are frames of a source that knows no time. `sequence`: which one, of a source
    with several. `overlay`: a video is written too, which needs PyAV.
    """

    kind: Kind | None = None
    recipe: str | None = None
    overrides: Overrides = field(default_factory=Overrides)
    vlm: str | None = None
    samples: int = 4
    every: int = 1
    fps: float = 10.0
    sequence: str | None = None
    measured: Literal["distance", "gap"] = "distance"
    moving_camera: bool = False
    shaping: Shaping = "shaped"
    gamma: float = 1.0
    rule: SuccessRule = field(default_factory=SuccessRule)
    overlay: bool = False

    def __post_init__(self) -> None:
        check_gamma(self.gamma)
        if self.every < 1:
            raise UserError(f"every {self.every}: expected 1 or more frames")
        if self.overlay:
            load_av()
        if not 0 < self.fps <= 1000:
            raise UserError(f"fps {self.fps:g}: expected above 0, up to 1000 frames a second")


def reward_episode(
    episode: str,
    task: str,
    out: str | Path,
    *,
    between: Sequence[str] | None = None,
    settings: RewardSettings | None = None,
    runtime: Runtime | None = None,
) -> RewardCurve:
    """Measure an episode and write its reward into the folder `out`: reward.json, reward.parquet, curve.svg.

    Frames are appended to frames.jsonl there as they are measured; a run that was stopped goes on behind them. Raises
    UserError for a task that is not read, a source that cannot be opened or has no frame, a folder of another run, and
    where the things of the task are in no frame.
    """
    settings, folder = settings or RewardSettings(), Path(out)
    goals = goals_of(task, between)
    collected = CollectConfig(every_s=1 / settings.fps)
    source = open_source(episode, collected, 0)
    tellers = _tellers(episode, source, goals, settings, collected, runtime)
    log = FrameLog(folder, _header(task, goals, source, tellers, settings))
    try:
        _measure(source, goals, tellers, log, settings)
    finally:
        log.close()
    lines = log.lines
    if all(line["id"] is None for line in lines):
        reasons = "; ".join(dict.fromkeys(line["note"] for line in lines)) or "it has none"
        raise UserError(f"source {episode!r}: no frame of it can be read ({reasons})")
    curve = judge(task, goals, lines, [teller.name for teller in tellers], settings)
    vlm_name = next((teller.model for teller in tellers if isinstance(teller, VlmDistances)), "")
    write_json(folder / JSON, curve)
    write_sidecar(folder / SIDECAR, sidecar_of(curve, vlm_name=vlm_name))
    write_file(folder / PICTURE, lambda file: file.write(draw_curve(curve).encode()))
    if settings.overlay:
        write_overlay(folder / OVERLAY, curve, lines, lambda at: _image(source, at), settings.fps)
    return curve


def _image(source: FrameSource, at: int) -> Any:
    frame = source.read(at).frame
    return None if frame is None else frame.image


def judge(
    task: str,
    goals: Sequence[Goal],
    lines: Sequence[Mapping[str, Any]],
    kinds: Sequence[str],
    settings: RewardSettings,
    motion: Motion | None = None,
) -> RewardCurve:
    """Turn the lines of a log into a curve: nothing is measured anew."""
    found = {kind: [_found(line, kind) for line in lines] for kind in kinds}
    times_s = times_of(lines, settings.fps)
    followed = follow(goals, times_s, found, motion)
    _check_seen(task, goals, followed, found)
    notes = {index: str(line["note"]) for index, line in enumerate(lines) if line["note"]}
    name = "fused" if len(kinds) > 1 else kinds[0]
    curve = curve_of(
        *(task, goals, name, times_s, followed),
        shaping=settings.shaping,
        gamma=settings.gamma,
        rule=settings.rule,
        notes=notes,
    )
    shift_m = camera_shift(found.get("geometry", ()))
    if shift_m is None:
        return curve
    warning = (
        f"most things that the task does not name move by {shift_m:.2g} m: the camera does not stand still; say "
        "--moving-camera, or give its poses"
    )
    return replace(curve, warnings=(*curve.warnings, warning))


def times_of(lines: Sequence[Mapping[str, Any]], fps: float) -> list[float]:
    """Return seconds since the first frame; a frame without a time comes one step after the one before it."""
    times: list[float] = []
    first = next((line["time_s"] - index / fps for index, line in enumerate(lines) if line["time_s"] is not None), 0.0)
    for line in lines:
        known = line["time_s"]
        step = times[-1] + 1 / fps if times else 0.0
        times.append(step if known is None else max(known - first, times[-1] if times else 0.0))
    return times


def _tellers(
    episode: str,
    source: FrameSource,
    goals: Sequence[Goal],
    settings: RewardSettings,
    collected: CollectConfig,
    runtime: Runtime | None,
) -> list[DistanceSource]:
    """Set up who tells distances; a detector that takes prompts looks for the things of the task."""
    kind = settings.kind
    if kind is None:
        lifts = source.measured_depth or settings.recipe is not None or bool(settings.overrides.models)
        kind = "geometry" if lifts else "vlm"
    tellers: list[DistanceSource] = []
    if kind != "vlm":
        names = tuple(dict.fromkeys(name for goal in goals for name in (goal.a, goal.b)))
        overrides = settings.overrides
        overrides = overrides if overrides.prompts else replace(overrides, prompts=names)
        recipe = recipe_for(episode, settings.recipe, overrides, collect=collected)
        moving = settings.moving_camera
        tellers.append(SceneDistances(recipe, runtime, measured=settings.measured, moving_camera=moving))
    if kind != "geometry":
        tellers.append(VlmDistances(settings.vlm, samples=settings.samples, runtime=runtime))
    return tellers


def _header(
    task: str, goals: Sequence[Goal], source: FrameSource, tellers: Iterable[DistanceSource], settings: RewardSettings
) -> dict[str, Any]:
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


def _measure(
    source: FrameSource,
    goals: Sequence[Goal],
    tellers: Sequence[DistanceSource],
    log: FrameLog,
    settings: RewardSettings,
) -> None:
    """Append the lines of all frames that the log has not."""
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


def _found(line: Mapping[str, Any], kind: str) -> FrameDistances | None:
    told = line["found"].get(kind)
    return None if told is None else FrameDistances.from_json(told)


def _check_seen(
    task: str,
    goals: Sequence[Goal],
    followed: Sequence[Sequence[GoalDistance | None]],
    found: Mapping[str, Sequence[FrameDistances | None]],
) -> None:
    """Raise UserError, with what is in view, where a goal is told by no frame at all."""
    for place, goal in enumerate(goals):
        if followed[0][place] is not None:
            continue
        looks = [one for frames in found.values() for one in frames if one is not None]
        why = Counter(one.readings[place].why for one in looks if one.readings[place].why)
        seen = Counter(name for one in looks for name in one.seen)
        shown = ", ".join(f"{name!r} ({count})" for name, count in seen.most_common(12)) or "nothing with a name"
        reasons = "; ".join(f"{reason} ({count} frames)" for reason, count in why.most_common(3)) or "no frame was read"
        raise UserError(
            f"task {task!r}: how far {goal} is could be told in none of {len(looks)} frames: {reasons}; in view were "
            f"{shown}; name the things as they are called there, as in --between 'gripper' 'red can'"
        )
