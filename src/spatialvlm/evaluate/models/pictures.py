"""Keep the pictures of items as files, and choose which of them an answerer is shown.

Enters: items with pictures as bytes or anywhere on the disk. Leaves: the same items with files in one folder, named by
their content, so that a picture that many items share is there once.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from PIL import Image

from spatialvlm.dataset import upright, write_file
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, Picture, picture_bytes
from spatialvlm.records import Scene, Source

_ENDINGS = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpg"), (b"GIF8", "gif"), (b"RIFF", "webp"))


def keep_picture(data: bytes, folder: Path) -> Path:
    """Write a picture upright as a file in `folder`, named by its content; what is there already stays.

    One that says how it be turned is written upright: some servers and browsers turn it and some do not.
    Raises UserError for what is no picture, or a damaged one.
    """
    ending = next((ending for magic, ending in _ENDINGS if data.startswith(magic)), None)
    if ending is None:
        raise UserError(f"a picture of {len(data)} bytes: got {data[:8]!r}, expected a PNG, JPEG, WebP or GIF file")
    shown, suffix = upright(data, None, None)
    path = folder / f"{hashlib.sha256(shown).hexdigest()[:24]}.{ending if shown is data else suffix}"
    if not path.exists():
        _check_decodes(shown)
        write_file(path, lambda file: file.write(shown))
    return path


def as_shown(scene: Scene, source: Source) -> set[bytes]:
    """List the files that the image of a scene may be shown as: as it came, as its questions mean it, upright."""
    return {source.image_bytes, *(upright(source.image_bytes, camera, None)[0] for camera in (scene.camera, None))}


def _check_decodes(data: bytes) -> None:
    try:
        with Image.open(BytesIO(data)) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise UserError(f"a picture of {len(data)} bytes is damaged ({error}); get it again") from None


def with_files(items: Iterable[Item], folder: Path) -> tuple[list[Item], dict[str, str]]:
    """Give items their pictures as files, and say by id of an item why a picture of it is missing or none.

    Such a picture stays as it is: not all who answer look. Only one picture is in memory at a time.
    """
    kept: list[Item] = []
    faults: dict[str, str] = {}
    for item in items:
        pictures: list[Picture] = []
        for picture in item.pictures:
            try:
                pictures.append(keep_picture(picture_bytes(picture, item), folder))
            except UserError as error:
                pictures.append(picture)
                faults.setdefault(item.id, str(error).removeprefix(f"item {item.id!r}: "))
        kept.append(replace(item, pictures=tuple(pictures)))
    return kept, faults


def size_of(item: Item) -> tuple[int, int] | None:
    """Return width and height of the picture of an item in pixels, as `meta` or its only file tells, else None."""
    if item.size is not None or len(item.pictures) != 1 or not isinstance(item.pictures[0], Path):
        return item.size
    try:
        with Image.open(item.pictures[0]) as opened:
            return opened.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def pictures_shown(items: Sequence[Item], track: str) -> list[tuple[Path, ...]]:
    """Choose what each item shows a model: its own pictures, none, or those of an item half a list away."""
    own = [tuple(picture for picture in item.pictures if isinstance(picture, Path)) for item in items]
    if track == "blind":
        return [()] * len(items)
    if track != "shuffled":
        return own
    distinct = list(dict.fromkeys(own))
    if len(distinct) < 2:
        raise UserError(
            "shuffled: all items show the same picture; expected two different ones at least; raise --limit"
        )
    step = max(len(distinct) // 2, 1)
    other = {pictures: distinct[(place + step) % len(distinct)] for place, pictures in enumerate(distinct)}
    return [other[pictures] for pictures in own]


def image_bytes(image: str) -> bytes:
    """Read the file behind what a chat holds: a path or a data URL."""
    return base64.b64decode(image.partition(",")[2]) if image.startswith("data:") else Path(image).read_bytes()
