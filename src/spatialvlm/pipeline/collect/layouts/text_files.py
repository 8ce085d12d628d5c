"""text_files: the lists, matrices and JSON files of a layout, which all of its frames hang on: UserErrors name them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError


def text_in(path: Path) -> str:
    """Read a text file. Raises UserError where it cannot be read as UTF-8."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; the layout needs it")
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as text ({error}); replace it") from None


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number (from 1) and the text of each line that is neither blank nor a comment (#)."""
    for number, line in enumerate(text_in(path).splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def json_in(path: Path, expected: type[Any]) -> Any:
    """Read a JSON file that holds a value of the type `expected`. Raises UserError where it does not."""
    try:
        value = json.loads(text_in(path))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: is no JSON ({error}); correct it") from None
    if not isinstance(value, expected):
        raise UserError(f"{path}: got a {type(value).__name__}, expected a {expected.__name__}")
    return value


def matrix_in(path: Path) -> Float64[np.ndarray, "r c"]:
    """Read the rows of a matrix of numbers, 3 x 3, 3 x 4 or 4 x 4. Raises UserError where it is none."""
    try:
        rows = np.array([[float(word) for word in line.replace(",", " ").split()] for _, line in lines_of(path)])
    except ValueError:
        rows = np.zeros(0)
    if rows.size == 9:
        rows = rows.reshape(3, 3)
    if rows.shape not in ((3, 3), (3, 4), (4, 4)):
        raise UserError(f"{path}: expected a matrix of numbers, 3x3 or 4x4, one row a line; correct it")
    return rows


def names_in(record: dict[str, Any]) -> dict[str, str]:
    """Read what things are called by their numbers: {"1": "mug"} or {"1": {"name": "mug"}}; a number is no name."""
    names = {}
    for key, value in record.items():
        if isinstance(value, dict):
            value = next((value[word] for word in ("name", "class", "category", "label") if value.get(word)), None)
        if isinstance(value, str) and any(character.isalpha() for character in value):
            names[key] = value
    return names


def keyed_numbers_in(path: Path) -> dict[str, list[float]]:
    """Read lines "key: numbers", as KITTI calibrates; what are no numbers, such as dates, is left out."""
    found: dict[str, list[float]] = {}
    for _, line in lines_of(path):
        key, _, words = line.partition(":")
        try:
            found[key.strip()] = [float(word) for word in words.split()]
        except ValueError:
            continue
    return found
