"""folder_files: what lies in the folders of a layout -> names of files and folders, in the order of their numbers."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from spatialvlm.errors import UserError

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm")
MOST_ENTRIES = 2000  # of a folder that is only looked at for its signs


def files_in(folder: Path, within: str, endings: tuple[str, ...] = PICTURES) -> dict[str, str]:
    """List the files of a folder `within` another: their names without ending to their paths; hidden ones left out.

    Empty where there is no such folder. Of two files of one name the first ending goes before.
    """
    found: dict[str, str] = {}
    names = [name for name, is_folder in _entries(folder / within) if not is_folder]
    for name in sorted(names, key=lambda name: (by_numbers(name), name)):
        stem, ending = os.path.splitext(name)
        if ending.lower() in endings:
            found.setdefault(stem, name if within in ("", ".") else f"{within}/{name}")
    return found


def folders_in(folder: Path, at_most: int | None = None) -> list[str]:
    """List the names of the folders in a folder, hidden ones left out; of `at_most` entries where given."""
    entries = islice(_entries(folder), at_most)
    return sorted((name for name, is_folder in entries if is_folder), key=by_numbers)


def some_files(folder: Path) -> list[str]:
    """List names of files of a folder, hidden ones left out, of which only the first entries are looked at."""
    return sorted(name for name, is_folder in islice(_entries(folder), MOST_ENTRIES) if not is_folder)


def places(
    folder: Path, is_one: Callable[[Path], object], levels: int, at_most: int | None = None, within: str = "."
) -> Iterator[str]:
    """Yield the folders that are what is looked for, as posix paths: the folder itself ("."), else below it.

    It goes so many levels down, and not into one that it has found. With `at_most` it looks into the first few folders
    of each, which is enough for signs.
    """
    if is_one(folder / within):
        yield within
    elif levels > 0:
        looked_at = None if at_most is None else MOST_ENTRIES
        for name in islice(folders_in(folder / within, looked_at), at_most):
            yield from places(folder, is_one, levels - 1, at_most, joined(within, name))


def upwards(folder: Path, levels: int) -> Iterator[Path]:
    """Yield the folder and those that it lies in: what holds of all parts of a dataset lies above them."""
    folder = folder.resolve()
    return islice((folder, *folder.parents), levels + 1)


def joined(within: str, *names: str) -> str:
    """Join posix paths; "." is the folder itself."""
    return "/".join(name for name in (within, *names) if name not in ("", "."))


def by_numbers(name: str) -> tuple[tuple[int, int | str], ...]:
    """Make the key that sorts frame9 before frame10."""
    return tuple(
        (0, int(part)) if part.isascii() and part.isdigit() else (1, part) for part in re.split(r"([0-9]{1,18})", name)
    )


def said_of(count: int, total: int, what: str) -> list[str]:
    """Say that `count` of `total` are something; nothing where none is."""
    return [f"{count:,} of {total:,} {what}"] if count else []


def _entries(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield name and whether it is a folder; nothing where it is none. Raises UserError where it cannot be listed."""
    if not folder.is_dir():
        return
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    yield entry.name, entry.is_dir()
    except OSError as error:
        raise UserError(f"folder {str(folder)!r}: cannot be listed ({error.strerror}); correct its rights") from None


def first_file(folder: Path, names: Iterable[str]) -> Path | None:
    """Find the first of some files that is there."""
    return next((folder / name for name in names if (folder / name).is_file()), None)
