"""Ask a model through inspect_ai: items in, answers out; logs, retries and resuming come with it.

Every answer is in the logs as soon as it is there. A run that was killed goes on where it was; items that failed are
asked again by the next run; none is lost.
"""

import os
import re
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from spatialvlm.errors import ModelError, UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models import AskConfig, ModelAnswer, Report, Track, silent

try:
    from inspect_ai import Task
    from inspect_ai import eval as evaluate_task
    from inspect_ai._util.error import PrerequisiteError
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.log import EvalSample
    from inspect_ai.model import GenerateConfig, Model, get_model
    from inspect_ai.solver import Generate, Solver, TaskState, solver
    from tenacity import RetryError
except ImportError as error:
    raise UserError(
        f"models are asked through inspect_ai, which is missing ({error}); pip install 'spatialvlm[evaluate]'"
    ) from None

from spatialvlm.evaluate.models.inspect_logs import check_same, read_answered, samples_of
from spatialvlm.evaluate.models.inspect_samples import CUT_OFF, make_scorer, sample_from_item
from spatialvlm.evaluate.models.pictures import pictures_shown
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.models import NANO

_MARKUP = re.compile(r"\[/?(?:bold|italic|dim|red|green|blue|yellow)\b[^\]]*\]")
_NAMED = re.compile(r"""(\w+)\(['"](.+)""")
EXCERPT = 200
"""Characters of an error that a message quotes."""
MAX_FAILURES = 20
"""After so many items in a row without an answer no more are asked: the server is gone, the next run goes on here."""
LOCAL = ("transformers:", "idefics3:")
"""What runs on this machine, beside nano."""
REPORT_S = 0.5
"""How long it takes at least from one line about the progress to the next."""


class InspectModel:
    """An Answerer: see the module. `name` is a model as inspect_ai names it, or transformers:WEIGHTS."""

    def __init__(self, name: str, track: Track, config: AskConfig, folder: Path, report: Report = silent) -> None:
        if not name:
            raise UserError(
                "model '': expected nano, PROVIDER/MODEL as in openai-api/local/qwen3-vl, or transformers:WEIGHTS"
            )
        if name in LOCAL:
            raise UserError(f"model {name!r}: names no weights; expected {name}WEIGHTS, a path or a hub id")
        self.name = name
        self.track: Track = track
        self.version: str | None = None
        self._config, self._folder, self._report = config, folder, report
        self._model: Model | None = None

    def answers(self, task: str, items: Sequence[Item]) -> list[ModelAnswer]:
        """Ask for one answer per item; items that have none say why, and are asked again by the next run.

        Raises ModelError where more than half of them have none: another run goes on.
        """
        folder = self._folder / "logs" / task
        folder.mkdir(parents=True, exist_ok=True)
        pictures = pictures_shown(items, self.track)
        found = read_answered(folder)
        missing = [(item, paths) for item, paths in zip(items, pictures, strict=True) if item.id not in found]
        check_same(folder, task, self._settings(), items, begun=bool(found))
        if self._model is None and (missing or self._is_local):
            self._model = self._load()
        if missing:
            done = len(items) - len(missing)
            found |= self._ask(task, [sample_from_item(*one) for one in missing], folder, done)
        here = [sample for item in items if (sample := found.get(item.id))]
        self.version = getattr(getattr(self._model, "api", None), "version", None) or _version_of(here)
        answers = [_answer(found.get(item.id)) for item in items]
        lost = [(item.id, answer.failure) for item, answer in zip(items, answers, strict=True) if answer.failure]
        if 2 * len(lost) > len(items):
            raise ModelError(
                f"{self.name} on {task}: {len(lost)} of {len(items)} items got no answer, the first is {lost[0][0]!r} "
                f"({lost[0][1]}); what was answered is kept: run the same command again to ask the rest"
            )
        return answers

    @property
    def _is_local(self) -> bool:
        return self.name == NANO or self.name.startswith(LOCAL)

    def _settings(self) -> dict[str, Any]:
        config = self._config
        return {
            "model": self.name,
            "track": self.track,
            "base_url": config.base_url,
            "max_tokens": config.max_tokens,
        }

    def _ask(self, task: str, samples: list[Sample], folder: Path, done: int) -> dict[str, EvalSample]:
        """Ask, with one more log in the folder; the samples by id, those that failed too."""
        asked = Task(
            dataset=MemoryDataset(samples, name=task),
            solver=_ask_until_it_fails(task, done, done + len(samples), self._report),
            scorer=make_scorer(load_task(task).official),
            name=task,
        )
        try:
            with redirect_stdout(sys.stderr):  # stdout is for the table
                logs = evaluate_task(
                    asked,
                    model=self._model,
                    log_dir=str(folder),
                    log_format="eval",
                    continue_on_fail=True,
                    fail_on_error=False,
                    max_samples=self._config.at_once,
                    log_buffer=50,
                    log_images=False,
                    log_level="error",
                    display="none",
                    score_display=False,
                    ctl_server=False,
                )
        except PrerequisiteError as error:
            raise UserError(f"{self.name}: {_plain(error)}") from None
        if any(log.status == "cancelled" for log in logs):
            raise KeyboardInterrupt
        failed = next((log.error for log in logs if log.error), None)
        if failed is not None:
            raise ModelError(f"{self.name} on {task}: {_why(failed.message)}; run the same command again to go on")
        return {id_: sample for log in logs for id_, sample in samples_of(log).items()}

    def _load(self) -> Model:
        config = self._config
        settings = GenerateConfig(
            temperature=0.0,
            seed=0,
            max_tokens=config.max_tokens,
            max_connections=config.at_once,
            max_retries=config.retries,
            attempt_timeout=config.timeout_s,
            timeout=config.timeout_s * (config.retries + 1),
        )
        if self._is_local:
            from spatialvlm.evaluate.models.inspect_provider import local_model

            return local_model(self.name, config, settings)
        arguments: dict[str, Any] = {}
        if self.name.startswith(("openai/", "openai-api/")):
            arguments["max_retries"] = 0  # of their client, which would try again below ours
        if config.base_url is not None:
            _check_reachable(config.base_url)
            service = self.name.split("/")[1] if self.name.startswith("openai-api/") else None
            if service and not os.environ.get(f"{service.upper().replace('-', '_')}_API_KEY"):
                arguments["api_key"] = "none"
        try:
            return get_model(self.name, config=settings, base_url=config.base_url, memoize=False, **arguments)
        except (PrerequisiteError, ValueError) as error:
            own = "; or say where your server listens: --base-url URL" if self.name.startswith("openai-api/") else ""
            raise UserError(f"model {self.name!r}: {_plain(error)}{own}") from None


