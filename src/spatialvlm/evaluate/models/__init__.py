"""Who answers: items in, answers out. A name says who, as people type it:

    nano                                       the small model of the package
    openai-api/local/qwen3-vl, vllm/..., ...   any provider of inspect_ai: servers, hubs, APIs
    transformers:WEIGHTS[@REVISION]            weights on this machine, by a path or a hub id
    blind:MODEL, shuffled:MODEL                the same model without the pictures, or with those of another item
    prior[:DATA]                               the median or the majority of each kind, of the training data DATA
    geometry[:DATASET]                         our own pipeline, from the stored scene of the picture
    answers:FILE                               answers that were recorded elsewhere, as JSON lines {"id", "answer"}

`track` says what an answerer was given beside the words. An answer that could not be had is None, and counts as wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.models import Runtime

Track = Literal["image", "blind", "shuffled", "scene", "none", "recorded"]
BASELINES = ("prior", "geometry", "answers")
Report = Callable[[str], None]
"""Who hears a line about what goes on."""


def silent(line: str) -> None:
    """Tell nobody: a Report."""


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What was answered; `text` is None where no answer could be had, and `failure` says why."""

    text: str | None
    truncated: bool = False
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class AskConfig:
    """How a model is asked. Answers are greedy (temperature 0) and at most `max_tokens` long.

    A request that fails in a way that may pass is tried again up to `retries` times, after pauses that grow; one that
    takes longer than `timeout_s` is given up and tried again. `at_once` requests run side by side.
    """

    max_tokens: int = 1024
    at_once: int = 8
    timeout_s: int = 120
    retries: int = 6
    base_url: str | None = None
    runtime: Runtime = field(default_factory=Runtime)

    def __post_init__(self) -> None:
        for name in ("max_tokens", "at_once", "timeout_s"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: expected 1 or more")
        if self.retries < 0:
            raise UserError(f"retries {self.retries}: expected 0 or more")


@runtime_checkable
class Answerer(Protocol):
    """Answers the items of a task, in their order. `version` is what is known after answering, or None."""

    name: str
    track: Track
    version: str | None

    def answers(self, task: str, items: Sequence[Item]) -> list[ModelAnswer]:
        """Give one answer per item."""
        ...


def load_answerer(
    name: str,
    config: AskConfig,
    folder: Path,
    data: Path | None = None,
    *,
    report: Report = silent,
    note: Report = silent,
) -> Answerer:
    """Load whoever is called so. `folder` keeps what a model answered; `data` is where the items of a task come from.

    `report` hears how far a model is, `note` what people should know of the answers.

    Raises UserError for a name that makes no sense, data that cannot be read, or a package that is missing.
    """
    who, _, rest = name.partition(":")
    match who:
        case "prior":
            from spatialvlm.evaluate.models.prior_baseline import PriorBaseline

            return PriorBaseline(Path(rest) if rest else None)
        case "geometry":
            from spatialvlm.evaluate.models.geometry_baseline import GeometryBaseline

            return GeometryBaseline(Path(rest) if rest else data)
        case "answers":
            from spatialvlm.evaluate.models.answer_file import AnswerFile

            return AnswerFile(Path(rest) if rest else None, note)
    from spatialvlm.evaluate.models.inspect_model import InspectModel

    if who in ("blind", "shuffled"):
        return InspectModel(rest, "blind" if who == "blind" else "shuffled", config, folder, report)
    return InspectModel(name, "image", config, folder, report)
