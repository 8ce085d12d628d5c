"""The columns of a dataset on disk as Arrow types, and how Parquet stores each of them.

One row per image in `scenes` and in `qa`, one per rejection in `drops`. Text and numbers are compressed with zstd,
image bytes are stored as they came (they are compressed already). Row groups of 64 make one image cheap to fetch. The
same table always gives the same bytes.
"""

from collections.abc import Iterator
from io import BufferedIOBase
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 64
IMAGE_BYTES = "image.bytes"

_TEXT = pa.string()
_NUMBERS = pa.list_(pa.float64())

IMAGE = pa.struct([("bytes", pa.binary()), ("path", _TEXT)])
CAMERA = pa.struct(
    [
        ("image_from_camera", _NUMBERS),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("provenance", _TEXT),
        ("focal_error", pa.float64()),
    ]
)
RLE = pa.struct([("height", pa.int32()), ("width", pa.int32()), ("counts", pa.binary())])
BOX = pa.struct([(name, _NUMBERS) for name in ("low_in_world", "high_in_world", "low_error_m", "high_error_m")])
INSTANCE = pa.struct(
    [
        ("id", _TEXT),
        ("captions", pa.list_(_TEXT)),
        ("score", pa.float64()),
        ("box_xyxy", pa.list_(pa.float32())),
        ("mask", RLE),
    ]
)
OBJECT = pa.struct(
    [
        *INSTANCE,
        ("points_in_world", pa.list_(pa.float32())),  # x y z x y z ...
        ("box", BOX),
        ("truncated", pa.bool_()),
        ("occluded", pa.bool_()),
        ("bottom", _TEXT),
    ]
)
SURFACE = pa.struct([("of", _TEXT), ("height_m", pa.float64()), ("things", pa.list_(_TEXT)), ("free", RLE)])
SUPPORT = pa.struct([("surface", _TEXT), ("refusal", _TEXT)])
ERRORS = pa.struct(
    [(name, pa.float64()) for name in ("scale", "tilt_rad", "support_m", "local", "local_reach_px", "shift")]
)
VERDICT = pa.struct([("sharpness", pa.float64()), ("label", _TEXT), ("score", pa.float64())])
VERSION = pa.struct([("name", _TEXT), ("version", _TEXT)])
SCENES = pa.schema(
    [
        ("frame_id", _TEXT),
        ("image", IMAGE),
        ("origin", _TEXT),
        ("licence", _TEXT),
        ("camera", CAMERA),
        ("world_from_camera", _NUMBERS),
        ("gravity", _TEXT),
        ("support", SUPPORT),
        ("scale", _TEXT),
        ("scale_provenance", _TEXT),
        ("errors", ERRORS),
        ("objects", pa.list_(OBJECT)),
        ("versions", pa.list_(VERSION)),
        ("verdict", VERDICT),
        ("unlifted", pa.list_(INSTANCE)),  # older datasets have none
        ("surfaces", pa.list_(SURFACE)),  # nor these
    ]
)

QUESTION = pa.struct(
    [
        ("kind", _TEXT),
        ("family", _TEXT),
        ("question", _TEXT),
        ("answer", _TEXT),
        ("subjects", pa.list_(_TEXT)),
        ("number", pa.float64()),
        ("unit", _TEXT),
        ("label", _TEXT),
        ("error", pa.float64()),
        ("in_frame", _TEXT),
        ("template", _TEXT),
        ("reference", _TEXT),
        ("seed", pa.int64()),
        ("given", pa.float64()),
        ("names", pa.list_(_TEXT)),
        ("asked_unit", _TEXT),
        ("options", pa.list_(_TEXT)),
        ("value", _TEXT),
        ("asked_as", _TEXT),
        ("fact", _TEXT),
    ]
)
QA = pa.schema([("frame_id", _TEXT), ("qa", pa.list_(QUESTION))])

DROPS = pa.schema([("stage", _TEXT), ("id", _TEXT), ("reason", _TEXT)])


def write_parquet(table: pa.Table, file: BufferedIOBase) -> None:
    """Write one part. Pages carry checksums, so that damage is found when they are read."""
    leaves = dict(_leaves(table.schema))
    per_column: dict[str, Any] = {
        "compression": {path: "NONE" if path == IMAGE_BYTES else "zstd" for path in leaves},
        "use_dictionary": [path for path, type_ in leaves.items() if type_ == _TEXT],
        "use_byte_stream_split": [path for path, type_ in leaves.items() if pa.types.is_floating(type_)],
        "write_statistics": [path for path in leaves if path != IMAGE_BYTES],
    }
    pq.write_table(table, file, row_group_size=ROW_GROUP, write_page_checksum=True, **per_column)


def _leaves(fields: pa.Schema | pa.StructType) -> Iterator[tuple[str, pa.DataType]]:
    """Yield Parquet's path and the type of every column that holds values."""
    for field in fields:
        path, type_ = field.name, field.type
        while pa.types.is_list(type_):
            path, type_ = f"{path}.list.element", type_.value_type
        if pa.types.is_struct(type_):
            yield from ((f"{path}.{inner}", leaf) for inner, leaf in _leaves(type_))
        else:
            yield path, type_
