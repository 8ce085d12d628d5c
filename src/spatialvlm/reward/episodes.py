"""An episode in a folder, a video or any other source -> its reward, frame by frame; a stopped run goes on.

curve = reward_episode("episode/", "put the red can into the box", "out/")
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spatialvlm.dataset import write_file
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline.collect import CollectConfig, FrameSource, open_source
from spatialvlm.recipes import recipe_for
from spatialvlm.reward.curve_picture import draw_curve
from spatialvlm.reward.distance_sources import DistanceSource, FrameDistances
from spatialvlm.reward.frame_measuring import header_of, measure_frames
from spatialvlm.reward.goal_following import GoalDistance, camera_shift, follow
from spatialvlm.reward.heat_map import draw_heat_map, heat_map, way_of
from spatialvlm.reward.motion_filter import Motion
from spatialvlm.reward.overlay_video import write_overlay
from spatialvlm.reward.reward_curve import RewardCurve, curve_of
from spatialvlm.reward.reward_files import (
    HEAT_MAP,
    JSON,
    OVERLAY,
    PICTURE,
    SIDECAR,
    FrameLog,
    sidecar_of,
    write_json,
    write_sidecar,
)
from spatialvlm.reward.reward_settings import RewardSettings
from spatialvlm.reward.scene_distances import SceneDistances
from spatialvlm.reward.task_goals import Goal, goals_of
from spatialvlm.reward.vlm_distances import VlmDistances


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
    settings = settings or RewardSettings()
    goals = goals_of(task, between)
    collected = CollectConfig(every_s=1 / settings.fps)
    source = open_source(episode, collected, 0)
    tellers = tellers_of(episode, source.measured_depth, goals, settings, collected, runtime)
    log = FrameLog(Path(out), header_of(task, goals, source, tellers, settings))
    measure_frames(source, goals, tellers, log, settings)
    curve = reward_of(source, task, goals, tellers, log, settings)
    if settings.heat_map is not None:
        write_heat_map(source, curve, tellers, log, settings.heat_map)
    return curve


def reward_of(
    source: FrameSource,
    task: str,
    goals: Sequence[Goal],
    tellers: Sequence[DistanceSource],
    log: FrameLog,
    settings: RewardSettings,
    *,
    episode_index: int = 0,
    first_index: int = 0,
) -> RewardCurve:
    """Judge what the log has, and write the reward beside it; `first_index` is the row of the first frame.

    Raises UserError as `reward_episode` does; where no frame can be read, the next run tries again.
    """
    lines, folder = log.lines, log.path.parent
    if all(line["id"] is None for line in lines):
        log.path.unlink()
        reasons = "; ".join(dict.fromkeys(line["note"] for line in lines)) or "it has none"
        raise UserError(f"source {source.name!r}: no frame of it can be read ({reasons})")
    curve = judge(task, goals, lines, [teller.name for teller in tellers], settings)
    vlm_name = next((teller.model for teller in tellers if isinstance(teller, VlmDistances)), "")
    write_json(folder / JSON, curve)
    table = sidecar_of(curve, vlm_name=vlm_name, episode_index=episode_index, first_index=first_index)
    write_sidecar(folder / SIDECAR, table)
    write_file(folder / PICTURE, lambda file: file.write(draw_curve(curve).encode()))
    if settings.overlay:
        write_overlay(folder / OVERLAY, curve, lines, lambda at: _image(source, at), settings.fps)
    return curve


def write_heat_map(
    source: FrameSource, curve: RewardCurve, tellers: Sequence[DistanceSource], log: FrameLog, index: int
) -> None:
    """Draw the heat map of one frame beside the log, with the way of what is moved towards the same thing.

    Raises UserError for a frame that is not there, cannot be lifted, or does not show the thing.
    """
    lines = log.lines
    if index >= len(lines):
        raise UserError(f"heat map of frame {index}: the episode has {len(lines)}; choose 0 to {len(lines) - 1}")
    frame = source.read(lines[index]["at"]).frame
    teller = next(teller for teller in tellers if isinstance(teller, SceneDistances))
    sample = None if frame is None else teller.lifted(frame)
    if frame is None or sample is None or sample.scene is None:
        raise UserError(f"heat map of frame {index}: it cannot be read or lifted; choose another one")
    stage = curve.points[index].stage
    goal = curve.goals[stage - 1]
    told = heat_map(sample.frame or frame, sample.scene, goal, curve.starts_m[stage - 1])
    still = not teller.moving and frame.sequence_from_camera is None
    picture = draw_heat_map(told, way_of(curve, lines, stage) if still else ())
    write_file(log.path.with_name(HEAT_MAP), lambda file: file.write(picture.encode()))


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


def tellers_of(
    episode: str,
    measured_depth: bool,
    goals: Sequence[Goal],
    settings: RewardSettings,
    collected: CollectConfig,
    runtime: Runtime | None,
    vlm: VlmDistances | None = None,
) -> list[DistanceSource]:
    """Set up who tells distances; a detector that takes prompts looks for the things of the task.

    `vlm` is one that is loaded already.
    """
    kind = settings.kind
    if kind is None:
        lifts = measured_depth or settings.recipe is not None or bool(settings.overrides.models)
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
        if settings.heat_map is not None and not tellers:
            raise UserError(
                "--heat-map: is made from depth, and a model says only how far things are; take --source geometry or "
                "fused, with depth or a --recipe that makes it"
            )
        tellers.append(vlm or VlmDistances(settings.vlm, samples=settings.samples, runtime=runtime))
    return tellers


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
