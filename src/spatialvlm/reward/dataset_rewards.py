"""A LeRobot dataset as a whole -> the reward of every episode, and one sidecar for all its frames.

rewards = reward_dataset("dataset/", "out/")

Each episode has a folder of its own and goes on where it was stopped; one that cannot be judged costs no other one.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from spatialvlm.dataset import write_file
from spatialvlm.errors import ModelError, UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline.collect import CollectConfig, open_lerobot, source_type
from spatialvlm.reward.distance_sources import DistanceSource
from spatialvlm.reward.episodes import reward_of, tellers_of, write_heat_map
from spatialvlm.reward.frame_measuring import header_of, measure_frames
from spatialvlm.reward.reward_curve import RewardCurve
from spatialvlm.reward.reward_files import COLUMNS, JSON, SIDECAR, FrameLog, sidecar_of, write_sidecar
from spatialvlm.reward.reward_settings import RewardSettings
from spatialvlm.reward.task_goals import Goal, goals_of
from spatialvlm.reward.vlm_distances import VlmDistances

Named = Sequence[str] | None


@dataclass(frozen=True, slots=True)
class EpisodeReward:
    """What came of one episode of a dataset: its number, task and frames, and its curve, or `why` it has none. `remark`
    is a sentence on what is doubtful about it."""

    number: int
    task: str
    frames: int
    curve: RewardCurve | None
    why: str = ""
    remark: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object, without the points of its curve."""
        told: dict[str, Any] = {"episode": self.number, "task": self.task, "frames": self.frames}
        told |= {"remark": self.remark} if self.remark else {}
        if self.curve is None:
            return told | {"failed": self.why}
        first, last = self.curve.points[0], self.curve.points[-1]
        distances = {"first_m": first.distance_m, "last_m": last.distance_m, "last_sigma_m": last.sigma_m}
        counts = {"counts": dict(self.curve.counts), "warnings": list(self.curve.warnings)}
        return told | {"done": self.curve.succeeded, **distances, **counts}


