"""Read the cells of published rows: pictures, lists of options, and the letter of the right one.

Enters: a cell as the authors publish it. Leaves: a Picture, texts, a place from 0. A picture of COCO 2017, which a
benchmark names but does not hold, need not be there: items can be listed, and saved answers scored, without it.
"""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Picture

COCO_FOLDERS = ("", "images", "relevant_images", "trainval2017", "train2017", "val2017", "test2017", "COCO2017")
"""Where the benchmarks' read-mes unpack the pictures of COCO to; "" is beside the rows."""


def read_picture(cell: Any, folder: Path) -> Picture:
    """Read an image cell as published: {"bytes", "path"}, bytes, base64 text, or the path of a file below `folder`.

    Raises UserError for anything else, and for a path where no file is.
    """
    if isinstance(cell, Mapping):
        return read_picture(cell["bytes"] if cell.get("bytes") else cell.get("path"), folder)
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, str):
        base = _base(folder)
        if (path := _file_below(base, cell)) is not None:
            return path
        try:
            return base64.b64decode(cell.partition(",")[2] if cell.startswith("data:") else cell, validate=True)
        except ValueError:  # binascii.Error is one, and so is a letter that is not ASCII
            raise UserError(f"image {cell[:80]!r}: no such file below {str(base)!r}; get the images too") from None
    raise UserError(f"image: got {type(cell).__name__}; expected bytes, base64 text or a path")


def _file_below(base: Path, name: str) -> Path | None:
    try:
        return path if len(name) < 1024 and (path := base / name).is_file() else None
    except OSError:  # base64 may make too long a name
        return None


def find_coco_picture(name: str, folder: Path) -> Path:
    """Find a picture of COCO below `folder`, or beside it if it is a file; it is expected in `images`."""
    base = _base(folder)
    return next((path for place in COCO_FOLDERS if (path := base / place / name).is_file()), base / "images" / name)


def option_marks(count: int) -> tuple[str, ...]:
    """List the marks of the first `count` options: ("(A)", "(B)", ...)."""
    return tuple(f"({letter})" for letter in ascii_uppercase[:count])


def place_of_letter(answer: object, options: Sequence[str], where: str) -> int:
    """Find the place of the option that "(C)" or "C" names. Raises UserError, beginning with `where`, for others."""
    letters = ascii_uppercase[: len(options)]
    letter = str(answer).strip().strip("()")
    if len(letter) != 1 or letter not in letters:
        raise UserError(f"{where}: answer {answer!r}; expected a letter of its options, {', '.join(letters)}")
    return letters.index(letter)


def option_texts(cell: object, where: str) -> tuple[str, ...]:
    """Read a cell of options as texts. Raises UserError, beginning with `where`, for fewer than two."""
    found = tuple(str(one) for one in cell) if isinstance(cell, list | tuple) else ()
    if len(found) < 2:
        raise UserError(f"{where}: got the options {cell!r}; expected a list of two or more")
    return found


def _base(folder: Path) -> Path:
    return folder if folder.is_dir() else folder.parent
