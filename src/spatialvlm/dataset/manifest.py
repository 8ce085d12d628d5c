"""manifest.jsonl: what a dataset is made with, then one line per finished shard. It makes a killed build resumable.

The first line is the header {"format", "config", "source", "fingerprint", "versions"}; `holds: "questions"` in it says
that the scenes are in another dataset. `inputs` of a shard are hashes of what its frames were made of, where that is
files: where they are others today, the shard must be made again. A shard's line is appended after its files are safe on
the disk; a line cut off by a crash is discarded and its shard is made again.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BufferedIOBase
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from spatialvlm.dataset.counts import Counts
from spatialvlm.dataset.files import write_file
from spatialvlm.errors import DatasetError

FORMAT = 2
READABLE = (1, 2)
"""The formats whose scenes are read. In format 1 questions did not hold what it takes to score an answer to them."""
MANIFEST = "manifest.jsonl"
INFO = "dataset.json"
REPORT = "report.html"

Summary = dict[str, Any]
_KEYS = frozenset(("shard", "frames", "scenes", "qa", "files", "counts", "drops"))


def read_info(folder: Path) -> dict[str, Any] | None:
    """Read what dataset.json says; None where there is none yet. Raises DatasetError where it is damaged."""
    path = Path(folder) / INFO
    try:
        info = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise DatasetError(f"{path}: not a JSON object, the file is damaged; run the command that made it again")
    return info


def read_manifest(folder: Path) -> tuple[dict[str, Any], list[Summary]]:
    """Read the header and the summaries of finished shards, in order, without their counts: those take the memory.

    A torn last line is ignored. Raises DatasetError where there is no manifest or a line of it is damaged.
    """
    shards: dict[int, Summary] = {}
    header = None
    for _, entry in entries(folder):
        if header is None:
            header = entry
        else:
            del entry["counts"]
            shards[entry["shard"]] = entry
    assert header is not None
    return header, [shards[number] for number in sorted(shards)]


def read_counts(folder: Path) -> Iterator[Counts]:
    """Read the counts of the finished shards, one at a time; of a sorted manifest."""
    return (entry["counts"] for _, entry in islice(entries(folder), 1, None))


def entries(folder: Path) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Yield every whole line and what it says: the header, then the summaries."""
    path = Path(folder) / MANIFEST
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(takewhile(lambda line: line.endswith(b"\n"), file), 1):
                yield line, _parse(path, number, line)
    except FileNotFoundError:
        raise DatasetError(
            f"{folder}: no dataset here (no {MANIFEST}); give the folder that was --out of a build"
        ) from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    if number == 0:
        raise DatasetError(f"{path}: has no header; nothing can be resumed, remove the folder and build again")


def holds_scenes(header: Mapping[str, Any]) -> bool:
    """Tell whether a dataset holds scenes, and not only questions about those of another one."""
    return header.get("holds") != "questions"


def check_files(folder: Path, summaries: Iterable[Summary]) -> None:
    """Raise DatasetError where files of finished shards are missing or have another size."""
    faults: dict[Path, tuple[int, str]] = {}
    for summary in summaries:
        for entry in summary["files"].values():
            path = Path(folder) / entry["path"]
            size = path.stat().st_size if path.is_file() else None
            if size != entry["bytes"]:
                fault = "missing" if size is None else f"damaged, got {size} bytes, expected {entry['bytes']}"
                faults[path] = summary["shard"], fault
    if faults:
        path, (_, fault) = next(iter(faults.items()))
        others = f" (and {len(faults) - 1} more files)" if len(faults) > 1 else ""
        shards = sorted({shard for shard, _ in faults.values()})
        raise DatasetError(f"{path}: {fault}{others}; {repair_of(folder, shards)}")


def repair_of(folder: Path, shards: Sequence[int]) -> str:
    """Say what to do about damaged files of some shards, ascending: the sentence for a message."""
    runs = [[shards[0], shards[0]]]
    for shard in shards[1:]:
        if shard == runs[-1][1] + 1:
            runs[-1][1] = shard
        else:
            runs.append([shard, shard])
    names = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
    lines = f"the line of shard {names}" if len(shards) == 1 else f"the lines of shards {names}"
    path = Path(folder) / MANIFEST
    return f"delete {lines} from {path} and run the command that made it again, or copy the file anew"


def sort_manifest(folder: Path) -> None:
    """Put the lines in the order of the shards: after a repair, or over several epochs, they may not be."""
    path = Path(folder) / MANIFEST
    places: dict[int, tuple[int, int]] = {}  # the header is -1; of two lines of a shard the later one counts
    end, numbers = 0, []
    for line, entry in entries(folder):
        numbers.append(entry.get("shard", -1))
        places[numbers[-1]] = end, len(line)
        end += len(line)
    if numbers == sorted(places) and end == path.stat().st_size:
        return
    with path.open("rb") as lines:

        def fill(file: BufferedIOBase) -> None:
            for number in sorted(places):
                start, size = places[number]
                lines.seek(start)
                file.write(lines.read(size))

        write_file(path, fill)


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    """Parse a line: the header, or the summary of a shard."""
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _bad_line(path, number, "not a JSON object, the file is damaged")
    if number == 1 and value.get("format") not in READABLE:
        raise DatasetError(
            f"{path}: got format {value.get('format')!r}, expected {FORMAT}; use the spatialvlm that made it"
        )
    if number > 1 and not value.keys() >= _KEYS:
        raise _bad_line(path, number, f"names no {', '.join(sorted(_KEYS - value.keys()))}")
    return value


def _bad_line(path: Path, number: int, fault: str) -> DatasetError:
    fix = "remove the folder and build" if number == 1 else "delete this line and run the command that made it"
    return DatasetError(f"{path} line {number}: {fault}; {fix} again")
