"""Run an evaluation: a model and some tasks -> a folder with every answer, its scores, the figures and a page.

evaluate("geometry", ["rooms"], Path("out"), data={"rooms": Path("rooms_benchmark")})
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from spatialvlm.answers import BoundingBox, Region
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.evaluate.items import Item, prompts_sha256
from spatialvlm.evaluate.models import BASELINES, Answerer, AskConfig, ModelAnswer, Report, load_answerer, silent
from spatialvlm.evaluate.models.pictures import size_of, with_files
from spatialvlm.evaluate.parsing.box_answers import uncertain_corners
from spatialvlm.evaluate.parsing.coordinates import Pair, Size, check_coordinates, likeliest
from spatialvlm.evaluate.parsing.point_answers import uncertain_pair
from spatialvlm.evaluate.results import RUN, Results, Run, TaskRun, read_results, read_run, write_run, write_scored
from spatialvlm.evaluate.scoring import PARSER, Scored, score_item
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.data import fingerprint, locate
from spatialvlm.evaluate.tasks.task import Task

OWN_DATA = {"rooms": Path("rooms_benchmark"), "rooms_plus": Path("rooms_benchmark")}
"""Where the data of our own benchmarks are looked for where nobody says so."""
PICTURES = "pictures"
LOOKS = ("image", "shuffled", "scene")
"""The tracks of those who need the pictures."""
URL_SIGNS = "#?%"
"""What inspect_ai, which keeps the logs, takes for a part of a URL."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedItems:
    """The items of a task with their pictures as files; `faults` says by id why a picture of an item is none."""

    items: list[Item]
    faults: Mapping[str, str]


def evaluate(
    model: str,
    tasks: Sequence[str],
    out: Path,
    *,
    data: Mapping[str, Path] | None = None,
    limit: int | None = None,
    config: AskConfig | None = None,
    coordinates: str | None = None,
    report: Report = silent,
    note: Report = silent,
) -> Results:
    """Ask a model the items of some tasks, and score its answers, into the folder `out`; returns what it holds.

    `data` names local copies by task; `limit` takes the first so many items of each. `coordinates` says what the
    model's numbers of places count in ("thousandths", "pixels", ...); else its answers together tell. Tasks that the
    folder holds of the same model stay. `report` hears what goes on, `note` what people should know afterwards. Raises
    UserError for an unknown task or model, data that cannot be had, or a folder of another model; ModelError where a
    model fails on more than half of a task. What was answered is kept.
    """
    chosen = [load_task(name) for name in dict.fromkeys(tasks)]
    unknown = sorted(set(data or {}) - {task.name for task in chosen})
    if unknown:
        raise UserError(
            f"data of {', '.join(unknown)}: no task of this run, which are {', '.join(t.name for t in chosen)}"
        )
    if limit is not None and limit < 1:
        raise UserError(f"limit {limit}: expected 1 or more items")
    config = config or AskConfig()
    settings = _settings(model, config) | ({"coordinates": check_coordinates(coordinates)} if coordinates else {})
    earlier = _earlier_run(out, model, settings)
    folders = {task.name: find_data(task, (data or {}).get(task.name)) for task in chosen}
    whole = {task.task: task for task in earlier.tasks} if earlier else {}
    versions = [earlier.version] if earlier and not whole.keys() <= folders.keys() else []
    one = None if model == "geometry" else load_answerer(model, config, out, report=report, note=note)
    scored: dict[str, tuple[Scored, ...]] = {}
    for task in chosen:
        report(f"{task.name}: reading")
        folder = folders[task.name]
        loaded = load_items(task, folder, out / PICTURES, limit)
        note(f"{task.name}: {len(loaded.items)} items{_left_out(task, folder)}")
        report(f"{task.name}: {len(loaded.items)} items")
        who = one or load_answerer(model, config, out, folder)  # the geometry needs the scenes of the task's pictures
        scored[task.name] = tuple(_ask_and_score(task, loaded, who, coordinates, note))
        whole[task.name] = _task_run(task, loaded.items, folder, limit, who)
        versions.append(who.version)
    version = ", ".join(dict.fromkeys(version for version in versions if version)) or None
    for name, rows in scored.items():
        write_scored(out, name, rows)
    write_run(out, Run(model, version, settings, tuple(whole.values())))  # last: a folder with run.json is whole
    return read_results(out)


def _left_out(task: Task, folder: Path) -> str:
    """Say what is in the data and makes no item."""
    counts = {reason: count for reason, count in (task.left_out(folder) if task.left_out else {}).items() if count}
    said = ", ".join(f"{count} {reason}" for reason, count in counts.items())
    return f"; left out: {said}" if said else ""


def _settings(model: str, config: AskConfig) -> dict[str, Any]:
    if model.partition(":")[0] in BASELINES:
        return {}
    return {"max_tokens": config.max_tokens, "temperature": 0, "seed": 0}


