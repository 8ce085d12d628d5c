"""What happened in a line of reasoning, step by step: records, and their lines on disk.

trace = Trace(Path("steps.jsonl"))       each step is a line as soon as it happens: a killed run keeps its trace
read_trace(Path("steps.jsonl"))          the same steps again
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from spatialvlm.errors import UserError

Reason = Literal[
    "answered", "abstained", "turns", "calls", "time", "tokens", "context", "refused", "no_answer", "failed"
]
"""Why a line of reasoning ended: with an answer, or that nothing can be told; by a limit; or without one."""


@dataclass(frozen=True, slots=True)
class QuestionStep:
    """What was asked about which picture, and who reasons, how."""

    question: str
    picture: str
    model: str
    mode: str


@dataclass(frozen=True, slots=True)
class RequestStep:
    """A turn of the language model: what it said, how many calls it wants, the tokens read and written, the time."""

    said: str
    calls: int
    read: int
    written: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CallStep:
    """A tool that was called, with its result or the error; `repeated` where the answer is that of an earlier call."""

    name: str
    arguments: str
    result: Mapping[str, Any] | None = None
    error: str = ""
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class RemarkStep:
    """What the language model was told besides."""

    text: str


@dataclass(frozen=True, slots=True)
class EndStep:
    """How it ended. `text` is the answer in words, or what went wrong; `value` is in `unit`, with its 1-sigma error.

    `evidence` are the lines of the workbook that the answer rests on.
    """

    reason: Reason
    text: str
    value: str | float | bool | None = None
    unit: str = ""
    sigma: float | None = None
    confidence: float | None = None
    evidence: Sequence[Mapping[str, Any]] = ()
    turns: int = 0
    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0

    @property
    def done(self) -> bool:
        """Whether it ended as it should: with an answer, or that nothing can be told."""
        return self.reason in ("answered", "abstained")


TraceStep = QuestionStep | RequestStep | CallStep | RemarkStep | EndStep
_NAMES: dict[str, type[TraceStep]] = {
    "question": QuestionStep,
    "request": RequestStep,
    "call": CallStep,
    "remark": RemarkStep,
    "end": EndStep,
}
_NAME_OF = {kind: name for name, kind in _NAMES.items()}


@dataclass(slots=True)
class Trace:
    """The steps so far; each is written to `path` and handed to `show` as it happens, where these are given."""

    path: Path | None = None
    show: Callable[[TraceStep], None] | None = None
    steps: list[TraceStep] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._write("w", "")

    def add(self, step: TraceStep) -> None:
        """Keep one more step. Raises UserError where it cannot be written."""
        self.steps.append(step)
        self._write("a", step_to_json(step) + "\n")
        if self.show is not None:
            self.show(step)

    def _write(self, mode: str, text: str) -> None:
        if self.path is None:
            return
        try:
            with self.path.open(mode, encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise UserError(
                f"trace {str(self.path)!r}: cannot be written ({error.strerror}); give another path"
            ) from None


def step_to_json(step: TraceStep) -> str:
    """Write a step as one line of JSON."""
    return json.dumps({"step": _NAME_OF[type(step)], **asdict(step)}, ensure_ascii=True, allow_nan=False)


def read_trace(path: Path) -> list[TraceStep]:
    """Read the steps of a run; a last line that a killed run left unfinished is none.

    Raises UserError where the file is missing or holds something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"trace {str(path)!r}: cannot be read ({error}); expected what --trace wrote") from None
    return [_read(line, f"trace {str(path)!r} line {number}") for number, line in enumerate(lines[:-1], 1)]


def _read(line: str, where: str) -> TraceStep:
    try:
        fields = json.loads(line)
        step = _NAMES[fields.pop("step")](**fields)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise UserError(f"{where}: is no step; expected what --trace wrote") from None
    if isinstance(step, EndStep) and step.reason not in get_args(Reason):
        raise UserError(f"{where}: ended by {step.reason!r}; expected one of {', '.join(get_args(Reason))}")
    return step
