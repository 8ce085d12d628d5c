"""What a run leaves in its folder, and back: who was asked what, and every item with its answer and its scores.

    OUT/
      run.json             the model, and of every task its data, prompt and parser
      TASK.jsonl           one line per item, in the order of the task
      summary.json         the figures                                    (report/)
      index.html           the page with plots and examples               (report/)
      logs/                what inspect_ai recorded                       (models/)

The same answers give the same bytes: nothing here holds a date, a duration or a path outside the folder, save the name
of the model, which is as the user typed it and may be a path.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from spatialvlm.answers import answer_from_json, answer_to_json
from spatialvlm.dataset import to_json, write_file
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.evaluate.items import Item, reading_from_json, reading_to_json
from spatialvlm.evaluate.parsing.extraction import ParsedAnswer
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.records import Score

FORMAT = 2
RUN = "run.json"
AGAIN = "run the command that made it again"


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One task of a run. `data` is its revision or fingerprint, `prompt_sha256` that of all prompts in order.

    `track` says what a model was given beside the words: "image", "blind", "shuffled", "scene" (geometry) or "none".
    `limit` is how many items were taken, None for all.
    """

    task: str
    data: str
    items: int
    limit: int | None
    prompt_sha256: str
    parser: str
    official: bool
    track: str
    licence: str


@dataclass(frozen=True, slots=True)
class Run:
    """Who answered: the model as it was named, its version where one is known, its settings; and the tasks."""

    model: str
    version: str | None
    settings: Mapping[str, Any]
    tasks: tuple[TaskRun, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """A run with all its scored items, by task."""

    run: Run
    scored: Mapping[str, tuple[Scored, ...]]


Record = TypeVar("Record", Run, TaskRun)


def write_run(folder: Path, run: Run) -> None:
    """Write run.json."""
    text = to_json({"format": FORMAT, **asdict(run)}, indent=2) + "\n"
    write_file(folder / RUN, lambda file: file.write(text.encode()))


def write_scored(folder: Path, task: str, scored: Iterable[Scored]) -> None:
    """Write TASK.jsonl."""
    lines = "".join(to_json(to_row(one, folder)) + "\n" for one in scored)
    write_file(folder / f"{task}.jsonl", lambda file: file.write(lines.encode()))


def read_results(folder: Path) -> Results:
    """Read a run from its folder. Raises DatasetError where it is none, or was cut off."""
    run = read_run(folder)
    return Results(run, {task.task: tuple(_read_scored(folder, task)) for task in run.tasks})


def read_run(folder: Path) -> Run:
    """Read the head of a run. Raises DatasetError where the folder holds none, or one that is damaged."""
    path = folder / RUN
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DatasetError(f"{folder}: no {RUN}; expected a folder that `spatialvlm evaluate` wrote") from None
    except ValueError:
        raise DatasetError(f"{path}: no JSON, the file is damaged; {AGAIN}") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from None
    if not isinstance(data, dict):
        raise DatasetError(f"{path}: got {type(data).__name__}, expected a JSON object; {AGAIN}")
    if data.pop("format", None) != FORMAT:
        raise DatasetError(f"{path}: of another format, expected {FORMAT}; evaluate again with this version")
    tasks = data.get("tasks")
    if not isinstance(tasks, list) or not isinstance(data.get("settings"), dict):
        raise DatasetError(f"{path}: has no list of tasks, or no settings; {AGAIN}")
    return _record_of(Run, data | {"tasks": tuple(_record_of(TaskRun, task, path) for task in tasks)}, path)


def _record_of(kind: type[Record], data: Any, path: Path) -> Record:
    """Make a record of the fields that JSON has. Raises DatasetError where they are not those of the record."""
    names = {one.name for one in fields(kind)}
    got = set(data) if isinstance(data, dict) else set()
    if got != names:
        wrong = ", ".join(f"no {name!r}" for name in sorted(names - got)[:3])
        wrong = wrong or ", ".join(f"unknown {name!r}" for name in sorted(got - names)[:3])
        raise DatasetError(f"{path}: {wrong}; {AGAIN}")
    return kind(**data)


def _read_scored(folder: Path, task: TaskRun) -> list[Scored]:
    path = folder / f"{task.task}.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except FileNotFoundError:
        raise DatasetError(f"{path}: missing; {AGAIN}") from None
    except UnicodeDecodeError:
        raise DatasetError(f"{path}: no UTF-8, the file is damaged; {AGAIN}") from None
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); {AGAIN}") from None
    found = [_scored_in(line, f"{path} line {number}", folder) for number, line in enumerate(lines, 1) if line]
    if len(found) != task.items:
        raise DatasetError(f"{path}: got {len(found)} items, expected {task.items}; {AGAIN}")
    return found


def _scored_in(line: str, where: str, folder: Path) -> Scored:
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise TypeError(f"got {type(row).__name__}, expected a JSON object")
        return from_row(row, folder)
    except KeyError as error:
        raise DatasetError(f"{where}: has no {error.args[0]!r}; {AGAIN}") from None
    except (ValueError, TypeError, AttributeError, UserError) as error:
        raise DatasetError(f"{where}: damaged ({error}); {AGAIN}") from None


def to_row(scored: Scored, folder: Path) -> dict[str, Any]:
    """Turn a scored item into a JSON object; pictures by their path within `folder`, those elsewhere are left out."""
    item = scored.item
    pictures = [
        p.relative_to(folder).as_posix() for p in item.pictures if isinstance(p, Path) and p.is_relative_to(folder)
    ]
    return {
        "id": item.id,
        "kind": item.kind,
        "question": item.question,
        "prompt": item.prompt,
        "pictures": pictures,
        "truth": answer_to_json(item.truth),
        "reading": reading_to_json(item.reading),
        "meta": dict(item.meta),
        "answer": scored.answer,
        "parsed": asdict(scored.parsed),
        "robust": asdict(scored.robust),
        "official": None if scored.official is None else asdict(scored.official),
        "truncated": scored.truncated,
    }


def from_row(row: Mapping[str, Any], folder: Path) -> Scored:
    """Turn a row back into a scored item. Raises KeyError, TypeError, ValueError or UserError for anything else."""
    words = (row["id"], row["kind"], row["question"], row["prompt"])
    pictures = tuple(folder / path for path in row["pictures"])
    asked = (answer_from_json(row["truth"]), row["meta"], reading_from_json(row["reading"]))
    parsed = dict(row["parsed"])
    if isinstance(parsed["value"], list):
        parsed["value"] = tuple(tuple(one) if isinstance(one, list) else one for one in parsed["value"])
    official = None if row["official"] is None else Score(**row["official"])
    item = Item(*words, pictures, *asked)
    return Scored(item, row["answer"], ParsedAnswer(**parsed), Score(**row["robust"]), official, row["truncated"])