def _earlier_run(out: Path, model: str, settings: Mapping[str, Any]) -> Run | None:
    """Read the run that the folder holds already. Raises UserError where this one cannot be written beside it."""
    if any(sign in str(out.absolute()) for sign in URL_SIGNS):
        raise UserError(
            f"--out {str(out.absolute())!r}: has one of {' '.join(URL_SIGNS)} in it, which inspect_ai reads as a "
            "URL; choose another --out"
        )
    if not (out / RUN).exists():
        return None
    try:
        run = read_run(out)
    except DatasetError as error:
        raise UserError(f"{error}; or remove it, or choose another --out") from None
    if run.model != model:
        raise UserError(f"{out}: holds results of {run.model}; choose another --out")
    changed = sorted(key for key in run.settings.keys() | settings if run.settings.get(key) != settings.get(key))
    if changed:
        was = ", ".join(f"{key} {run.settings.get(key)}" for key in changed)
        raise UserError(f"{out}: holds results of {model} with {was}; choose another --out")
    return run


def find_data(task: Task, local: Path | None) -> Path:
    """Find the folder with a task's data. Raises UserError where it cannot be had."""
    if task.hub is not None:
        return locate(task.hub, local)
    path = local or OWN_DATA.get(task.name)
    if path is None:
        raise UserError(
            f"task {task.name!r}: needs to know where its data are; say --data {task.name}=PATH ({task.source})"
        )
    if not path.exists():
        raise UserError(f"data of {task.name}: no file or folder {str(path)!r}; make it ({task.source}), or say --data")
    return path


def load_items(task: Task, folder: Path, pictures: Path, limit: int | None) -> LoadedItems:
    """Load the items of a task with their pictures as files. Raises UserError for none, or an id that stands twice."""
    loaded = LoadedItems(*with_files(islice(task.items(folder), limit), pictures))
    if not loaded.items:
        raise UserError(f"data of {task.name} in {str(folder)!r}: hold no item")
    twice = [id_ for id_, count in Counter(item.id for item in loaded.items).items() if count > 1]
    if twice:
        raise UserError(
            f"data of {task.name}: the id {twice[0]!r} stands {len(twice)} times or more; expected unique ids"
        )
    return loaded


def _ask_and_score(
    task: Task, loaded: LoadedItems, who: Answerer, coordinates: str | None, note: Report
) -> list[Scored]:
    """Score the answers to all items; an item without one stays, and is wrong."""
    answers = _ask(task, loaded, who)
    lost = [(item.id, answer.failure) for item, answer in zip(loaded.items, answers, strict=True) if answer.failure]
    if lost:
        again = "" if who.track in ("none", "recorded") else "; run the same command again to ask them again"
        note(
            f"{who.name} on {task.name}: {len(lost)} of {len(answers)} items got no answer, the first is "
            f"{lost[0][0]!r} ({lost[0][1]}){again}"
        )
    sizes = [size_of(item) if isinstance(item.truth, Region | BoundingBox) else None for item in loaded.items]
    asked = list(zip(loaded.items, answers, sizes, strict=True))
    if coordinates is None and (found := [pair for one in asked for pair in _uncertain(*one)]):
        coordinates = likeliest(found)
        note(f"{task.name}: places count in {coordinates}, by all {len(found)} that do not say it; --coordinates tells")
    return [
        score_item(item, answer.text, task.official, truncated=answer.truncated, coordinates=coordinates, size=size)
        for item, answer, size in asked
    ]


def _uncertain(item: Item, answer: ModelAnswer, size: Size | None) -> list[tuple[Pair, Size | None]]:
    """List the pairs of numbers of an answer, of which it does not say what they count in."""
    match item.truth:
        case Region():
            pair = uncertain_pair(answer.text or "")
            return [] if pair is None else [(pair, size)]
        case BoundingBox():
            return [(corner, size) for corner in uncertain_corners(answer.text or "", item.reading.unit)]
    return []


def _ask(task: Task, loaded: LoadedItems, who: Answerer) -> list[ModelAnswer]:
    """Ask for the answers; who looks is not asked about items whose pictures cannot be shown."""
    items, faults = loaded.items, loaded.faults if who.track in LOOKS else {}
    if 2 * len(faults) > len(items):
        id_, fault = next(iter(faults.items()))
        raise UserError(f"{task.name}: {len(faults)} of {len(items)} items lack a picture; item {id_!r}: {fault}")
    asked = [item for item in items if item.id not in faults]
    answered = iter(who.answers(task.name, asked))
    return [ModelAnswer(None, failure=faults[item.id]) if item.id in faults else next(answered) for item in items]


def _task_run(task: Task, items: Sequence[Item], folder: Path, limit: int | None, who: Answerer) -> TaskRun:
    version, prompts = data_version(task, folder), prompts_sha256(items)
    has_official = task.official is not None
    return TaskRun(task.name, version, len(items), limit, prompts, PARSER, has_official, who.track, task.licence)


def data_version(task: Task, folder: Path) -> str:
    """Tell these data from others: the hub's commit, or a hash of its files."""
    return folder.name if task.hub is not None and folder.parent.name == "snapshots" else fingerprint(folder)
