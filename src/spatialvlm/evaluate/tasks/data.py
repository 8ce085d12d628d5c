"""Where the data of a benchmark is: a local copy in the layout of its hub repository, or the hub itself; its rows.

folder = locate(hub, Path("QSpatial"))      a folder as `hf download --repo-type dataset REPO` leaves it
for row in rows(folder, "data/*.parquet"):  Parquet, JSON lines or JSON; columns as the authors named them
    picture(row["image"], folder)           the bytes of an image cell, or where the file lies
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Picture
from spatialvlm.weights import is_commit

BATCH_ROWS = 32  # rows with images are large


@dataclass(frozen=True, slots=True)
class Hub:
    """A dataset repository: its id, a commit or "main", the files that are needed, its licence."""

    repo: str
    revision: str
    patterns: tuple[str, ...]
    licence: str


def is_pinned(hub: Hub) -> bool:
    """Whether the revision is a whole commit, which never changes."""
    return is_commit(hub.revision)


def locate(hub: Hub, local: Path | None = None) -> Path:
    """The folder that holds the data: `local`, or a download from the hub.

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
    """The rows of the files that match any pattern, files in the order of their names; or of `folder` if it is a file.

    Raises UserError where nothing matches, a file cannot be read, or a column of `needs` is missing.
    """
    files = [folder] if folder.is_file() else sorted({file for pattern in patterns for file in folder.glob(pattern)})
    if not files:
        raise UserError(f"data in {str(folder)!r}: found no file {' or '.join(patterns)}; expected the hub's layout")
    for file in files:
        for number, row in enumerate(_rows_of(file), 1):
            missing = [name for name in needs if name not in row]
            if missing:
                raise UserError(
                    f"{file} row {number}: got the columns {', '.join(row)}; expected {', '.join(needs)} as published"
                )
            yield row


def _rows_of(file: Path) -> Iterator[dict[str, Any]]:
    match file.suffix:
        case ".parquet":
            yield from _parquet(file)
        case ".jsonl":
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if line.strip():
                    yield _record(file, number, line)
        case ".json":
            try:
                found = json.loads(file.read_text(encoding="utf-8"))
            except ValueError as error:
                raise UserError(f"{file}: no JSON ({error}); get the file again") from None
            yield from found if isinstance(found, list) else [found]
        case other:
            raise UserError(f"{file}: got a file {other or 'without an ending'}; expected .parquet, .jsonl or .json")


def _parquet(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            for batch in opened.iter_batches(BATCH_ROWS):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{file}: cannot be read ({str(error).splitlines()[0]}); get the file again") from None


def _record(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise UserError(f"{file} line {number}: no JSON ({error}); mend or remove the line") from None
    if not isinstance(found, dict):
        raise UserError(f"{file} line {number}: got {type(found).__name__}; expected a JSON object")
    return found


def picture(cell: Any, folder: Path) -> Picture:
    """An image cell as published: {"bytes", "path"}, bytes, base64 text, or the path of a file below `folder`.

    Raises UserError for anything else, and for a path where no file is.
    """
    if isinstance(cell, Mapping):
        return picture(cell["bytes"] if cell.get("bytes") else cell.get("path"), folder)
    if isinstance(cell, bytes):
        return cell
    if isinstance(cell, str):
        base = folder if folder.is_dir() else folder.parent
        if len(cell) < 1024 and (path := base / cell).is_file():
            return path
        try:
            return base64.b64decode(cell.partition(",")[2] if cell.startswith("data:") else cell, validate=True)
        except binascii.Error:
            raise UserError(f"image {cell[:80]!r}: no such file below {str(base)!r}; get the images too") from None
    raise UserError(f"image: got {type(cell).__name__}; expected bytes, base64 text or a path")
