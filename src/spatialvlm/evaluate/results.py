"""What a run leaves in its folder, and back: who was asked what, and every item with its answer and its scores.

    OUT/
      run.json             the model, and of every task its data, prompt and parser
      TASK.jsonl           one line per item, in the order of the task
      summary.json         the figures                                    (report/)
      index.html           the page with plots and examples               (report/)
      logs/                what inspect_ai recorded                       (models/)

The same answers give the same bytes: nothing here holds a date, a duration or a path outside the folder.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spatialvlm.errors import DatasetError
from spatialvlm.evaluate.items import Item, truth_from_json, truth_to_json
from spatialvlm.evaluate.reading import Reading
from spatialvlm.evaluate.scoring import Scored
from spatialvlm.pipeline.write.atomic import to_json, write_file
from spatialvlm.records import Score

FORMAT = 1
RUN = "run.json"


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


def write_run(folder: Path, run: Run) -> None:
    """Write run.json."""
    text = to_json({"format": FORMAT, **asdict(run)}, indent=2) + "\n"
    write_file(folder / RUN, lambda file: file.write(text.encode()))


def write_scored(folder: Path, task: str, scored: Iterable[Scored]) -> None:
    """Write TASK.jsonl."""
    lines = "".join(to_json(to_row(one, folder)) + "\n" for one in scored)
    write_file(folder / f"{task}.jsonl", lambda file: file.write(lines.encode()))


def read_results(folder: Path) -> Results:
    """A run from its folder. Raises DatasetError where it is none, or was cut off."""
    run = read_run(folder)
    return Results(run, {task.task: tuple(_read_scored(folder, task)) for task in run.tasks})


def read_run(folder: Path) -> Run:
    """The head of a run. Raises DatasetError where the folder holds none."""
    try:
        data = json.loads((folder / RUN).read_bytes())
    except FileNotFoundError:
        raise DatasetError(f"{folder}: no {RUN}; expected a folder that `spatialvlm evaluate` wrote") from None
    except ValueError:
        raise DatasetError(
            f"{folder / RUN}: no JSON, the file is damaged; run the command that made it again"
        ) from None
    if data.pop("format", None) != FORMAT:
        raise DatasetError(f"{folder / RUN}: of another format; evaluate again with this version")
    tasks = tuple(TaskRun(**task) for task in data.pop("tasks"))
    return Run(**data, tasks=tasks)


def _read_scored(folder: Path, task: TaskRun) -> list[Scored]:
    path = folder / f"{task.task}.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        raise DatasetError(f"{path}: missing; run the command that made it again") from None
    except ValueError:
        raise DatasetError(f"{path}: damaged; run the command that made it again") from None
    if len(rows) != task.items:
        raise DatasetError(f"{path}: got {len(rows)} items, expected {task.items}; run the command that made it again")
    return [from_row(row, folder) for row in rows]


def to_row(scored: Scored, folder: Path) -> dict[str, Any]:
    """One scored item as a JSON object; pictures by their path within `folder`, those elsewhere are left out."""
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
        "truth": truth_to_json(item.truth),
        "meta": dict(item.meta),
        "answer": scored.answer,
        "reading": asdict(scored.reading),
        "robust": asdict(scored.robust),
        "official": None if scored.official is None else asdict(scored.official),
        "truncated": scored.truncated,
    }


def from_row(row: Mapping[str, Any], folder: Path) -> Scored:
    """A scored item from what `to_row` made."""
    words = (row["id"], row["kind"], row["question"], row["prompt"])
    item = Item(*words, tuple(folder / path for path in row["pictures"]), truth_from_json(row["truth"]), row["meta"])
    reading = dict(row["reading"])
    if isinstance(reading["value"], list):
        reading["value"] = tuple((float(x), float(y)) for x, y in reading["value"])
    official = None if row["official"] is None else Score(**row["official"])
    return Scored(item, row["answer"], Reading(**reading), Score(**row["robust"]), official, row["truncated"])
