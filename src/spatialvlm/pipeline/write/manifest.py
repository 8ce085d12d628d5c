"""manifest.jsonl: what a dataset is made with, then one line per finished shard. It makes a killed build resumable.

The first line is the header {"format", "config", "source", "fingerprint", "versions"}. A shard's line is appended after
its files are safe on the disk; a line cut off by a crash is discarded and its shard is made again.
"""

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import Any

from spatialvlm.errors import DatasetError, UserError
from spatialvlm.pipeline.write.atomic import TEMPORARY, disk_faults, to_json, write_file

try:
    import fcntl
except ImportError:  # Windows has no advisory locks; there, nobody stops two builds in one folder
    fcntl = None

FORMAT = 1
NAME = "manifest.jsonl"

Summary = dict[str, Any]


class Progress:
    """A dataset being built. `done` maps a finished shard's number to its summary. Close it, or use it in a `with`."""

    def __init__(self, folder: Path, header: dict[str, Any], done: dict[int, Summary], file: FileIO) -> None:
        self.folder = folder
        self.header = header
        self.done = done
        self._file = file

    def append(self, summary: Summary) -> None:
        """Record a finished shard. Call it in the order of the shards."""
        with disk_faults(self.folder / NAME):
            line = to_json(summary).encode() + b"\n"
            while line:  # unbuffered: what a full disk refuses must not come up again when the file is closed
                line = line[self._file.write(line) :]
            os.fsync(self._file.fileno())
        self.done[summary["shard"]] = summary

    def close(self) -> None:
        """Let another process build here."""
        self._file.close()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_for_build(folder: Path, header: Mapping[str, Any]) -> Progress:
    """Start a dataset in `folder`, or take up the one that is there.

    Raises DatasetError where the folder holds something else, a dataset made with another header, or one whose files
    are damaged; UserError where it cannot be written or is being written by another process.
    """
    folder, path = Path(folder), Path(folder) / NAME
    wanted = json.loads(to_json({"format": FORMAT, **header}))
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        foreign = sorted(p.name for p in folder.iterdir() if p.name not in (NAME, NAME + TEMPORARY))
    if not path.exists():
        if foreign:
            some = ", ".join(foreign[:3]) + (", ..." if len(foreign) > 3 else "")
            raise DatasetError(
                f"{folder}: not a dataset (no {NAME}) but not empty either, it holds {some}; choose another --out"
            )
        write_file(path, lambda file: file.write(to_json(wanted).encode() + b"\n"))
    with ExitStack() as stack:
        file = stack.enter_context(_lock(path))
        _discard_torn_line(path, file)
        found, summaries = read_manifest(folder)
        _check_same(folder, found, wanted)
        done = {summary["shard"]: summary for summary in summaries}
        for summary in summaries:
            check_files(folder, summary)
        for leftover in sorted(folder.rglob("*" + TEMPORARY)):
            leftover.unlink()
        stack.pop_all()
    return Progress(folder, found, done, file)


def read_manifest(folder: Path) -> tuple[dict[str, Any], list[Summary]]:
    """The header and the summaries of the finished shards, in their order. A torn last line is ignored."""
    path = Path(folder) / NAME
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        raise DatasetError(
            f"{folder}: no dataset here (no {NAME}); give the folder that was --out of a build"
        ) from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    if not lines:
        raise DatasetError(f"{path}: has no header; nothing can be resumed, remove the folder and build again")
    parsed = [_parse(path, number, line) for number, line in enumerate(lines, 1)]
    if parsed[0].get("format") != FORMAT:
        raise DatasetError(
            f"{path}: got format {parsed[0].get('format')!r}, expected {FORMAT}; use the spatialvlm that made it"
        )
    if not all("shard" in summary for summary in parsed[1:]):
        raise DatasetError(f"{path}: a line names no shard; delete that line and run the build again")
    shards = {summary["shard"]: summary for summary in parsed[1:]}
    return parsed[0], [shards[number] for number in sorted(shards)]


def check_files(folder: Path, summary: Summary) -> None:
    """Raise DatasetError where a finished shard's file is missing or has another size."""
    for entry in summary["files"].values():
        path = Path(folder) / entry["path"]
        size = path.stat().st_size if path.is_file() else None
        if size != entry["bytes"]:
            fault = "missing" if size is None else f"damaged, got {size} bytes, expected {entry['bytes']}"
            raise DatasetError(
                f"{path}: {fault}; delete the line of shard {summary['shard']} from {Path(folder) / NAME} and run the "
                "same build again to remake it, or choose another --out"
            )


def sort_manifest(folder: Path) -> None:
    """Put the lines in the order of the shards: after a repair they may not be."""
    path = Path(folder) / NAME
    header, summaries = read_manifest(folder)
    content = "".join(to_json(line) + "\n" for line in (header, *summaries)).encode()
    if path.read_bytes() != content:
        write_file(path, lambda file: file.write(content))


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    fix = "remove the folder and build again" if number == 1 else "delete this line and run the same build again"
    raise DatasetError(f"{path} line {number}: not a JSON object, the file is damaged; {fix}")


def _check_same(folder: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    here, asked = _flat(found), _flat(wanted)
    different = [key for key in sorted({*here, *asked}) if here.get(key, ...) != asked.get(key, ...)]
    if different:
        rows = [f"  {key}: {_say(here, key)} in the folder, {_say(asked, key)} now" for key in different]
        raise DatasetError(
            f"{folder}: holds a dataset made with other settings:\n"
            + "\n".join(rows)
            + "\nrun with the same settings to resume it, or choose another --out"
        )


def _say(flat: dict[str, Any], key: str) -> str:
    return json.dumps(flat[key], ensure_ascii=False) if key in flat else "absent"


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            flat |= _flat(inner, f"{prefix}{key}.")
        else:
            flat[prefix + key] = inner
    return flat


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
