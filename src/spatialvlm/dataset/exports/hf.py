"""hf: Samples -> a folder of Parquet that `datasets.load_dataset` reads and the Hub shows, with its card.

A row: `id`, `image` (decoded by `datasets`), `messages` (as in the format `messages`), `frame_id`, `licence`,
`evidence` (the struct `qa` of the dataset, in the order of the turns). One row per question repeats its image.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.dataset import schema
from spatialvlm.dataset.exports.conversations import Conversation, chat
from spatialvlm.dataset.questions import questions_table

PART_BYTES = 512 * 2**20

PART = pa.struct([("type", pa.string()), ("text", pa.string())])
MESSAGE = pa.struct([("role", pa.string()), ("content", pa.list_(PART))])
_COLUMNS = (
    ("id", pa.string()),
    ("image", schema.IMAGE),
    ("messages", pa.list_(MESSAGE)),
    ("frame_id", pa.string()),
    ("licence", pa.string()),
    ("evidence", pa.list_(schema.QUESTION)),
)


def _feature(type_: pa.DataType) -> Any:
    """Describe a type as `datasets` does. Lists are said in the way that its old and new versions understand."""
    if type_ == schema.IMAGE:
        return {"_type": "Image"}
    if pa.types.is_struct(type_):
        return {field.name: _feature(field.type) for field in type_}
    if pa.types.is_list(type_):
        inner = _feature(type_.value_type)
        return [inner] if "_type" not in inner else {"_type": "Sequence", "feature": inner}
    return {"_type": "Value", "dtype": {"double": "float64"}.get(str(type_), str(type_))}


_FEATURES = {name: _feature(type_) for name, type_ in _COLUMNS}
SCHEMA = pa.schema(_COLUMNS, {"huggingface": json.dumps({"info": {"features": _FEATURES}}, sort_keys=True)})

# The dictionary is large enough for the images of a row group: questions about one image store it once.
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "dictionary_pagesize_limit": 64 * 2**20,
    "write_page_checksum": True,
}


def write(samples: Iterator[Conversation], folder: Path) -> None:
    """Write the format; see the module. A file takes row groups until it has `PART_BYTES`."""
    (folder / "data").mkdir()
    part = count = 0
    licences: set[str] = set()
    group = list(islice(samples, schema.ROW_GROUP))
    while group:
        path = folder / "data" / f"train-{part:05d}.parquet"
        with path.open("wb") as file, pq.ParquetWriter(file, SCHEMA, **_OPTIONS) as parquet:
            while group and file.tell() < PART_BYTES:
                parquet.write_table(_table(group))
                count += len(group)
                licences |= {sample.licence or "not given" for sample in group}
                group = list(islice(samples, schema.ROW_GROUP))
        part += 1
    (folder / "README.md").write_text(_card(count, sorted(licences)))


def _table(group: list[Conversation]) -> pa.Table:
    questions = questions_table([(sample.frame_id, sample.questions) for sample in group])
    images = [{"bytes": sample.image_bytes, "path": PurePosixPath(sample.image_path).name} for sample in group]
    columns = (
        [sample.key for sample in group],
        images,
        [chat(sample) for sample in group],
        questions.column("frame_id"),
        [sample.licence for sample in group],
        questions.column("qa"),
    )
    arrays = [c if isinstance(c, pa.ChunkedArray) else pa.array(c, type_) for c, (_, type_) in zip(columns, _COLUMNS)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _card(count: int, licences: list[str]) -> str:
    size = next((name for limit, name in _SIZES if count < limit), "n>1T")
    return _CARD.format(size=size, count=f"{count:,}", licences=", ".join(licences))


_SIZES = (
    (10**3, "n<1K"),
    (10**4, "1K<n<10K"),
    (10**5, "10K<n<100K"),
    (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"),
    (10**9, "100M<n<1B"),
    (10**12, "n>1B"),
)

# No `configs`: with them `datasets` keys its cache by the folder's name alone, and gives the rows of an earlier export.
_CARD = """---
task_categories:
- visual-question-answering
language:
- en
size_categories:
- {size}
tags:
- spatial-reasoning
- metric-depth
---
# Spatial questions with evidence

{count} samples: an image, questions about where things are and how large, and answers known from its metric geometry.
Made by SpatialVLM. Licences of the images: {licences}.

```python
from datasets import load_dataset

rows = load_dataset("path/to/this/folder", split="train", streaming=True)
```

| column | holds |
| --- | --- |
| `id` | unique |
| `image` | the image |
| `messages` | the questions and answers as a chat, the image before the first question |
| `frame_id`, `licence` | where the image came from |
| `evidence` | a struct per question, in the order of the turns |

A struct of `evidence` holds `kind`, `family`, `question`, `answer`, `subjects` (ids), `number` (a length in `unit`,
unrounded) or `label` (what a comparison came to), `error` (1 sigma), `in_frame`, `template`, `reference`, `seed`,
`given` (a length that the question gives), and what scores another answer: `names` (of the subjects), `asked_unit`,
`options`, `asked_as` (the way of asking) and `value` (the answer as JSON); `fact` is the answer that the geometry knows
where that is another one.
"""
