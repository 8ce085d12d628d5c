"""A run: a model and some tasks -> a folder with every answer, its scores, the figures and a page.

evaluate("geometry", ["rooms"], Path("out"), data={"rooms": Path("rooms_benchmark")})
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item, prompts_sha256
from spatialvlm.evaluate.models import Answerer, AskConfig, load_answerer
from spatialvlm.evaluate.models.pictures import with_files
from spatialvlm.evaluate.results import Results, Run, TaskRun, write_run, write_scored
from spatialvlm.evaluate.scoring import PARSER, Scored, score
from spatialvlm.evaluate.tasks import Task, load_task
from spatialvlm.evaluate.tasks.data import locate

OWN = {"rooms": Path("rooms_benchmark")}
"""Where the data of our own benchmarks are looked for where nobody says so."""
PICTURES = "pictures"
Report = Callable[[str], None]


def evaluate(
    model: str,
    tasks: Sequence[str],
    out: Path,
    *,
    data: Mapping[str, Path] | None = None,
    limit: int | None = None,
    config: AskConfig | None = None,
    report: Report = lambda line: None,
) -> Results:
    """Ask a model the items of some tasks, and score its answers, into the folder `out`; returns what it holds.

    `data` names local copies by task; `limit` takes the first so many items of each. Raises UserError for an unknown
    task or model or data that cannot be had, ModelError where a model fails; what was answered is kept.
    """
    chosen = [load_task(name) for name in dict.fromkeys(tasks)]
    strangers = sorted(set(data or {}) - {task.name for task in chosen})
    if strangers:
        raise UserError(
            f"data of {', '.join(strangers)}: no task of this run, which are {', '.join(t.name for t in chosen)}"
        )
    if limit is not None and limit < 1:
        raise UserError(f"limit {limit}: expected 1 or more items")
    config = config or AskConfig()
    folders = {task.name: find_data(task, (data or {}).get(task.name)) for task in chosen}
    who = load_answerer(model, config, out, next(iter(folders.values()), None))
    scored: dict[str, tuple[Scored, ...]] = {}
    runs = []
    for task in chosen:
        report(f"{task.name}: reading")
        items = load_items(task, folders[task.name], out / PICTURES, limit)
        report(f"{task.name}: {len(items)} items")
        scored[task.name] = tuple(_scored(task, items, who))
        runs.append(_task_run(task, items, folders[task.name], limit, who))
    settings = {"most_tokens": config.most_tokens, "temperature": 0, "seed": 0}
    run = Run(model, who.version, settings if who.track in ("image", "blind", "shuffled") else {}, tuple(runs))
    for name, rows in scored.items():
        write_scored(out, name, rows)
    write_run(out, run)  # last: a folder with run.json is whole
    return Results(run, scored)


def find_data(task: Task, local: Path | None) -> Path:
    """The folder with a task's data. Raises UserError where it cannot be had."""
    if task.hub is not None:
        return locate(task.hub, local)
    path = local or OWN.get(task.name)
    if path is None:
        raise UserError(
            f"task {task.name!r}: needs to know where its data are; say --data {task.name}=PATH ({task.source})"
        )
    if not path.exists():
        raise UserError(f"data of {task.name}: no file or folder {str(path)!r}; make it ({task.source}), or say --data")
    return path


def load_items(task: Task, folder: Path, pictures: Path, limit: int | None) -> list[Item]:
    """The items of a task with their pictures as files. Raises UserError where there are none, or ids stand twice."""
    items = with_files(islice(task.items(folder), limit), pictures)
    if not items:
        raise UserError(f"data of {task.name} in {str(folder)!r}: hold no item")
    twice = [id_ for id_, count in Counter(item.id for item in items).items() if count > 1]
    if twice:
        raise UserError(
            f"data of {task.name}: the id {twice[0]!r} stands {len(twice)} times or more; expected unique ids"
        )
    return items


def _scored(task: Task, items: Sequence[Item], who: Answerer) -> list[Scored]:
    answers = who.answers(task.name, items)
    return [
        score(item, answer.text, task.official, truncated=answer.truncated)
        for item, answer in zip(items, answers, strict=True)
    ]


def _task_run(task: Task, items: Sequence[Item], folder: Path, limit: int | None, who: Answerer) -> TaskRun:
    version, prompts = data_version(task, folder), prompts_sha256(items)
    has_official = task.official is not None
    return TaskRun(task.name, version, len(items), limit, prompts, PARSER, has_official, who.track, task.licence)


def data_version(task: Task, folder: Path) -> str:
    """What tells these data from others: the hub's commit, or a hash of the names and sizes of its files."""
    if task.hub is not None and folder.parent.name == "snapshots":
        return folder.name
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        name = path.name if path == folder else path.relative_to(folder).as_posix()
        digest.update(f"{name}\0{path.stat().st_size}\n".encode())
    return f"files:{digest.hexdigest()[:16]}"
