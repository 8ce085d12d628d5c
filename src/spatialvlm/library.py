"""One function per stage, for use from Python. Each takes and returns records; see `spatialvlm.records`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spatialvlm.dataset.exports import Exported
from spatialvlm.dataset.exports import export as export_dataset
from spatialvlm.dataset.lazy import SceneQuestions
from spatialvlm.dataset.read import Dataset, read_dataset
from spatialvlm.engine.ask import ask
from spatialvlm.engine.local import build as run_recipe
from spatialvlm.models.inference import Runtime
from spatialvlm.pipeline import collect as collect_stage
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.detect import DetectConfig, load_detector
from spatialvlm.pipeline.estimate import SenseConfig, load_sense
from spatialvlm.pipeline.lift import LiftConfig, Lifted, load_lift
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig, Phrased
from spatialvlm.recipes.named import recipe_for
from spatialvlm.records import Drop, Facts, Frame, Instance, Scene

__all__ = [
    "PhraseConfig",
    "SceneQuestions",
    "ask",
    "build",
    "collect",
    "detect",
    "export",
    "lift",
    "measure",
    "phrase",
    "read",
]


def build(
    source: str,
    out: str | Path,
    *,
    recipe: str | None = None,
    workers: int = 1,
    runtime: Runtime | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Build the dataset of a source in the folder `out`; `settings` are fields of `Recipe` that change the recipe.

    Without the name of a `recipe` it is the one that suits the source; `runtime` says where its models run. Returns
    what dataset.json says. Raises UserError for a bad source, setting or folder.
    """
    chosen = recipe_for(str(source), recipe, **settings)
    return run_recipe(chosen, Path(out), workers=workers, runtime=runtime)


def collect(source: str, config: CollectConfig | None = None, seed: int = 0) -> list[Frame]:
    """All frames of a source that can be read, in order. Frames hold images: for a large source use `build`."""
    return [frame for frame in _frames(collect_stage.open_source(str(source), config, seed)) if frame is not None]


def _frames(source: collect_stage.Source) -> Iterator[Frame | None]:
    for index in range(len(source)):
        yield source.read(index).frame


def detect(frame: Frame, config: DetectConfig | None = None) -> Frame | Drop:
    """The frame with its instances, or why there are none. Loads the models of `config` anew at every call."""
    return load_detector(config)([frame])[0]


def lift(
    frame: Frame,
    instances: tuple[Instance, ...] | None = None,
    config: LiftConfig | None = None,
    sense: SenseConfig | None = None,
) -> Lifted:
    """A frame to its scene. Without `instances`, those of the frame or what `detect` finds.

    `sense` names the models that find what the frame lacks (depth, intrinsics, gravity), loaded anew at every call.
    """
    (frame,) = load_sense(sense)([frame])
    if instances is None:
        found = detect(frame)
        if isinstance(found, Drop):
            return Lifted(None, (found,))
        frame, instances = found, found.instances or ()
    return load_lift(config)([frame], [instances])[0]


def phrase(scene: Scene, facts: Facts, seed: int = 0, config: PhraseConfig | None = None) -> Phrased:
    """Questions and answers about a scene."""
    return Phrase(config)(scene, facts, seed)


def read(folder: str | Path) -> Dataset:
    """Open a dataset on disk."""
    return read_dataset(Path(folder))


def export(dataset: str | Path, out: str | Path, *, to: str, per: str = "image") -> Exported:
    """Write a dataset into the folder `out` as the format `to`, one sample per "image" or per "question"; counts them.

    Raises UserError for an unknown format, or an `out` that holds anything else.
    """
    return export_dataset(read_dataset(Path(dataset)), Path(out), to=to, per=per)
