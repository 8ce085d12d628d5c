"""Small data in the layouts that benchmarks' authors publish, and items as they are after scoring."""

import base64
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.reading import Reading
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.records import Score


def png(shade: int = 0, size: tuple[int, int] = (6, 4)) -> bytes:
    """A tiny image file."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def base64_of(image: bytes) -> str:
    return base64.b64encode(image).decode()


def cell(image: bytes) -> dict[str, Any]:
    """An image as the hub's Parquet holds it."""
    return {"bytes": image, "path": None}


def write_rows(file: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows as Parquet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file


def scored(items: Iterable[Item], values: Iterable[float]) -> tuple[list[Scored], list[float]]:
    """Items with values, as `figures` gets them."""
    kept = [float(value) for value in values]
    ones = [Scored(item, "", Reading(None, ""), Score(value, None, ""), None) for item, value in zip(items, kept)]
    return ones, kept
