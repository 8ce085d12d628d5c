"""A model behind inspect_ai: items in, answers out; logs, retries and resuming come with it.

Every answer is in the logs as soon as it is there. A run that was killed goes on where it was; items that failed are
asked again by the next run; none is lost.
"""

import json
import os
import re
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from spatialvlm.errors import ModelError, UserError
from spatialvlm.evaluate.items import Item, prompts_sha256
from spatialvlm.evaluate.models import Answer, AskConfig, Track
from spatialvlm.pipeline.write.atomic import to_json, write_file

try:
    from inspect_ai import Task, eval_set
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.dataset import MemoryDataset
    from inspect_ai.log import EvalLog, EvalSample, read_eval_log
    from inspect_ai.model import GenerateConfig, Model, get_model
    from inspect_ai.solver import Generate, Solver, TaskState, solver
except ImportError as error:
    raise UserError(
        f"models are asked through inspect_ai, which is missing ({error}); pip install 'spatialvlm[evaluate]'"
    ) from None

from spatialvlm.evaluate.models.inspection import CUT_OFF, our_scorer, sample_of
from spatialvlm.evaluate.models.pictures import shown
from spatialvlm.evaluate.tasks import load_task

_MARKUP = re.compile(r"\[/?(?:bold|italic|dim|red|green|blue|yellow)\b[^\]]*\]")
ASKED = "asked.json"
EXCERPT = 200
"""Characters of an error that a message quotes."""
WORST_FAILURES = 20
"""After so many items without an answer no more are asked: the server is gone, and the next run goes on from here."""


class Inspected:
    """An Answerer: see the module. `name` is a model as inspect_ai names it, or transformers:WEIGHTS."""

    def __init__(self, name: str, track: Track, config: AskConfig, folder: Path) -> None:
        if not name:
            raise UserError(
                "model '': expected PROVIDER/MODEL as in openai-api/local/qwen3-vl, or transformers:WEIGHTS"
            )
        self.name = name
        self.track: Track = track
        self.version: str | None = None
        self._config, self._folder = config, folder
        self._model: Model | None = None

    def answers(self, task: str, items: Sequence[Item]) -> list[Answer]:
        """One answer per item. Raises ModelError where the task could not be finished; another run goes on."""
        folder = self._folder / "logs" / task
        folder.mkdir(parents=True, exist_ok=True)
        samples = [sample_of(item, pictures) for item, pictures in zip(items, shown(items, self.track), strict=True)]
        if self._model is None:
            self._model = self._load()
        self._check_same(folder, task, items)
        asked = Task(
            dataset=MemoryDataset(samples, name=task),
            solver=_asking(),
            scorer=our_scorer(load_task(task).official),
            name=task,
        )
        logs = self._run(asked, folder)
        found = _samples(logs)
        self.version = getattr(self._model.api, "version", None) or _version_of(found.values())
        answers = [_answer(found.get(item.id)) for item in items]
        lost = [(item.id, answer.failure) for item, answer in zip(items, answers, strict=True) if answer.failure]
        if lost:
            raise ModelError(
                f"{self.name} on {task}: {len(lost)} of {len(items)} items got no answer, the first is {lost[0][0]!r} "
                f"({lost[0][1]}); what was answered is kept: run the same command again to ask the rest"
            )
        return answers

    def _run(self, asked: Task, folder: Path) -> list[EvalLog]:
        config = self._config
        try:
            _, logs = eval_set(
                asked,
                log_dir=str(folder),
                model=self._model,
                retry_attempts=0,
                retry_immediate=False,
                continue_on_fail=True,
                fail_on_error=True,
                max_samples=config.at_once,
                log_buffer=50,
                log_images=False,
                log_level="error",
                display="none",
                score_display=False,
                ctl_server=False,
            )
        except PrerequisiteError as error:
            raise UserError(f"{self.name}: {_plain(error)}") from None
        return [read_eval_log(log.location) for log in logs]

    def _load(self) -> Model:
        config = self._config
        settings = GenerateConfig(
            temperature=0.0,
            seed=0,
            max_tokens=config.most_tokens,
            max_connections=config.at_once,
            max_retries=config.retries,
            attempt_timeout=config.timeout_s,
            timeout=config.timeout_s * (config.retries + 1),
        )
        if self.name.startswith("transformers:"):
            from spatialvlm.evaluate.models.provider import local_model

            return local_model(self.name, config, settings)
        arguments = {}
        if config.base_url is not None:
            _check_listens(config.base_url)
            service = self.name.split("/")[1] if self.name.startswith("openai-api/") else None
            if service and not os.environ.get(f"{service.upper().replace('-', '_')}_API_KEY"):
                arguments["api_key"] = "none"
        try:
            return get_model(self.name, config=settings, base_url=config.base_url, memoize=False, **arguments)
        except (PrerequisiteError, ValueError) as error:
            own = "; or say where your server listens: --base-url URL" if self.name.startswith("openai-api/") else ""
            raise UserError(f"model {self.name!r}: {_plain(error)}{own}") from None

    def _check_same(self, folder: Path, task: str, items: Sequence[Item]) -> None:
        """A folder goes on with the model, the items and the settings that it began with."""
        now = {
            "model": self.name,
            "track": self.track,
            "items": len(items),
            "prompts_sha256": prompts_sha256(items),
            "most_tokens": self._config.most_tokens,
        }
        path = folder / ASKED
        if path.exists() and any(folder.glob("*.eval")):  # nothing was answered where there is no log
            was = json.loads(path.read_bytes())
            if was != now:
                changed = ", ".join(key for key in now if was.get(key) != now[key])
                raise UserError(f"{folder}: holds answers of {task} with another {changed}; choose another --out")
            return
        write_file(path, lambda file: file.write(to_json(now, indent=2).encode()))


