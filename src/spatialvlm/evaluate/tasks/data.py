"""Find the data of a benchmark, a local copy in the layout of its hub repository or the hub itself; read its rows.

folder = locate(hub, Path("QSpatial"))      a folder as `hf download --repo-type dataset REPO` leaves it
for row in rows(folder, "data/*.parquet"):  Parquet, JSON lines, JSON or TSV; columns as the authors named them
fingerprint(folder)                         what tells these data from others, by their contents
"""

import codecs
import csv
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.tasks.workbook import read_workbook

BATCH_ROWS = 32  # rows with images are large
BLOCK_BYTES = 16 << 20  # of a table: a row may hold its picture, and a block must hold more than one row
WHOLE_BYTES, END_BYTES = 64 << 20, 1 << 20  # of a fingerprint


@dataclass(frozen=True, slots=True)
class Hub:
    """A dataset repository: its id, a commit or "main", the files that are needed, its licence."""

    repo: str
    revision: str
    patterns: tuple[str, ...]
    licence: str


def locate(hub: Hub, local: Path | None = None) -> Path:
    """Find the folder that holds the data: `local`, or a download from the hub.

    Raises UserError where there is none, with the command that gets it.
    """
    fix = f"get it where there is a network: hf download --repo-type dataset {hub.repo} --revision {hub.revision}"
    if local is not None:
        if local.exists():
            return local
        raise UserError(f"data of {hub.repo}: no file or folder {str(local)!r}; {fix} --local-dir {local}")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise UserError(
            f"data of {hub.repo}: is on the hub, which needs the extra 'evaluate': pip install 'spatialvlm[evaluate]'; "
            "or name a local copy with --data"
        ) from None
    patterns = list(hub.patterns)
    try:
        found = snapshot_download(hub.repo, repo_type="dataset", revision=hub.revision, allow_patterns=patterns)
    except LocalEntryNotFoundError:
        raise UserError(
            f"data of {hub.repo}: not on this machine, and the hub cannot be reached; {fix}, and name the folder "
            "with --data"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise UserError(f"data of {hub.repo}: cannot be had ({first}); {fix}") from None
    return Path(found)


def rows(folder: Path, *patterns: str, needs: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Read the files that match any pattern, in the order of their names; or `folder` alone if it is a file.

    Raises UserError where nothing matches, a file cannot be read, or a column of `needs` is missing.
    """
    for file in files_of(folder, *patterns):
        for number, row in numbered(file):
            _check_columns(f"{file} row {number}", row, needs)
            yield row


def files_of(folder: Path, *patterns: str) -> list[Path]:
    """List the files that match any pattern, in the order of their names; `folder` alone if it is a file.

    Raises UserError where nothing matches.
    """
    files = [folder] if folder.is_file() else sorted({file for pattern in patterns for file in folder.glob(pattern)})
    if not files:
        raise UserError(f"data in {str(folder)!r}: found no file {' or '.join(patterns)}; expected the hub's layout")
    return files


def numbered(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Read the rows of a file with their numbers from 1; in JSON lines that is the number of the line.

    Raises UserError where the file cannot be read.
    """
    match file.suffix:
        case ".parquet":
            yield from enumerate(_parquet(file), 1)
        case ".tsv":
            yield from enumerate(_table(file), 1)
        case ".xlsx":
            yield from enumerate(read_workbook(file), 1)
        case ".jsonl":
            # Only "\n" ends a line: a text in JSON may hold U+2028 and the like, at which str.splitlines would cut it.
            for number, line in enumerate(_text(file).split("\n"), 1):
                if line.strip():
                    yield number, _object(_json(line, f"{file} line {number}"), f"{file} line {number}")
        case ".json":
            found = _json(_text(file), str(file))
            for number, one in enumerate(found if isinstance(found, list) else [found], 1):
                yield number, _object(one, f"{file} row {number}")
        case other:
            expected = ".parquet, .jsonl, .json, .tsv or .xlsx"
            raise UserError(f"{file}: got a file {other or 'without an ending'}; expected {expected}")


def _check_columns(where: str, names: Collection[str], needs: tuple[str, ...]) -> None:
    if any(name not in names for name in needs):
        raise UserError(f"{where}: got the columns {', '.join(names)}; expected {', '.join(needs)} as published")


def _parquet(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(BATCH_ROWS):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file}: cannot be read ({str(error).splitlines()[0]}); get the file again") from None


def _table(file: Path) -> Iterator[dict[str, Any]]:
    """Read the rows of a table of texts with tabs between them, a block at a time; every cell is text."""
    import pyarrow as pa
    import pyarrow.csv as pc

    reading = pc.ReadOptions(block_size=BLOCK_BYTES)
    parsing = pc.ParseOptions(delimiter="\t", newlines_in_values=True)
    converting = pc.ConvertOptions(column_types=dict.fromkeys(_head(file), pa.string()))
    try:
        with pc.open_csv(file, reading, parsing, converting) as opened:
            for batch in opened:
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file}: cannot be read ({str(error).splitlines()[0]}); get the file again") from None


def _head(file: Path) -> list[str]:
    """Read the names of a table's columns."""
    with file.open("rb") as opened:
        line = _decoded(opened.readline(), file).rstrip("\r\n")
    return next(csv.reader([line], delimiter="\t"), [])


def _text(file: Path) -> str:
    try:
        return _decoded(file.read_bytes(), file)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); get the file again") from None


def _decoded(content: bytes, file: Path) -> str:
    """Decode UTF-8, without the mark that some editors begin a file with."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{file} line {line}: got the byte 0x{content[error.start]:02x}; expected UTF-8: save the file as UTF-8"
        ) from None


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: no JSON ({error}); mend it, or get the file again") from None


def _object(found: Any, where: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise UserError(f"{where}: got {type(found).__name__}; expected a JSON object")
    return found


def fingerprint(folder: Path) -> str:
    """Tell these data from others: a sha256 over the names, sizes and contents of all files of a folder.

    Of a file of more than WHOLE_BYTES only its size and END_BYTES at both ends count. Names are relative to the folder,
    so that a copy has the same one. Whatever begins with a dot is left out: `hf download` keeps dates there. Of a lone
    file its content counts alone, not what lies beside it. Raises UserError for a file that cannot be read.
    """
    if folder.is_file():
        named = [("", folder)]
    else:
        found = [(path.relative_to(folder), path) for path in folder.rglob("*")]
        seen = [(name, path) for name, path in found if not any(part.startswith(".") for part in name.parts)]
        named = sorted((name.as_posix(), path) for name, path in seen if path.is_file())
    digest = hashlib.sha256()
    for name, path in named:
        try:
            size = path.stat().st_size
            digest.update(f"{name}\0{size}\0".encode("utf-8", "surrogateescape"))
            with path.open("rb") as opened:
                if size > WHOLE_BYTES:
                    digest.update(opened.read(END_BYTES))
                    opened.seek(-END_BYTES, os.SEEK_END)
                while block := opened.read(END_BYTES):
                    digest.update(block)
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror}); make it readable, or get it again") from None
    return f"files:{digest.hexdigest()[:16]}"
