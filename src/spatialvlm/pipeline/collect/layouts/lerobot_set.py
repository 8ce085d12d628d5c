"""lerobot_set: a LeRobot dataset (v3) by episodes: their tasks, their rows, and the frames of one camera, row by row.

Files and keys: https://github.com/huggingface/lerobot/tree/7427f31/src/lerobot/datasets
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.decode import Refused, path_inside
from spatialvlm.pipeline.collect.layouts.clip_frames import ClipFrames, ClipTime
from spatialvlm.pipeline.collect.layouts.lerobot import LeRobotFrames, cameras_of, episodes_of, info_of, place_of

DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
ROW_COLUMNS = ("index", "episode_index", "frame_index", "timestamp", "task_index")
EARLY_SHARE = 0.25
"""Of the time between frames: so much sooner is looked for a frame, since times are rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class LeRobotEpisode:
    """An episode: its tasks in words, the row of its first frame in the dataset, and the seconds of its frames."""

    number: int
    tasks: tuple[str, ...]
    first_index: int
    times_s: Float64[np.ndarray, " n"]
    remark: str = ""

    def __len__(self) -> int:
        return len(self.times_s)


class LeRobotSet:
    """What a dataset says of itself: `cameras` (keys of videos), `fps`, `episodes` in order, by their numbers.

    Of an episode whose data file cannot be read, rows are those of meta/episodes, and its `remark` says so. Raises
    UserError for another version, without a video, an fps above 0, or meta/episodes, and for rows that contradict it.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.name = self.folder.resolve().name
        self.info = info_of(self.folder)
        self.cameras = cameras_of(self.info, self.folder)
        try:
            self.fps = float(self.info["fps"])
        except (KeyError, TypeError, ValueError):
            self.fps = math.nan
        if not 0 < self.fps <= 1000:
            raise UserError(f"{self.folder}/meta/info.json: fps is {self.info.get('fps')!r}, expected above 0")
        self._places = {_number(row): row for row in episodes_of(self.folder)}
        if not self._places:
            raise UserError(
                f"source {str(folder)!r}: meta/episodes is not there, so nothing tells where episodes begin; choose "
                "one video by --sequence"
            )
        self.episodes = self._read_episodes()

    def camera(self, name: str | None = None) -> str:
        """Choose a camera by its key or the last word of it; by default the first one. Raises UserError for others."""
        for key in self.cameras:
            if name in (None, key, key.rpartition(".")[2]):
                return key
        known = ", ".join(key.rpartition(".")[2] for key in self.cameras)
        raise UserError(f"camera {name!r}: no such camera in {self.name!r}; choose one of {known}")

    def frames_of(self, episode: LeRobotEpisode, camera: str) -> ClipFrames:
        """Open the frames of one camera: one for every row. Raises UserError where meta/episodes does not tell."""
        row = self._places[episode.number]
        file, _, begin, _ = place_of(self.info, row, camera)
        frames = LeRobotFrames(f"{self.name}/episode-{episode.number:06d}", self.folder, CollectConfig())
        sequence = f"episode-{episode.number:06d}/{camera.rpartition('.')[2]}"
        early = EARLY_SHARE / self.fps
        frames.take(
            [
                ClipTime(f"{sequence}/{place:06d}", file, max(begin + time_s - early, 0.0), sequence, place, time_s)
                for place, time_s in enumerate(episode.times_s.tolist())
            ]
        )
        return frames

    def files(self) -> list[str]:
        """List all files below the folder by their paths there. Raises UserError for a link that leaves it."""
        found = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())
        for relative in found:
            try:
                path_inside(self.folder, relative, self.name)
            except Refused as refused:
                raise UserError(f"source {self.name!r}: {refused}") from None
        return found

    def _read_episodes(self) -> tuple[LeRobotEpisode, ...]:
        words = tasks_of(self.folder)
        rows, broken = _rows_of(self.folder)
        numbers = rows["episode_index"]
        order = np.lexsort((rows["frame_index"], numbers))
        rows = {name: column[order] for name, column in rows.items()}
        episodes = []
        for number, row in sorted(self._places.items()):
            low, high = np.searchsorted(rows["episode_index"], [number, number + 1])
            own = {name: column[low:high] for name, column in rows.items()}
            told = row.get("tasks")
            said = [told] if isinstance(told, str) else [str(one) for one in told or ()]
            said = said or [words[one] for one in np.unique(own["task_index"]).tolist() if one in words]
            if low == high:
                length, first = int(row.get("length") or 0), int(row.get("dataset_from_index") or 0)
                remark = f"its rows cannot be read ({broken or 'no data file has them'}): those of meta/episodes"
                episodes.append(LeRobotEpisode(number, tuple(said), first, np.arange(length) / self.fps, remark))
                continue
            first = int(own["index"][0])
            if (own["index"] != first + np.arange(high - low)).any():
                raise UserError(
                    f"source {self.name!r}: the rows of episode {number} are not numbered in order by 'index'; write "
                    "the dataset again by lerobot"
                )
            episodes.append(LeRobotEpisode(number, tuple(said), first, own["timestamp"].astype(np.float64)))
        return tuple(episodes)


def data_files(folder: Path) -> list[Path]:
    """List the files of rows."""
    return sorted((folder / "data").rglob("*.parquet"))


def tasks_of(folder: Path) -> dict[int, str]:
    """Read meta/tasks.parquet: the words of each task, by its number; none where the file is not there."""
    path = folder / "meta/tasks.parquet"
    if not path.is_file():
        return {}
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path}: cannot be read as Parquet ({error}); replace it") from None
    words = next(
        (one.name for one in table.schema if pa.types.is_string(one.type) or pa.types.is_large_string(one.type)), None
    )
    if words is None or "task_index" not in table.column_names:
        raise UserError(f"{path}: has the columns {table.column_names}, expected task_index and the task in words")
    pairs = zip(table["task_index"].to_pylist(), table[words].to_pylist())
    return {int(number): str(text) for number, text in pairs if number is not None and text is not None}


def _number(row: dict[str, Any]) -> int:
    try:
        return int(row["episode_index"])
    except (KeyError, TypeError, ValueError):
        raise UserError("meta/episodes: episode_index is missing or no number; write it again by lerobot") from None


def _rows_of(folder: Path) -> tuple[dict[str, np.ndarray], str]:
    """Read the columns that number rows, of every file that can be read, and say what was wrong with the others."""
    found: list[pa.Table] = []
    broken: list[str] = []
    for path in data_files(folder):
        try:
            file = pq.ParquetFile(path)
            table = file.read([name for name in ROW_COLUMNS if name in file.schema_arrow.names])
        except (pa.ArrowException, OSError) as error:
            broken.append(f"{path.name}: {error}")
            continue
        lacking = [name for name in ROW_COLUMNS[:4] if name not in table.column_names]
        if lacking:
            broken.append(f"{path.name}: has no column {', '.join(lacking)}")
            continue
        if "task_index" not in table.column_names:
            table = table.append_column("task_index", pa.array([-1] * len(table), pa.int64()))
        found.append(table.select(ROW_COLUMNS))
    columns = {name: np.concatenate([np.empty(0), *(one[name].to_numpy() for one in found)]) for name in ROW_COLUMNS}
    return columns, "; ".join(broken)