def _plain(error: Exception) -> str:
    """A message of inspect_ai on one line, without the markup of its terminal."""
    words = _MARKUP.sub("", str(getattr(error, "message", error))).removeprefix("ERROR: ")
    return " ".join(words.split()).rstrip(".")


@solver
def _asking() -> Solver:
    """Ask, until too many items have failed."""
    failed = 0

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        nonlocal failed
        if failed >= WORST_FAILURES:
            raise ModelError(f"not asked, since {failed} items before it got no answer")
        answered = False
        try:
            state = await generate(state)
            answered = True
        finally:
            failed += not answered
        return state

    return solve


def _check_listens(base_url: str) -> None:
    """Whether anybody listens at a URL: said at once, not after all tries of all items."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"base URL {base_url!r}: expected http://HOST:PORT/v1")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=10).close()
    except OSError as error:
        raise UserError(f"{base_url}: cannot be reached ({error}); start the server or correct --base-url") from None


def _samples(logs: Sequence[EvalLog]) -> dict[str, EvalSample]:
    """The samples by id; of several those without an error."""
    found: dict[str, EvalSample] = {}
    for log in logs:
        for sample in log.samples or []:
            if str(sample.id) not in found or sample.error is None:
                found[str(sample.id)] = sample
    return found


def _answer(sample: EvalSample | None) -> Answer:
    if sample is None:
        return Answer(None, failure="was not asked")
    if sample.error is not None:
        return Answer(None, failure=_why(sample.error.message))
    return Answer(sample.output.completion, truncated=sample.output.stop_reason in CUT_OFF)


def _why(message: str) -> str:
    """The last line of an error, where inspect_ai puts what happened; before it stands the whole request."""
    lines = [line for line in message.replace("\\n", "\n").splitlines() if line.strip()]
    return _MARKUP.sub("", lines[-1]).strip(" ')(\\")[:EXCERPT] if lines else "an error"


def _version_of(samples: Iterable[EvalSample]) -> str | None:
    """What the server calls the model that answered."""
    return ", ".join(sorted({sample.output.model for sample in samples if sample.output.model})) or None
