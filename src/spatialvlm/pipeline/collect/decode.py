"""decode: paths, bytes and JSON values of the input -> what is meant, or Refused. For all sources that read files."""

import difflib
import math
import os
import re
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

LONGEST_ID = 200
LARGEST_FILE_BYTES = 512_000_000  # float64 depth of the largest picture takes 408 million
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HUB_SNAPSHOT = re.compile(r"(.*[\\/](?:datasets|models|spaces)--[^\\/]+)[\\/]snapshots[\\/][^\\/]+")


class Refused(Exception):
    """Something in the input cannot be used. Never leaves this stage: a source turns it into a Drop."""

    def __init__(self, code: str, sentence: str):
        super().__init__(f"{code}: {sentence}")


def shown(value: object) -> str:
    """Write a value from a file as a message may quote it: escaped, at most 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def read_file(folder: Path, relative: str, kind: str, owner: str, largest_bytes: int = LARGEST_FILE_BYTES) -> bytes:
    """Read the bytes of a file that `owner` names by its path relative to `folder`; codes begin with `kind`.

    Only a regular file is opened: reading a FIFO or a device may never end.
    """
    name = file_name(relative, owner)
    try:
        path = path_inside(folder, relative, owner)
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise Refused(f"{kind}_no_file", f"{name}: is a FIFO, a device or a socket, expected a file; replace it")
        if status.st_size > largest_bytes:
            raise Refused(
                f"{kind}_too_large",
                f"{name}: {status.st_size:,} bytes, expected at most {largest_bytes:,}; make it smaller",
            )
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise Refused(f"{kind}_missing", f"{name}: no such file in the folder; add it or correct the path") from None
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have, such as one with a NUL
        why = getattr(error, "strerror", None) or error
        raise Refused(f"{kind}_unreadable", f"{name}: cannot be opened ({why}); correct the path") from None


def path_inside(folder: Path, relative: str, owner: str) -> Path:
    """Find the path of a file below `folder`. One that leaves it is refused, by its name or by a link.

    A dataset reads nothing but itself; the folder itself may be a link, and a snapshot in the cache of the Hugging Face
    hub consists of links to the blobs beside it. Raises OSError or ValueError for a name that no file can have.
    """
    normal = os.path.normpath(relative)
    if os.path.isabs(relative) or os.path.splitdrive(relative)[0] or normal.split(os.sep)[0] == os.pardir:
        raise Refused("path_outside", f"{shown(relative)} of {owner}: leaves the folder; give a path below the folder")
    path, root = os.path.realpath(folder / normal), os.path.realpath(folder)
    if not any(os.path.commonpath((path, own)) == own for own in (root, *_hub_blobs(root))):
        raise Refused(
            "path_outside", f"{file_name(relative, owner)}: is a link that leaves the folder; put the file itself there"
        )
    return folder / normal


def _hub_blobs(root: str) -> list[str]:
    """Find where the files of a snapshot lie, DATASET/blobs of DATASET/snapshots/REVISION; nothing of other folders."""
    snapshot = _HUB_SNAPSHOT.match(root)
    return [] if snapshot is None else [os.path.join(snapshot[1], "blobs")]


def file_name(relative: str, owner: str) -> str:
    """Name a file for messages: its path, quoted where it is long or holds unprintable characters, and its owner."""
    return f"{relative if relative.isprintable() and len(relative) <= 120 else shown(relative)} of {owner}"


def canonical(record: Mapping[str, object], aliases: Mapping[str, str], owner: str) -> dict[str, object]:
    """Give the keys of a record the names that they have here; two that mean the same are refused."""
    known: dict[str, object] = {}
    for key, value in record.items():
        name = aliases.get(key, key)
        if known.get(name) is None:
            known[name] = value
        elif value is not None:
            raise Refused(
                "key_twice", f"{shown(key)} of {owner}: means {name!r}, which is given too; keep one of the two"
            )
    return known


def check_keys(
    record: Mapping[str, object],
    known: Collection[str],
    required: Collection[str],
    owner: str,
    hints: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Refuse a record with an unknown key, which may be a misspelt one that matters, or without a required one.

    `hints` say of keys that others use what to do with them.
    """
    for key in record:
        if key not in known:
            close = difflib.get_close_matches(key[:LONGEST_ID], known, n=1)
            hint = hints.get(key) or (f"did you mean {close[0]!r}?" if close else "leave it out if it is none of these")
            raise Refused("unknown_key", f"{shown(key)} of {owner}: {hint}; known keys are {', '.join(known)}")
    for key in required:
        if record.get(key) is None:
            raise Refused("missing_key", f"{key!r} of {owner}: not given; it is required")


def record_id(value: object, owner: str) -> str:
    """Read the id of a frame or an instance: a string, or an integer as a string."""
    if value is None:
        raise Refused("missing_key", f"'id' of {owner}: not given; it is required")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Refused("wrong_type", f"'id' of {owner}: got {shown(value)}, expected a string")
    if not value.strip() or len(value) > LONGEST_ID:
        raise Refused(
            "id_invalid",
            f"{shown(value)} of {owner}: {len(value)} characters, expected 1 to {LONGEST_ID}; change the id",
        )
    if not is_unicode(value):
        raise Refused("id_invalid", f"{shown(value)} of {owner}: is no valid Unicode; change the id")
    return value


def is_unicode(text: str) -> bool:
    """Tell whether text can be stored: JSON escapes and file names can make strings that UTF-8 cannot say."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def one_line(text: str) -> str:
    """Keep text as it is, but on one line: runs of newlines and control characters are one space."""
    return _CONTROL.sub(" ", text.encode("utf-8", "replace").decode()).strip()


def text_of(value: object, what: str) -> str:
    """Take a value that must be a non-empty string of valid Unicode."""
    if not isinstance(value, str) or not value or not is_unicode(value):
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected a non-empty string")
    return value


def number_of(value: object, what: str) -> float:
    """Take a value that must be a number; NaN and infinities pass, for the caller to judge."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected a number")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def numbers_of(value: object, count: int, what: str) -> list[float]:
    """Take a value that must be a list of `count` numbers."""
    if not isinstance(value, list) or len(value) != count:
        raise Refused("wrong_type", f"{what}: got {shown(value)}, expected a list of {count} numbers")
    return [number_of(item, what) for item in value]
