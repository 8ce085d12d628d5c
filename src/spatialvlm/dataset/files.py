"""Files that are either whole or absent: written as `.tmp`, flushed to the disk, renamed. Faults come with the fix."""

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError

TEMPORARY = ".tmp"


def write_file(path: Path, fill: Callable[[BufferedIOBase], object]) -> None:
    """Let `fill` write the content of `path`; whoever reads `path` sees the old content or all of the new."""
    temporary = path.with_name(path.name + TEMPORARY)
    with disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)  # half a file would only use up the disk
            raise
        flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_faults(path: Path) -> Iterator[None]:
    """Turn an OSError while writing `path` into a UserError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            fix = "free space and run the same command again; finished shards are kept"
            raise UserError(f"disk full writing {path}: {fix}") from error
        fix = "make the folder writable or choose another one with --out"
        raise UserError(f"cannot write {path}: {error.strerror or error}; {fix}") from error


def to_json(value: Any, indent: int | None = None) -> str:
    """Write JSON with sorted keys: the same value always gives the same text."""
    return json.dumps(value, sort_keys=True, indent=indent)


def describe_file(folder: Path, path: Path) -> dict[str, Any]:
    """Describe a file as a manifest does: its path within the folder, bytes, sha256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": digest}