@dataclass(frozen=True, slots=True, eq=False)
class DatasetRewards:
    """The rewards of a dataset: what came of each episode, by the frames of one camera.

    `sidecar` has a row for each frame of the dataset, in the order of `index`; those of an episode without a curve have
    NaN. `rewards` (n,) are of the same rows.
    """

    name: str
    camera: str
    episodes: tuple[EpisodeReward, ...]
    sidecar: pa.Table
    rewards: np.ndarray

    @property
    def failed(self) -> tuple[EpisodeReward, ...]:
        """The episodes without a curve."""
        return tuple(one for one in self.episodes if one.curve is None)

    def to_json(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        episodes = [one.to_json() for one in self.episodes]
        done = sum(one.curve is not None and one.curve.succeeded for one in self.episodes)
        counts = {"judged": len(episodes) - len(self.failed), "done": done, "failed": len(self.failed)}
        return {"dataset": self.name, "camera": self.camera, **counts, "episodes": episodes}


def is_dataset(source: str) -> bool:
    """Tell whether a source is a LeRobot dataset. Raises UserError where it is no source at all."""
    return getattr(source_type(source), "option", "") == "lerobot"


def reward_dataset(
    dataset: str,
    out: str | Path,
    *,
    task: str | None = None,
    between: Named = None,
    camera: str | None = None,
    settings: RewardSettings | None = None,
    runtime: Runtime | None = None,
    told: Callable[[EpisodeReward], object] | None = None,
) -> DatasetRewards:
    """Judge every episode of a LeRobot dataset: `out`/episode-NNNNNN for each, `out`/reward.parquet for all of them.

    The task is that which the dataset says of the episode, or `task` for all; frames are those of `camera` (by default
    the first one), all of them, at the rate of the dataset. `told` hears of each episode as it is done. A run that was
    stopped goes on. An episode whose task is not read, or that cannot be measured, is one without a curve. Raises
    UserError for a dataset that cannot be opened, and a folder of another run.
    """
    settings, folder = settings or RewardSettings(), Path(out)
    if task is not None or between is not None:
        goals_of(task or "", between)
    lerobot = open_lerobot(dataset)
    key = lerobot.camera(camera)
    settings = replace(settings, fps=lerobot.fps, sequence=None)
    tellers = _Tellers(dataset, settings, runtime)
    episodes: list[EpisodeReward] = []
    tables: list[pa.Table] = []
    rewards: list[np.ndarray] = []
    for episode in lerobot.episodes:
        found = _judged(lerobot, episode, key, task, between, tellers, folder, settings)
        episodes.append(found)
        tables.append(_rows(found, episode, tellers.vlm_name))
        rewards.append(_column(found))
        if told is not None:
            told(found)
    table = pa.concat_tables(tables).replace_schema_metadata(_metadata(tables, episodes))
    order = np.argsort(table["index"].to_numpy(), kind="stable")
    result = DatasetRewards(
        lerobot.name, key, tuple(episodes), table.take(order), np.concatenate(rewards)[order].astype(np.float32)
    )
    write_sidecar(folder / SIDECAR, result.sidecar)
    text = json.dumps(result.to_json(), ensure_ascii=False, indent=1, allow_nan=False)
    write_file(folder / JSON, lambda file: file.write(text.encode()))
    return result


class _Tellers:
    """Who tells distances, set up once for each set of things; a vision-language model once for all."""

    def __init__(self, dataset: str, settings: RewardSettings, runtime: Runtime | None) -> None:
        self._dataset, self._settings, self._runtime = dataset, settings, runtime
        self._known: dict[tuple[str, ...], list[DistanceSource]] = {}
        self.vlm_name = ""

    def of(self, goals: Sequence[Goal]) -> list[DistanceSource]:
        """Return them for some goals."""
        names = tuple(dict.fromkeys(name for goal in goals for name in (goal.a, goal.b)))
        if names not in self._known:
            collected = CollectConfig(every_s=1 / self._settings.fps)
            vlm = next((one for some in self._known.values() for one in some if isinstance(one, VlmDistances)), None)
            made = tellers_of(self._dataset, False, goals, self._settings, collected, self._runtime, vlm)
            self.vlm_name = next((one.model for one in made if isinstance(one, VlmDistances)), "")
            self._known[names] = made
        return self._known[names]


def _judged(
    lerobot: Any,
    episode: Any,
    camera: str,
    task: str | None,
    between: Named,
    tellers: _Tellers,
    folder: Path,
    settings: RewardSettings,
) -> EpisodeReward:
    """Judge one episode. Raises UserError only for what all episodes would fail of: models, disk, another run."""
    words = task or next(iter(episode.tasks), "")
    told = (episode.number, words, len(episode))
    try:
        goals = goals_of(words, between)
        if not len(episode):
            raise UserError(f"episode {episode.number}: has no rows; expected one or more")
        frames = lerobot.frames_of(episode, camera)
    except UserError as error:
        return EpisodeReward(*told, None, str(error), episode.remark)
    asked = tellers.of(goals)
    own = folder / f"episode-{episode.number:06d}"
    log = FrameLog(own, header_of(words, goals, frames, asked, settings))
    numbers = {"episode_index": episode.number, "first_index": episode.first_index}
    try:
        measure_frames(frames, goals, asked, log, settings)
    except ModelError as error:
        return EpisodeReward(*told, None, str(error), episode.remark)
    try:
        curve = reward_of(frames, words, goals, asked, log, settings, **numbers)
    except UserError as error:
        return EpisodeReward(*told, None, str(error), episode.remark)
    remark = episode.remark
    if settings.heat_map is not None:
        try:
            write_heat_map(frames, curve, asked, log, settings.heat_map)
        except UserError as error:  # the reward is as good without its picture
            remark = "; ".join(filter(None, (remark, str(error))))
    return EpisodeReward(*told, curve, "", remark)


def _rows(found: EpisodeReward, episode: Any, vlm_name: str) -> pa.Table:
    """Return the rows of an episode; without a curve all that is known is their numbers."""
    if found.curve is not None:
        numbers = {"episode_index": episode.number, "first_index": episode.first_index}
        return sidecar_of(found.curve, vlm_name=vlm_name, **numbers)
    count = found.frames
    unknown, no = [float("nan")] * count, [False] * count
    places = [episode.first_index + place for place in range(count)]
    columns = [places, [episode.number] * count, [*range(count)], *[unknown] * 4, no, no]
    return pa.table([pa.array(one, kind) for one, kind in zip(columns, COLUMNS.types)], COLUMNS)


def _column(found: EpisodeReward) -> np.ndarray:
    if found.curve is None:
        return np.full(found.frames, np.nan)
    return np.array([point.reward for point in found.curve.points])


def _metadata(tables: Sequence[pa.Table], episodes: Sequence[EpisodeReward]) -> dict[bytes, bytes]:
    """Return that of an episode with a curve; it is the same for all of them."""
    return next((one.schema.metadata for one, of in zip(tables, episodes) if of.curve is not None), None) or {
        b"reward_model_path": b"spatialvlm",
        b"vlm_name": b"",
    }
