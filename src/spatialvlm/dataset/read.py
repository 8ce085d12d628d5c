"""A dataset on disk, read back as records. Damage is a DatasetError that names the file and the repair."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.dataset import schema
from spatialvlm.dataset.files import describe_file
from spatialvlm.dataset.manifest import (
    INFO,
    MANIFEST,
    Summary,
    check_files,
    holds_scenes,
    read_info,
    read_manifest,
    repair_of,
)
from spatialvlm.dataset.questions import read_questions
from spatialvlm.dataset.scenes import read_scenes
from spatialvlm.errors import DatasetError
from spatialvlm.records import QA, Drop, Scene, Source

LONGEST_SHOWN = 80  # characters of a frame id in a message


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a dataset, as its manifest line describes it. It can be sent to another process."""

    folder: Path
    name: str
    shard: int
    rows: int

    def groups(self, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Read the row groups, in order."""
        with self._open() as file:
            for group in range(file.num_row_groups):
                yield self._read(file, group, columns)

    def group(self, index: int, columns: Sequence[str]) -> pa.Table:
        """Read one row group: the rows from `index` times `schema.ROW_GROUP`."""
        with self._open() as file:
            return self._read(file, index, columns)

    def _read(self, file: pq.ParquetFile, group: int, columns: Sequence[str]) -> pa.Table:
        with self._damage():
            return file.read_row_group(group, columns=list(columns), use_threads=False)

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        with self._damage():
            file = pq.ParquetFile(self.folder / self.name, page_checksum_verification=True)
        with file:
            if file.metadata.num_rows != self.rows:
                raise self._fault(f"got {file.metadata.num_rows} rows, expected {self.rows}")
            yield file

    @contextmanager
    def _damage(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            raise self._fault(f"cannot be read, the file is damaged ({str(error).splitlines()[0]})") from error

    def _fault(self, fault: str) -> DatasetError:
        return DatasetError(f"{self.folder / self.name}: {fault}; {repair_of(self.folder, [self.shard])}")


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
        """Read scenes with where each image came from, in order. Without `images` sources hold none: much faster."""
        columns = scene_columns(images=images)
        for part in self.parts("scenes"):
            for table in part.groups(columns):
                yield from read_scenes(table)

    def questions(self) -> Iterator[tuple[str, list[QA]]]:
        """Yield every frame id with its questions, in the order of the scenes."""
        for part in self.parts("qa"):
            for table in part.groups(schema.QA.names):
                yield from read_questions(table)

    def drops(self) -> Iterator[Drop]:
        """Read what was rejected, and why, in order."""
        return (Drop(*drop) for summary in self.shards for drop in summary["drops"])

    def doubts(self) -> Iterator[Drop]:
        """Read what was taken and may yet be wrong, and why, in order."""
        return (Drop(*doubt) for summary in self.shards for doubt in summary.get("doubts", ()))

    def parts(self, name: str) -> list[Part]:
        """List the files of `scenes` or `qa`, in order. Raises DatasetError where the scenes are in another dataset."""
        if name == "qa" and self.header.get("format") == 1:
            raise DatasetError(
                f"{self.folder}: its questions are of format 1, which does not hold what it takes to score an answer; "
                f"its scenes are read: spatialvlm ask {self.folder} --out {self.folder}-2 asks again"
            )
        if name == "scenes" and not holds_scenes(self.header):
            raise DatasetError(
                f"{self.folder}: holds questions alone; their scenes are in the dataset {self.header['source']!r} that "
                "they were asked of, open that one"
            )
        return [Part(self.folder, one["files"][name]["path"], one["shard"], one["scenes"]) for one in self.shards]

    def frame_ids(self) -> list[str]:
        """List the ids of all scenes, in order."""
        tables = (table for part in self.parts("scenes") for table in part.groups(["frame_id"]))
        return [id_ for table in tables for id_ in table.column(0).to_pylist()]

    def verify(self) -> None:
        """Read every file and compare it with its sha256. Raises DatasetError for the first that differs."""
        check_files(self.folder, self.shards)
        for summary in self.shards:
            for entry in summary["files"].values():
                path = self.folder / entry["path"]
                if describe_file(self.folder, path) != entry:
                    fix = repair_of(self.folder, [summary["shard"]])
                    raise DatasetError(f"{path}: damaged, its sha256 is not that of {MANIFEST}; {fix}")

    def __len__(self) -> int:
        return sum(summary["scenes"] for summary in self.shards)

    def at(self, index: int) -> tuple[Scene, Source, list[QA]]:
        """Read one scene, its image and its questions, by its place in the dataset: one row group of each file."""
        row = index
        for scenes, qa in zip(self.parts("scenes"), self.parts("qa"), strict=True):
            if 0 <= row < scenes.rows:
                scene, source = next(read_scenes(_row(scenes, row, schema.SCENES.names)))
                frame_id, questions = next(read_questions(_row(qa, row, schema.QA.names)))
                if frame_id != scene.frame_id:
                    raise DatasetError(
                        f"{self.folder / qa.name} row {row}: of frame {frame_id!r}, expected {scene.frame_id!r} as in "
                        f"{scenes.name}; {repair_of(self.folder, [scenes.shard])}"
                    )
                return scene, source, questions
            row -= scenes.rows
        raise IndexError(f"scene {index} of a dataset of {len(self)}")

    def frame(self, frame_id: str) -> tuple[Scene, Source, list[QA]]:
        """Read one scene, its image and its questions, by the frame's id. Raises DatasetError where there is none."""
        ids = self.frame_ids()
        if frame_id in ids:
            return self.at(ids.index(frame_id))
        raise DatasetError(f"{self.folder}: no frame {frame_id[:LONGEST_SHOWN]!r}; {_hint(frame_id, ids)}")


def scene_columns(*, images: bool) -> list[str]:
    """List the columns that scenes are read from, with or without their images."""
    return [name for name in schema.SCENES.names if images or name != "image"]


def _row(part: Part, row: int, columns: Sequence[str]) -> pa.Table:
    group, row = divmod(row, schema.ROW_GROUP)
    return part.group(group, columns).slice(row, 1)


def _hint(frame_id: str, ids: Sequence[str]) -> str:
    close = get_close_matches(frame_id[:LONGEST_SHOWN], ids, 1)
    if close:
        return f"did you mean {close[0]!r}?"
    if not ids:
        return "it has no frames, all were dropped"
    return f"its {len(ids)} frames go from {ids[0][:LONGEST_SHOWN]!r} to {ids[-1][:LONGEST_SHOWN]!r}"


def read_dataset(folder: Path | str) -> Dataset:
    """Open a dataset folder. Raises DatasetError where it is none, or where a part is missing or cut off."""
    folder = Path(folder)
    header, shards = read_manifest(folder)
    check_files(folder, shards)
    info = read_info(folder)
    if info is not None:
        _check_info(folder, header, shards, info)
    return Dataset(folder, header, shards, info)


def opened(dataset: Dataset | Path | str) -> Dataset:
    """Take a dataset as it is, or open the one in a folder."""
    return dataset if isinstance(dataset, Dataset) else read_dataset(dataset)


def _check_info(folder: Path, header: dict[str, Any], shards: list[Summary], info: dict[str, Any]) -> None:
    """Check dataset.json, which is made from the manifest: what differs was lost, or comes from elsewhere."""
    if any(info.get(key) != header.get(key) for key in ("config", "fingerprint")):
        raise DatasetError(
            f"{folder / INFO}: made with other settings than {MANIFEST} says; run the command that made it again"
        )
    if info.get("shards") != len(shards):
        raise DatasetError(
            f"{folder / MANIFEST}: got {len(shards)} finished shards, expected {info.get('shards')} as in {INFO}, "
            "lines are lost; run the command that made it again"
        )
