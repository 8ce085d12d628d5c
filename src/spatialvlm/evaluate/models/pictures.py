"""The pictures of items as files, and which of them an answerer is shown.

Enters: items with pictures as bytes or anywhere on the disk. Leaves: the same items with files in one folder, named by
their content, so that a picture that many items share is there once.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.evaluate.exchange import picture_bytes
from spatialvlm.evaluate.items import Item
from spatialvlm.pipeline.write.atomic import write_file

_ENDINGS = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"GIF8", "gif"), (b"RIFF", "webp"))


def keep_picture(data: bytes, folder: Path) -> Path:
    """A picture as a file in `folder`, named by its content; what is there already stays."""
    ending = next((ending for magic, ending in _ENDINGS if data.startswith(magic)), None)
    if ending is None:
        raise UserError(f"a picture of {len(data)} bytes: got {data[:8]!r}, expected a PNG, JPEG, WebP or GIF file")
    path = folder / f"{hashlib.sha256(data).hexdigest()[:24]}.{ending}"
    if not path.exists():
        write_file(path, lambda file: file.write(data))
    return path


def with_files(items: Iterable[Item], folder: Path) -> list[Item]:
    """The items with their pictures as files, read one after the other: only one picture is in memory at a time."""
    return [_with_files(item, folder) for item in items]


def _with_files(item: Item, folder: Path) -> Item:
    pictures = []
    for data in (picture_bytes(picture, item) for picture in item.pictures):
        try:
            pictures.append(keep_picture(data, folder))
        except UserError as error:
            raise UserError(f"item {item.id!r}: {error}") from None
    return replace(item, pictures=tuple(pictures))


def shown(items: Sequence[Item], track: str) -> list[tuple[Path, ...]]:
    """What each item shows a model: its own pictures, none, or those of an item half a list away."""
    own = [tuple(picture for picture in item.pictures if isinstance(picture, Path)) for item in items]
    if track == "blind":
        return [()] * len(items)
    if track != "shuffled":
        return own
    distinct = list(dict.fromkeys(own))
    if len(distinct) < 2:
        raise UserError("shuffled: all items show the same picture; expected two different ones at least")
    step = max(len(distinct) // 2, 1)
    other = {pictures: distinct[(place + step) % len(distinct)] for place, pictures in enumerate(distinct)}
    return [other[pictures] for pictures in own]


def image_bytes(image: str) -> bytes:
    """The file behind what a chat holds: a path or a data URL."""
    return base64.b64decode(image.partition(",")[2]) if image.startswith("data:") else Path(image).read_bytes()
