"""Write items for other harnesses: VLMEvalKit's table, and Parquet that lmms-eval reads.

Enters: the Items of any task. Leaves: a file. Both hold the bytes of the pictures as they came.

write_tsv(items, path)         VLMEvalKit: put it at $LMUData/NAME.tsv and run with --data NAME
write_parquet(items, folder)   lmms-eval: integrations/lmms_eval names the folder; `datasets` decodes the images
item_from_row(row)             an Item again

What VLMEvalKit reads: vlmeval/dataset/image_base.py at 895762d and `build_dataset` of vlmeval/dataset/__init__.py,
https://github.com/open-compass/VLMEvalKit. A table with the columns A and B is a multiple-choice benchmark to it, and
it builds the prompt from `question` and the options; any other table is asked as it is, and not scored there. What
lmms-eval reads: `ConfigurableTask` of lmms_eval/api/task.py in lmms-eval 0.7.3.
"""

import base64
import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from string import ascii_uppercase
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from spatialvlm.answers import Answer, Choice, YesNo, answer_from_json, answer_to_json
from spatialvlm.dataset import disk_faults
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, picture_bytes, plain_text, reading_from_json, reading_to_json

TABLE = ("index", "id", "image", "image_path", "question", "answer", "category")
READ_AS_MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA")
    + ("NULL", "NaN", "None", "n/a", "nan", "null")
)
"""Cells that pandas, which VLMEvalKit reads with, takes for none."""

PARQUET = "test-00000-of-00001.parquet"
LARGEST_CELL = 1 << 30
GROUP = 32  # rows with images are large
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
_TEXTS = ("task", "id", "kind", "question", "prompt", "answer", "truth", "reading", "meta")
# The list of images is said in the way that old and new versions of `datasets` understand.
_FEATURES: dict[str, dict[str, Any]] = {
    **{name: {"_type": "Value", "dtype": "string"} for name in _TEXTS},
    "images": {"_type": "Sequence", "feature": {"_type": "Image"}},
}
SCHEMA = pa.schema(
    [*((name, pa.string()) for name in _TEXTS), ("images", pa.list_(_IMAGE))],
    {"huggingface": json.dumps({"info": {"features": _FEATURES}}, sort_keys=True)},
)


def write_tsv(items: Iterable[Item], path: Path) -> int:
    """Write VLMEvalKit's table; returns how many rows it has.

    Where all items are choices or yes-or-no questions (the options Yes and No), it is one of multiple choice; else all
    are asked by their whole prompt. Raises UserError where VLMEvalKit would read an option otherwise.
    """
    if path.is_dir():
        raise UserError(f"--out {path}: is a folder; a table is one file: name one, as {path / 'items.tsv'}")
    make_folder(path.parent)
    with disk_faults(path):
        return _write_tsv(items, path)


def _write_tsv(items: Iterable[Item], path: Path) -> int:
    body, partial = path.with_name(path.name + ".body"), path.with_name(path.name + ".tmp")
    columns: list[list[str]] = []
    try:
        with body.open("w", newline="", encoding="utf-8") as opened:
            count, lettered, lost = _write_body(items, _writer(opened), columns)
        if lettered and lost is not None:
            raise UserError(f"{lost} is read as missing by VLMEvalKit; leave it out")
        for letter, texts in zip(ascii_uppercase, columns if lettered else ()):
            _check_column(letter, texts, holes=len(texts) < count)
        with partial.open("w", newline="", encoding="utf-8") as opened, body.open(encoding="utf-8", newline="") as rest:
            writer = _writer(opened)
            writer.writerow([*TABLE, *(ascii_uppercase[: len(columns)] if lettered else ())])
            csv.field_size_limit(LARGEST_CELL)  # Python's own limit is 128 kB, less than a picture
            for *head, question, prompt, letter, text, kind, options in csv.reader(rest, delimiter="\t"):
                chosen = (question, letter, kind, *json.loads(options)) if lettered else (prompt, text, kind)
                writer.writerow([*head, *chosen])
        partial.replace(path)
    finally:
        body.unlink(missing_ok=True)
        partial.unlink(missing_ok=True)
    return count


def make_folder(folder: Path) -> None:
    """Make a folder to write into. Raises UserError where a file is in the way, or the disk forbids it."""
    file = next((one for one in (folder, *folder.parents) if one.exists() and not one.is_dir()), None)
    if file is not None:
        raise UserError(f"--out {folder}: {file} is a file, expected a folder; choose another --out")
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _writer(opened: TextIO) -> Any:
    return csv.writer(opened, delimiter="\t", lineterminator="\n")


