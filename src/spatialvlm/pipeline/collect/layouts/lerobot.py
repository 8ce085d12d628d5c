"""lerobot: a LeRobot dataset (v3) -> the frames of its cameras, one every so many seconds of each episode.

meta/info.json names the cameras (features of dtype "video"), meta/episodes/ where each episode lies in the videos, of
which one holds many. Files and keys: https://github.com/huggingface/lerobot/tree/7427f31/src/lerobot/datasets
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused
from spatialvlm.pipeline.collect.layouts.clip_frames import ClipFrames, ClipTime
from spatialvlm.pipeline.collect.layouts.text_files import json_in

VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"


class LeRobotFrames(ClipFrames):
    """The frames of all cameras, episode by episode."""

    option, title = "lerobot", "a LeRobot dataset"

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for its description."""
        return "meta/info.json" if (path / "meta/info.json").is_file() else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "LeRobotFrames":
        """Open a dataset. Raises UserError where it is of another version, has no video, or without PyAV."""
        folder = Path(source)
        info = info_of(folder)
        cameras = cameras_of(info, folder)
        frames = cls(folder.resolve().name, folder, config)
        episodes = episodes_of(folder)
        times: list[ClipTime] = []
        for key in cameras:
            name = key.rpartition(".")[2]
            found = (
                _in_episodes(info, episodes, key, config.every_s)
                if episodes
                else _in_files(frames, key, config.every_s)
            )
            times += [ClipTime(f"{one.sequence}/{name}/{one.id}", *_rest(one, name)) for one in found]
        frames.take(sorted(times, key=lambda one: one.sequence))
        if not episodes:
            frames.remarks = ("meta/episodes is not there: each video file is taken for one sequence",)
        return frames


def _rest(one: ClipTime, camera: str) -> tuple[Any, ...]:
    return one.file, one.time_s, f"{one.sequence}/{camera}", one.index, one.sequence_time_s


def info_of(folder: Path) -> dict[str, Any]:
    """Read meta/info.json. Raises UserError for another version than v3."""
    info = json_in(folder / "meta/info.json", dict)
    version = str(info.get("codebase_version", "v3.0"))
    if not version.startswith("v3"):
        raise UserError(
            f"source {str(folder)!r}: is in LeRobot's format {version}, expected v3; convert it with "
            "lerobot.datasets.v30.convert_dataset_v21_to_v30"
        )
    return info


def cameras_of(info: dict[str, Any], folder: Path) -> list[str]:
    """List the keys of videos. Raises UserError where there is none."""
    features = info.get("features") or {}
    cameras = [key for key, one in features.items() if isinstance(one, dict) and one.get("dtype") == "video"]
    if not cameras:
        raise UserError(
            f"source {str(folder)!r}: info.json names no camera of dtype 'video'; pictures in Parquet: --as parquet"
        )
    return cameras


def episodes_of(folder: Path) -> list[dict[str, Any]]:
    """Read where each episode lies, without its statistics."""
    found: list[dict[str, Any]] = []
    for path in sorted((folder / "meta/episodes").rglob("*.parquet")):
        try:
            file = pq.ParquetFile(path)
            columns = [name for name in file.schema_arrow.names if not name.startswith("stats/")]
            found += file.read(columns).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise UserError(f"{path}: cannot be read as Parquet ({error}); replace it") from None
    return found


def _in_episodes(info: dict[str, Any], episodes: list[dict[str, Any]], key: str, every_s: float) -> Iterator[ClipTime]:
    for episode in episodes:
        file, number, begin, end = place_of(info, episode, key)
        for index in range(max(1, math.ceil((end - begin) / every_s - 1e-6))):
            time_s = index * every_s
            yield ClipTime(f"{time_s:08.2f}s", file, begin + time_s, f"episode-{number:06d}", index, time_s)


def place_of(info: dict[str, Any], episode: dict[str, Any], key: str) -> tuple[str, int, float, float]:
    """Say in which video an episode lies, its number, and its first and last second there.

    Raises UserError where meta/episodes does not tell.
    """
    at = f"videos/{key}"
    try:
        begin, end = (float(episode[f"{at}/{name}"]) for name in ("from_timestamp", "to_timestamp"))
        place = {name: int(episode[f"{at}/{name}"]) for name in ("chunk_index", "file_index")}
        number = int(episode["episode_index"])
        file = str(info.get("video_path") or VIDEO_PATH).format(video_key=key, **place)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"meta/episodes: {error} is missing or no number, for camera {key!r}") from None
    return file, number, begin, end


def _in_files(frames: ClipFrames, key: str, every_s: float) -> Iterator[ClipTime]:
    for path in sorted((frames.folder / "videos" / key).rglob("*.mp4")):
        file = path.relative_to(frames.folder).as_posix()
        try:
            seconds = frames.clip(file).seconds()
        except Refused as refused:
            raise UserError(f"{path}: {refused}") from None
        for index in range(max(1, math.ceil(seconds / every_s - 1e-6))):
            yield ClipTime(f"{index * every_s:08.2f}s", file, index * every_s, f"{path.parent.name}-{path.stem}", index)
