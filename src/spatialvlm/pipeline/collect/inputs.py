"""inputs: what decides some frames of a source -> short texts that tell a later run what has changed since.

A digest is of contents, and the same on every machine. A stamp is of sizes and times, quickly made, and of this machine
alone: where it is as it was, nobody need read the contents again.
"""

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from spatialvlm.pipeline.collect import FrameSource
from spatialvlm.pipeline.collect.decode import Refused, path_inside

LONGEST_PATH = 1000  # characters; run lengths of masks are longer, and name no file
FILES_REMEMBERED = 1024  # a video, or a list that all frames share, is read once


def digest_of(source: FrameSource, indices: Iterable[int]) -> str:
    """Hash what decides some frames: what the source says of each, and the contents of its files."""
    return _hash_of(source, indices, _contents)


def stamp_of(source: FrameSource, indices: Iterable[int]) -> str:
    """Hash what decides some frames as `digest_of` does, with size and time of each file in place of its contents."""
    return _hash_of(source, indices, lambda path: repr(_state(path)).encode())


def _hash_of(source: FrameSource, indices: Iterable[int], of_file: Callable[[Path], bytes]) -> str:
    total = hashlib.sha256()
    for index in indices:
        files = source.files_of(index)
        total.update(b"frame of %d files\n" % len(files))
        for part in (source.entry_of(index), *map(of_file, files)):
            total.update(b"%d:%s" % (len(part), part))
    return total.hexdigest()


def _state(path: Path) -> tuple[int, int] | None:
    """Find size and time of a file; None where there is none to read, or something that is no file, such as a pipe."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    readable = stat.S_ISREG(found.st_mode) and os.access(path, os.R_OK)
    return (found.st_size, found.st_mtime_ns) if readable else None


def _contents(path: Path) -> bytes:
    state = _state(path)
    return b"" if state is None else _hash(path, *state)


@lru_cache(FILES_REMEMBERED)
def _hash(path: Path, size: int, time_ns: int) -> bytes:
    """Hash a file as it was at that time."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def files_named(folder: Path, line: bytes) -> tuple[Path, ...]:
    """List all that the texts in a JSON text may name below `folder`, by whatever key, there or not; once each.

    What is in a .json file that it names counts as well.
    """
    found: dict[Path, None] = {}
    for path in _paths_in(folder, line):
        found[path] = None
        if path.suffix.lower() == ".json" and _state(path) is not None:
            found |= dict.fromkeys(_paths_in(folder, _read(path)))
    return tuple(found)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _paths_in(folder: Path, text: bytes) -> Iterator[Path]:
    try:
        values = list(_texts(json.loads(text)))
    except (ValueError, RecursionError):
        return
    for value in values:
        if len(value) <= LONGEST_PATH:
            try:
                yield path_inside(folder, value, "a frame")
            except Refused:
                continue


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for one in value.values():
                yield from _texts(one)
