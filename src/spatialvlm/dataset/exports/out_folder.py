"""A folder that is either whole or absent: written beside its place as `<name>.tmp`, renamed when it is complete.

A note in it (`export.json`) says that it is ours, and so may be replaced; what has none is left alone.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spatialvlm.dataset.files import TEMPORARY, disk_faults, flush_folder, to_json
from spatialvlm.errors import UserError

try:
    import fcntl
except ImportError:  # Windows has no advisory locks; there, nobody stops two exports into one folder
    fcntl = None

NOTE = "export.json"


@contextmanager
def replace_folder(out: Path, about: Mapping[str, Any]) -> Iterator[Path]:
    """Yield an empty folder to fill, which becomes `out` at the end; on an error it is removed and `out` is as it was.

    Raises UserError where `out`, or the unfinished folder beside it, holds something that no export wrote, and where
    another process is writing it.
    """
    out = out.resolve()
    if not out.name:
        raise UserError(f"{out}: is no name for a new folder; choose another --out")
    temporary = out.with_name(out.name + TEMPORARY)
    with disk_faults(out):
        for folder in (out, temporary):
            _check_ours(folder)
        temporary.mkdir(parents=True, exist_ok=True)
        descriptor = _lock(temporary, out)
        try:
            _empty(temporary)
            write_note(temporary, about)
            yield temporary
            os.sync()  # all files at once: one by one takes a disk access per image
            if out.exists():
                _empty(out)
                out.rmdir()
            temporary.rename(out)
            flush_folder(out.parent)
        finally:
            if temporary.exists():
                _empty(temporary)
                temporary.rmdir()
            os.close(descriptor)


def write_note(folder: Path, about: Mapping[str, Any]) -> None:
    """Say in the folder what it is."""
    (folder / NOTE).write_text(to_json(about, indent=1) + "\n")


def _check_ours(folder: Path) -> None:
    if not folder.exists():
        return
    if folder.is_dir() and (not any(folder.iterdir()) or _has_note(folder)):
        return
    what = "holds something that no export wrote" if folder.is_dir() else "is a file"
    raise UserError(f"{folder}: {what}, it is left alone; choose another --out or remove it")


def _has_note(folder: Path) -> bool:
    try:
        note = json.loads((folder / NOTE).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(note, dict) and "spatialvlm" in note


def _empty(folder: Path) -> None:
    """Remove what an export left. The note goes last: one that is killed here would leave a foreign folder."""
    for path in sorted(folder.iterdir(), key=lambda path: path.name == NOTE):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _lock(folder: Path, out: Path) -> int:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserError(f"{out}: another process is exporting to it; wait for it, or choose another --out") from None
    except OSError:
        pass  # a file system without locks, as some network ones
    return descriptor