def _plain(error: Exception) -> str:
    """Put a message of inspect_ai on one line, without the markup of its terminal."""
    words = _MARKUP.sub("", str(getattr(error, "message", error))).removeprefix("ERROR: ")
    return " ".join(words.split()).rstrip(".")


@solver
def _ask_until_it_fails(task: str, done: int, count: int, report: Report) -> Solver:
    """Ask, until too many items in a row have failed; `report` hears how many of the task's items are through."""
    failed, told = 0, time.monotonic()

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        nonlocal failed, done, told
        if failed >= MAX_FAILURES:
            raise ModelError(f"not asked, since {failed} items before it got no answer")
        was_answered = False
        try:
            state = await generate(state)
            was_answered = True
        except RetryError as error:
            cause = error.last_attempt.exception()
            raise ModelError(f"{type(cause).__name__}: {cause}") from None
        finally:
            failed = 0 if was_answered else failed + 1
            done += was_answered
            if done == count or time.monotonic() - told >= REPORT_S:
                told = time.monotonic()
                report(f"{task}: {done} of {count} answered")
        return state

    return solve


def _check_reachable(base_url: str) -> None:
    """Raise UserError where nobody listens at a URL: at once, not after all tries of all items."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"base URL {base_url!r}: expected http://HOST:PORT/v1")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=10).close()
    except OSError as error:
        raise UserError(f"{base_url}: cannot be reached ({error}); start the server or correct --base-url") from None


def _answer(sample: EvalSample | None) -> ModelAnswer:
    if sample is None:
        return ModelAnswer(None, failure="was not asked")
    if sample.error is not None:
        return ModelAnswer(None, failure=_why(sample.error.message))
    return ModelAnswer(sample.output.completion, truncated=sample.output.stop_reason in CUT_OFF)


def _why(message: str) -> str:
    """Take the last line of an error, where inspect_ai puts what happened; before it stands the whole request.

    Errors stand there as Python shows them, Error('words'): here they are "Error: words", ours the words alone.
    """
    lines = [line for line in message.replace("\\n", "\n").splitlines() if line.strip()]
    if not lines:
        return "an error"
    said = _MARKUP.sub("", lines[-1]).replace("\\'", "'").replace('\\"', '"').strip()
    said = re.sub(r"""(['"]\)+)+$""", "", said)
    named = _NAMED.match(said)
    if named is not None:
        name, words = named.groups()
        said = words if name == ModelError.__name__ else f"{name}: {words}"
    return said[:EXCERPT]


def _version_of(samples: Iterable[EvalSample]) -> str | None:
    """Join what the server calls the model that answered."""
    return ", ".join(sorted({sample.output.model for sample in samples if sample.output.model})) or None
