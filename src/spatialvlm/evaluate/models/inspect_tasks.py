"""Offer the benchmarks as tasks of inspect_ai, and our baselines as its solvers, to its own command line.

    inspect eval spatialvlm/rooms --model openai/gpt-4o -T data=rooms_benchmark
    inspect eval spatialvlm/qspatial --model openai-api/local/qwen3-vl -T images=blind
    inspect eval spatialvlm/rooms -T data=DIR --model none/none --solver spatialvlm/geometry -S data=DIR

Task arguments: `data` (a local copy), `images` ("image", "blind", "shuffled"). The entry point of this package names
this module; importing it registers the tasks, the solvers and the provider of local weights.
"""

from collections.abc import Callable
from pathlib import Path

from inspect_ai import Task
from inspect_ai import task as register
from inspect_ai.dataset import MemoryDataset
from inspect_ai.model import ChatMessageAssistant, ContentImage, GenerateConfig, ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver
from platformdirs import user_cache_path

from spatialvlm.errors import UserError
from spatialvlm.evaluate.evaluation import find_data, load_items
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models import AskConfig, ModelAnswer
from spatialvlm.evaluate.models.geometry_baseline import GeometryBaseline
from spatialvlm.evaluate.models.inspect_provider import provider
from spatialvlm.evaluate.models.inspect_samples import item_from_sample, make_scorer, sample_from_item
from spatialvlm.evaluate.models.pictures import image_bytes, pictures_shown
from spatialvlm.evaluate.models.prior_baseline import PriorBaseline
from spatialvlm.evaluate.tasks import TASKS, load_task

__all__ = ["INSPECT_TASKS", "geometry", "prior", "provider"]

TRACKS = ("image", "blind", "shuffled")


def _build_task(name: str, data: str | None, images: str) -> Task:
    task = load_task(name)
    if images not in TRACKS:
        raise UserError(f"images {images!r}: expected one of {', '.join(TRACKS)}")
    pictures = user_cache_path("spatialvlm") / "pictures"
    loaded = load_items(task, find_data(task, None if data is None else Path(data)), pictures, None)
    items = loaded.items
    if loaded.faults and images != "blind":
        id_, fault = next(iter(loaded.faults.items()))
        raise UserError(f"{name}: {len(loaded.faults)} of {len(items)} items lack a picture; item {id_!r}: {fault}")
    samples = [sample_from_item(item, paths) for item, paths in zip(items, pictures_shown(items, images), strict=True)]
    return Task(
        dataset=MemoryDataset(samples, name=name),
        solver=generate(),
        scorer=make_scorer(task.official),
        config=GenerateConfig(temperature=0.0, seed=0, max_tokens=AskConfig().max_tokens),
        name=name,
    )


def _make_builder(name: str) -> Callable[..., Task]:
    def build(data: str | None = None, images: str = "image") -> Task:
        return _build_task(name, data, images)

    build.__name__, build.__doc__ = name, load_task(name).asks
    return register(name=name)(build)


INSPECT_TASKS = tuple(map(_make_builder, TASKS))
"""What inspect_ai has registered under spatialvlm/NAME."""


@solver
def geometry(data: str) -> Solver:
    """Answer from the stored scene of the picture; `data` is the dataset that holds it."""
    return _make_solver("geometry", GeometryBaseline(Path(data)).answer)


@solver
def prior(data: str) -> Solver:
    """Answer with the median or the majority of each kind in the training data `data`."""
    who = PriorBaseline(Path(data))
    return _make_solver("prior", lambda item: who.answers("", [item])[0])


def _make_solver(name: str, answer_to: Callable[[Item], ModelAnswer]) -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        item = item_from_sample(str(state.sample_id), state.metadata)
        pictures = tuple(
            image_bytes(part.image) for part in state.user_prompt.content if isinstance(part, ContentImage)
        )
        asked = Item(item.id, item.kind, item.question, item.prompt, pictures, item.truth, item.meta)
        answer = answer_to(asked)
        state.output = ModelOutput.from_content(name, answer.text or "")
        state.messages.append(ChatMessageAssistant(content=answer.text or ""))
        return state

    return solve
