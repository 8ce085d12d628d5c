"""A dataset being built: a folder and what is wanted enter; what is finished there leaves, new lines are kept."""

import json
import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from io import BufferedIOBase, FileIO
from pathlib import Path
from typing import Any

from spatialvlm.dataset.files import TEMPORARY, disk_faults, to_json, write_file
from spatialvlm.dataset.manifest import (
    FORMAT,
    INFO,
    MANIFEST,
    REPORT,
    Summary,
    check_files,
    entries,
    read_info,
    read_manifest,
)
from spatialvlm.dataset.settings import check_same
from spatialvlm.errors import DatasetError, UserError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks; there, nobody stops two builds in one folder
    fcntl = None


class Progress:
    """A dataset being built; close it, or use it in a `with`.

    `header` is that of the folder. `done` maps a finished shard's number to its summary without its counts. `info` is
    what dataset.json says where all is finished, None where there is something left to do.
    """

    def __init__(
        self,
        folder: Path,
        header: dict[str, Any],
        done: dict[int, Summary],
        info: dict[str, Any] | None,
        file: FileIO,
    ) -> None:
        self.folder = folder
        self.header = header
        self.done = done
        self.info = info
        self._file = file

    def append(self, summary: Summary) -> None:
        """Record a finished shard. Call it in the order of the shards."""
        with disk_faults(self.folder / MANIFEST):
            line = to_json(summary).encode() + b"\n"
            while line:  # unbuffered: what a full disk refuses must not come up again when the file is closed
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        self.done[summary["shard"]] = {name: value for name, value in summary.items() if name != "counts"}

    def restart(self, header: Mapping[str, Any], without: Collection[int] = ()) -> None:
        """Go on by another header, and as if some shards had never been made: the folder is a half-made dataset again.

        What was made of all shards goes first, so that whoever is stopped on the way finds no end that is none. Raises
        DatasetError, and leaves all as it is, where what is kept was made by other versions.
        """
        wanted = _with_format(header)
        if not without and wanted == self.header and self.info is None:
            return
        self._check_versions(wanted)
        for name in (INFO, REPORT):
            (self.folder / name).unlink(missing_ok=True)
        path = self.folder / MANIFEST
        lines = [line for line, entry in entries(self.folder) if entry.get("shard", -1) not in {-1, *without}]

        def fill(file: BufferedIOBase) -> None:
            file.writelines((to_json(wanted).encode() + b"\n", *lines))

        write_file(path, fill)
        self._file.close()  # the lock was on the file that is replaced
        self._file = _lock(path)
        self.header, self.info = wanted, None
        self.done = {number: summary for number, summary in self.done.items() if number not in without}

    def _check_versions(self, wanted: Mapping[str, Any]) -> None:
        try:
            check_same(self.folder, self.header, wanted, {}, finished=False, mendable=True)
        except DatasetError as error:
            raise DatasetError(
                f"{error}\nits source has changed: only the same versions can make that again and keep the rest"
            ) from None

    def close(self) -> None:
        """Let another process build here."""
        self._file.close()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_for_build(
    folder: Path, header: Mapping[str, Any], defaults: Mapping[str, Any] | None = None, *, mendable: bool = False
) -> Progress:
    """Start a dataset in `folder`, or take up the one that is there.

    Only to go on with a half-made one asks for the same versions; a finished one is taken as it is. `defaults` is a
    header of nothing but default settings: those that an earlier version lacks are no difference. Where the source is
    `mendable`, another fingerprint is none either; then see `Progress.restart`. Raises DatasetError where the folder
    holds something else, a dataset made with another header, or one whose files are damaged; UserError where it cannot
    be written or is being written by another process.
    """
    folder, path = Path(folder), Path(folder) / MANIFEST
    wanted = _with_format(header)
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        foreign = sorted(p.name for p in folder.iterdir() if p.name not in (MANIFEST, MANIFEST + TEMPORARY))
    if not path.exists():
        if foreign:
            some = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
            raise DatasetError(
                f"{folder}: not a dataset (no {MANIFEST}) but not empty either, it holds {some}; choose another --out"
            )
        write_file(path, lambda file: file.write(to_json(wanted).encode() + b"\n"))
    with ExitStack() as stack:
        file = stack.enter_context(_lock(path))
        _discard_torn_line(path, file)
        found, summaries = read_manifest(folder)
        info = _sound_info(folder, found, len(summaries))
        usual = _as_json(defaults or {})
        check_same(folder, found, wanted, usual, finished=info is not None, mendable=mendable)
        done = {summary["shard"]: summary for summary in summaries}
        check_files(folder, summaries)
        for leftover in sorted(folder.rglob("*" + TEMPORARY)):
            leftover.unlink()
        stack.pop_all()
    return Progress(folder, found, done, info, file)


def _with_format(header: Mapping[str, Any]) -> dict[str, Any]:
    return _as_json({"format": FORMAT, **header})


def _as_json(header: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(to_json(header))


def _sound_info(folder: Path, header: Mapping[str, Any], shards: int) -> dict[str, Any] | None:
    """Read what dataset.json says; None where there is none, or another than the manifest makes: it is made again."""
    try:
        info = read_info(folder) or {}
    except DatasetError:
        return None
    sound = info.get("shards") == shards and all(info.get(key) == value for key, value in header.items())
    return info if sound else None


def _lock(path: Path) -> FileIO:
    with disk_faults(path):
        file = path.open("ab", buffering=0)
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise UserError(
            f"{path.parent}: another process is building this dataset; wait for it, or choose another --out"
        ) from None
    except OSError:
        pass  # a file system without locks, as some network ones
    return file


def _discard_torn_line(path: Path, file: FileIO) -> None:
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with disk_faults(path):
            file.truncate(whole)
            os.fsync(file.fileno())
