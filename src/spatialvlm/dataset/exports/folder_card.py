"""README.md of an export: what the folder holds, and the head by which `datasets.load_dataset(FOLDER)` finds the rows.

Without that head it takes the folder for one of bare images. With it, its cache knows a folder by its name and its head
alone; so the head holds a hash of the rows, or those of an earlier export of that name would come back.
https://huggingface.co/docs/datasets/repository_structure (`configs`)
"""

import hashlib
from pathlib import Path

CARD = "README.md"
_CARD = """---
configs:
- config_name: default
  data_files: "{data_files}"
  description: "sha256 {digest}"
---
# Spatial questions with evidence

Images, questions about where things are and how large, and answers known from metric geometry. Made by SpatialVLM.

```python
from datasets import load_dataset

rows = load_dataset("path/to/this/folder", split="train")
```

{more}
"""
_PATHS = "Images are paths from this folder on."
_NOTHING_NULL = (
    'No type depends on the data: what is not there is "" where it would be a text, -999.0 where it would be a number, '
    'and [""] where it would be a list.'
)


def write_card(folder: Path, data_files: str, digest: str | None = None) -> None:
    """Write README.md for the rows in `data_files`, a name or a pattern within the folder; `digest` is theirs.

    Without a digest `data_files` is one file, which is read for it.
    """
    if digest is None:
        with (folder / data_files).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    more = _NOTHING_NULL if "*" in data_files else f"{_PATHS} {_NOTHING_NULL}"
    (folder / CARD).write_text(_CARD.format(data_files=data_files, digest=digest, more=more))
