"""A dataset on disk, read back as records. Damage is a DatasetError that names the file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.errors import DatasetError
from spatialvlm.pipeline.write import schema
from spatialvlm.pipeline.write.manifest import Summary, check_files, read_manifest
from spatialvlm.pipeline.write.questions import read_questions
from spatialvlm.pipeline.write.scenes import read_scenes
from spatialvlm.records import QA, Drop, Scene, Source

LONGEST_SHOWN = 80  # characters of a frame id in a message


@dataclass(frozen=True)
class Dataset:
    """A dataset folder. `header` says what made it, `shards` are its manifest lines, `info` is dataset.json.

    `info` is None where the build has not come to its end; what is finished can be read all the same.
    """

    folder: Path
    header: dict[str, Any]
    shards: list[Summary]
    info: dict[str, Any] | None

    def scenes(self, *, images: bool = True) -> Iterator[tuple[Scene, Source]]:
        """Every scene with where its image came from, in order. Without `images` the sources hold none: much faster."""
        names = [name for name in schema.SCENES.names if images or name != "image"]
        for table in self._row_groups("scenes", names):
            yield from read_scenes(table)

    def questions(self) -> Iterator[tuple[str, list[QA]]]:
        """Every frame id with its questions, in the order of the scenes."""
        for table in self._row_groups("qa", schema.QA.names):
            yield from read_questions(table)

    def drops(self) -> Iterator[Drop]:
        """What was rejected, and why, in order."""
        return (Drop(*drop) for summary in self.shards for drop in summary["drops"])

    def frame_ids(self) -> list[str]:
        """The ids of all scenes, in order."""
        return [id_ for table in self._row_groups("scenes", ["frame_id"]) for id_ in table.column(0).to_pylist()]

    def __len__(self) -> int:
        return sum(summary["scenes"] for summary in self.shards)

    def at(self, index: int) -> tuple[Scene, Source, list[QA]]:
        """One scene, its image and its questions, by its place in the dataset; reads one row group of each file."""
        row = index
        for summary in self.shards:
            if 0 <= row < summary["scenes"]:
                scene, source = next(read_scenes(self._row(summary, "scenes", row)))
                frame_id, questions = next(read_questions(self._row(summary, "qa", row)))
                if frame_id != scene.frame_id:
                    raise DatasetError(
                        f"{self.folder} shard {summary['shard']} row {row}: qa has frame {frame_id!r}, expected "
                        f"{scene.frame_id!r} as in scenes; the files are of two builds, build again"
                    )
                return scene, source, questions
            row -= summary["scenes"]
        raise IndexError(f"scene {index} of a dataset of {len(self)}")

    def frame(self, frame_id: str) -> tuple[Scene, Source, list[QA]]:
        """One scene, its image and its questions, by the frame's id. Raises DatasetError where there is none."""
        ids = (id_ for table in self._row_groups("scenes", ["frame_id"]) for id_ in table.column(0).to_pylist())
        for index, id_ in enumerate(ids):
            if id_ == frame_id:
                return self.at(index)
        raise DatasetError(f"{self.folder}: no frame {frame_id[:LONGEST_SHOWN]!r}; {self._hint(frame_id)}")

    def _hint(self, frame_id: str) -> str:
        ids = self.frame_ids()
        close = get_close_matches(frame_id[:LONGEST_SHOWN], ids, 1)
        if close:
            return f"did you mean {close[0]!r}?"
        if not ids:
            return "it has no frames, all were dropped"
        return f"its {len(ids)} frames go from {ids[0][:LONGEST_SHOWN]!r} to {ids[-1][:LONGEST_SHOWN]!r}"

    def _row(self, summary: Summary, name: str, row: int) -> pa.Table:
        with _parquet(self.folder / summary["files"][name]["path"]) as file:
            group, row = divmod(row, schema.ROW_GROUP)
            return file.read_row_group(group, use_threads=False).slice(row, 1)

    def _row_groups(self, name: str, columns: list[str]) -> Iterator[pa.Table]:
        for summary in self.shards:
            path = self.folder / summary["files"][name]["path"]
            with _parquet(path) as file:
                for group in range(file.num_row_groups):
                    with _damage(path):
                        table = file.read_row_group(group, columns=columns, use_threads=False)
                    yield table


def read_dataset(folder: Path) -> Dataset:
    """Open a dataset folder. Raises DatasetError where it is none, or where a part is missing or cut off."""
    folder = Path(folder)
    header, shards = read_manifest(folder)
    for summary in shards:
        check_files(folder, summary)
    path = folder / "dataset.json"
    try:
        info = json.loads(path.read_text())
    except FileNotFoundError:
        info = None
    except ValueError:
        raise DatasetError(f"{path}: not JSON, the file is damaged; run the same build again to remake it") from None
    return Dataset(folder, header, shards, info)


@contextmanager
def _parquet(path: Path) -> Iterator[pq.ParquetFile]:
    with _damage(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        yield file


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise DatasetError(f"{path}: cannot be read, the file is damaged ({str(error).splitlines()[0]})") from error
