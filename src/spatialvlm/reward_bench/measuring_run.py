"""The run: sources and settings enter, a folder of episodes as they were measured leaves; a stopped run goes on there.

DIR/episodes/ID.json    the truth of one episode and what each source told of it
DIR/reward_bench.json   settings, figures of each source and task with intervals, and the episodes again
"""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.reward_bench.bench_readings import BenchSource
from spatialvlm.reward_bench.measured_sources import open_source_of_distances
from spatialvlm.reward_bench.reward_figures import MeasuredEpisode, Triple, figures_of
from spatialvlm.worlds.fetch import CAMERAS, EPISODE_TASKS, Episode, fetch_episodes

SEEDS = 1000  # scenes of one seed of a run
MOST_EPISODES = SEEDS
MEASURED = 2  # what an episode's file has and how geometry measures: one with another number is not gone on with


@dataclass(frozen=True, slots=True)
class RewardBenchConfig:
    """How much is measured: scenes, frames an episode, pixels.

    Each task is played in each scene: once a success, once a failure, once a success backwards.
    """

    episodes: int = 10
    frames: int = 20
    size: tuple[int, int] = (320, 240)
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.episodes <= MOST_EPISODES:
            raise UserError(f"episodes {self.episodes}: expected 1 to {MOST_EPISODES}")

    def planned(self) -> list[tuple[str, int]]:
        """List kinds and seeds; failures take turns in pairs, so that both halves have all sorts."""
        seeds = range(self.seed * SEEDS, self.seed * SEEDS + self.episodes)
        return [
            (kind, seed)
            for place, seed in enumerate(seeds)
            for task in EPISODE_TASKS.values()
            for kind in (task.success, task.failed[place // 2 % len(task.failed)], task.backwards)
        ]


Tell = Callable[[str], None]


def run_reward_bench(
    out: Path, sources: Sequence[str], config: RewardBenchConfig | None = None, tell: Tell | None = None
) -> dict[str, dict[str, Triple]]:
    """Measure sources on simulated episodes, write the folder, and return the figures of each by `row_of`.

    `tell` hears of each episode. Raises UserError where the folder holds another run, and as sources do.
    """
    config = config or RewardBenchConfig()
    names = list(dict.fromkeys(sources))
    opened = {name: open_source_of_distances(name, config.seed) for name in names}
    folder = out / "episodes"
    folder.mkdir(parents=True, exist_ok=True)
    _measure(folder, opened, config, tell)
    rows = [_read(folder, kind, seed, camera, config) for kind, seed in config.planned() for camera in CAMERAS]
    figures = {
        row_of(name, task): figures_of(
            [measured_episode(row, name) for row in rows if row["task"] == task], opened[name].in_metres
        )
        for task in EPISODE_TASKS
        for name in names
    }
    settings = _settings(config) | {"episodes": config.episodes, "seed": config.seed, "sources": names}
    told = {name: {one: _plain(list(three)) for one, three in of.items()} for name, of in figures.items()}
    _write(out / "reward_bench.json", {"settings": settings, "figures": told, "episodes": rows})
    return figures


def row_of(source: str, task: str) -> str:
    """Name the row of a source and a task: the source alone for reaching, "SOURCE, place" for placing."""
    return source if task == next(iter(EPISODE_TASKS)) else f"{source}, {task}"


def measured_episode(row: dict[str, Any], source: str) -> MeasuredEpisode:
    """Return one line of `reward_bench.json` as a source sees it."""
    told = row["sources"][source]
    series = {name: np.array(told[name], np.float64) for name in ("distances", "sigmas", "told")}
    calibration = row["seed"] % 2 == 0
    task = EPISODE_TASKS[row["task"]]
    truth_m = np.array(row[task.truth])
    roles: dict[str, str] = {task.success: "success", task.backwards: "reversed"}
    kind = str(roles.get(row["kind"], row["kind"]))
    return MeasuredEpisode(kind, row["seed"], row["success"], calibration, truth_m, **series)


def _measure(folder: Path, opened: dict[str, BenchSource], config: RewardBenchConfig, tell: Tell | None) -> None:
    """Play the episodes that are not there, or lack a source, and write what the sources tell of each."""
    missing = []
    for pair in config.planned():
        rows = [_read(folder, *pair, camera, config) for camera in CAMERAS]
        if any(set(opened) - set(row.get("sources", ())) for row in rows):
            missing.append(pair)
    for place, episode in enumerate(fetch_episodes(missing, frames=config.frames, size=config.size), 1):
        row = _read(folder, episode.kind, episode.seed, episode.camera, config) or _truth_row(episode, config)
        for name in [name for name in opened if name not in row["sources"]]:
            readings = opened[name].measure(episode)
            row["sources"][name] = {one: _plain(values.tolist()) for one, values in asdict(readings).items()}
        _write(folder / f"{episode.id}.json", row)
        if tell is not None:
            tell(f"{place} of {len(missing) * len(CAMERAS)}: {episode.id}")


def _truth_row(episode: Episode, config: RewardBenchConfig) -> dict[str, Any]:
    names = ("id", "task", "kind", "camera", "seed", "success")
    truths = ("gripper_to_object_m", "object_to_goal_m")
    told: dict[str, Any] = {name: getattr(episode, name) for name in names}
    told |= {name: getattr(episode, name).tolist() for name in truths}
    return told | {"settings": _settings(config), "sources": {}}


def _settings(config: RewardBenchConfig) -> dict[str, Any]:
    return {"frames": config.frames, "size": list(config.size), "measured": MEASURED}


def _read(folder: Path, kind: str, seed: int, camera: str, config: RewardBenchConfig) -> dict[str, Any]:
    """Read an episode as it was measured; nothing where it was not. Raises UserError for that of other settings."""
    path = folder / f"{kind}-{seed}-{camera}.json"
    if not path.exists():
        return {}
    row = json.loads(path.read_text("utf-8"))
    if row["settings"] != _settings(config):
        raise UserError(
            f"{path}: holds an episode of {row['settings']}, and this run has {_settings(config)}; give another folder"
        )
    return row


def _plain(values: list[Any]) -> list[Any]:
    return [None if isinstance(value, float) and not np.isfinite(value) else value for value in values]


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file that is either whole or not there."""
    started = path.with_suffix(".tmp")
    started.write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")
    os.replace(started, path)