def _write_body(items: Iterable[Item], writer: Any, columns: list[list[str]]) -> tuple[int, bool, str | None]:
    """Write the rows with both ways of asking; returns how many, whether all have options, the first that is lost.

    The texts of each option's column are added to `columns`.
    """
    first_with: dict[str, str] = {}
    lettered, count, lost = True, 0, None
    for index, item in enumerate(items):
        choice = _as_choice(item.truth)
        options = choice.options if choice else ()
        lettered = lettered and choice is not None
        letter = ascii_uppercase[choice.right] if choice else ""
        asked = (item.question, item.prompt, letter, truth_text(item), item.kind, json.dumps(options))
        writer.writerow([index, item.id, *_image_cells(item, index, first_with), *asked])
        for place, option in enumerate(options):
            if lost is None and option.strip() in READ_AS_MISSING:
                lost = f"item {item.id!r}: option {option!r}"
            if place == len(columns):
                columns.append([])
            columns[place].append(option)
        count = index + 1
    if not count:
        raise UserError("items: got none; nothing to write")
    return count, lettered, lost


def _image_cells(item: Item, index: int, first_with: dict[str, str]) -> tuple[str, str]:
    """Fill `image` and `image_path`: one picture or a list of them. A picture seen before is named by its row."""
    pictures = [picture_bytes(picture, item) for picture in item.pictures]
    names = [f"{index}_{place}.png" for place in range(len(pictures))]
    coded = [base64.b64encode(one).decode() for one in pictures]
    if not pictures:
        raise UserError(f"item {item.id!r}: has no picture; VLMEvalKit asks about one or more")
    if len(pictures) > 1:
        return repr(coded), repr(names)
    seen = first_with.setdefault(hashlib.sha256(pictures[0]).hexdigest(), str(index))
    return (coded[0] if seen == str(index) else seen), names[0]


def _check_column(letter: str, texts: list[str], *, holes: bool) -> None:
    """Raise UserError where pandas would make numbers of a column of options, and other texts of the numbers."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return  # one word is enough: the column stays text
    whole = not holes and all(text.strip().lstrip("+-").isdigit() for text in texts)
    read = [str(int(number)) if whole else str(number) for number in numbers]
    if read != texts:
        was, now = next((was, now) for was, now in zip(texts, read) if was != now)
        raise UserError(
            f"options {letter}: all are numbers, and VLMEvalKit would show {was!r} as {now!r}; "
            "write them together with items whose options are words"
        )


def _as_choice(truth: Answer) -> Choice | None:
    """Turn yes or no into multiple choice; None for all other forms."""
    match truth:
        case Choice():
            return truth
        case YesNo(yes):
            return Choice(("Yes", "No"), 0 if yes else 1)
        case _:
            return None


def truth_text(item: Item) -> str:
    """Write the right answer: the letter of an option that has one, else plain words."""
    truth = item.truth
    return ascii_uppercase[truth.right] if isinstance(truth, Choice) and item.reading.lettered else plain_text(truth)


def write_parquet(items: Iterable[Item], folder: Path, task: str = "") -> int:
    """Write the items of a task as one file of Parquet in `folder`; returns how many there are.

    `task` is the task's name: whoever scores the answers finds its official rule by it. The folder is made. Raises
    UserError where a file is in its place, or nothing can be written there.
    """
    make_folder(folder)
    with disk_faults(folder):
        return _write_parquet(items, folder, task)


def _write_parquet(items: Iterable[Item], folder: Path, task: str) -> int:
    partial = folder / (PARQUET + ".tmp")
    rest, count = iter(items), 0
    try:
        with pq.ParquetWriter(partial, SCHEMA, compression="zstd") as writer:
            while group := list(islice(rest, GROUP)):
                writer.write_table(pa.Table.from_pylist([_row(item, task) for item in group], SCHEMA))
                count += len(group)
        if not count:
            raise UserError("items: got none; nothing to write")
        partial.replace(folder / PARQUET)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _row(item: Item, task: str) -> dict[str, Any]:
    images = [
        {"bytes": picture_bytes(one, item), "path": one.name if isinstance(one, Path) else None}
        for one in item.pictures
    ]
    return {
        "task": task,
        "id": item.id,
        "kind": item.kind,
        "question": item.question,
        "prompt": item.prompt,
        "answer": truth_text(item),
        "truth": json.dumps(answer_to_json(item.truth)),
        "reading": json.dumps(reading_to_json(item.reading)),
        "meta": json.dumps(dict(item.meta)),
        "images": images,
    }


def item_from_row(row: Mapping[str, Any]) -> Item:
    """Make the Item of a row. Its pictures where the row has their bytes; none where they are decoded or left out."""
    cells = row.get("images") or ()
    pictures = tuple(cell["bytes"] for cell in cells if isinstance(cell, Mapping) and cell.get("bytes"))
    if "reading" not in row and "truth" in row:
        raise UserError(f"row {row.get('id')!r}: of an older format; write the items again with this version")
    try:
        truth, reading, meta = (json.loads(row[name]) for name in ("truth", "reading", "meta"))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"row {row.get('id')!r}: no item ({error}); expected what write_parquet writes") from None
    words = (row["id"], row["kind"], row["question"], row["prompt"])
    return Item(*words, pictures, answer_from_json(truth), meta, reading_from_json(reading))
