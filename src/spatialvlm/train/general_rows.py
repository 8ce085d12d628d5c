"""Rows from general data: conversations as `messages`, from JSONL files with images beside them or from the hub.

A line: {"messages": [{"role", "content": text or parts}, ...], "images": [path, ...]}, paths relative to the file; or
"conversations" of "from" and "value". All images of a row belong to its first question.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from spatialvlm.errors import UserError
from spatialvlm.train.encoding import Dialogue, Encoder
from spatialvlm.train.packing import TokenRow

_WHO = {"human": "user", "gpt": "assistant", "model": "assistant"}
_DATA = "data.jsonl"


class MessageLines:
    """The lines of a JSONL file, by number: only where each begins is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            starts, at = [], 0
            for line in file:
                if line.strip():
                    starts.append(at)
                at += len(line)
        self._starts = np.array(starts, np.int64)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, place: int) -> dict[str, Any]:
        """Read a line. Raises ValueError where it is no object of JSON."""
        with self._path.open("rb") as file:
            file.seek(int(self._starts[place]))
            row = json.loads(file.readline())
        if not isinstance(row, dict):
            raise ValueError("no object")
        return row


def open_general(name: str) -> tuple[Any, Path]:
    """Open a JSONL file, a folder with data.jsonl, or a set of the hub: rows by number, and the folder of its images.

    Raises UserError where there is none.
    """
    path = Path(name).expanduser()
    path = path / _DATA if path.is_dir() else path
    if path.is_file():
        return MessageLines(path), path.parent
    if path.suffix in (".jsonl", ".json") or name.count("/") != 1:
        raise UserError(f"general data {name!r}: no such file; expected a JSONL file of messages, or a hub id")
    try:
        import datasets  # pyright: ignore[reportMissingImports]

        return datasets.load_dataset(name, split="train"), Path()
    except ImportError:
        raise UserError(
            f"general data {name!r}: sets of the hub need datasets; pip install 'spatialvlm[train]'"
        ) from None
    except (OSError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"general data {name!r}: cannot be had ({first}); give a JSONL file of messages") from None


class GeneralRows:
    """A RowSource: see the module. `skipped` counts rows that cannot be trained on, by reason."""

    def __init__(self, names: Sequence[str], encoder: Encoder, max_tokens: int) -> None:
        self.name = ", ".join(names)
        self._sets = [open_general(name) for name in names]
        self._encoder, self._max_tokens = encoder, max_tokens
        self.skipped: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(len(rows) for rows, _ in self._sets)

    def row(self, epoch: int, place: int) -> TokenRow | None:
        """Make the row of a line; None where it is damaged, too long, or its images cannot be read."""
        within = place
        for rows, folder in self._sets:
            if within < len(rows):
                return self._made(rows, within, folder)
            within -= len(rows)
        raise IndexError(f"row {place} of {len(self)}")

    def _made(self, rows: Any, place: int, folder: Path) -> TokenRow | None:
        try:
            given = rows[place]
            turns, images = turns_of(given), [_image(one, folder) for one in _images(given)]
            row = self._encoder.row(images, [Dialogue(turns)])
        except (
            OSError,
            SyntaxError,
            ValueError,
            KeyError,
            TypeError,
            UserError,
            Image.DecompressionBombError,
        ) as error:
            self.skipped[f"{type(error).__name__}: {error}"[:80]] += 1
            return None
        if row.tokens > self._max_tokens:  # never cut: image tokens without their image are an error
            self.skipped["too long"] += 1
            return None
        return row


def turns_of(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Read who says what in a row, without the places of images. Raises KeyError or TypeError for another row."""
    turns = row.get("messages") or row["conversations"]
    found = []
    for turn in turns:
        who = turn.get("role") or turn["from"]
        said = turn["content"] if "content" in turn else turn["value"]
        if not isinstance(said, str):
            said = "".join(part.get("text") or "" for part in said)
        found.append((_WHO.get(who, who), said.replace("<image>\n", "").replace("<image>", "")))
    return tuple(found)


def _images(row: Mapping[str, Any]) -> list[Any]:
    images = row.get("images") or row.get("image") or []
    return images if isinstance(images, list) else [images]


def _image(given: Any, folder: Path) -> Image.Image:
    """Open an image that a row names by its path or holds."""
    if isinstance(given, Image.Image):
        return given.convert("RGB")
    with Image.open(folder / given) as picture:
        return picture.convert("RGB")
