"""What people name a picture -> a desk: its frame, its scene where there is depth, and who sees it."""

from pathlib import Path

from spatialvlm.answering import choose_model, read_image
from spatialvlm.engine import Pipeline
from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime, Vlm, load_vlm
from spatialvlm.pipeline.collect import open_source
from spatialvlm.reason.desk import AskVlm, Desk
from spatialvlm.recipes import Overrides, recipe_for
from spatialvlm.records import Frame


def open_desk(
    source: str,
    *,
    recipe: str | None = None,
    overrides: Overrides | None = None,
    vlm: str | None = None,
    runtime: Runtime | None = None,
) -> Desk:
    """Lay out one picture: a file, or a source of one frame, as an RGB-D folder or shapes:1.

    A file is lifted only where a recipe or models are given. `vlm` is as `answer` takes a model, and is loaded when it
    is first asked; without it nano, or nobody where there is a scene and nano is not installed. Raises UserError for a
    source of several frames, and for what cannot be lifted.
    """
    is_file = Path(source).is_file()
    if is_file and recipe is None and not (overrides and overrides.models):
        if overrides and overrides.known:
            raise UserError(
                f"picture {source!r}: a known length fixes the scale of depth; name a recipe that makes depth"
            )
        frame = Frame.of(read_image(Path(source)), id=Path(source).name)
        return Desk(frame, None, seer_of(frame, choose_model(vlm), runtime))
    chosen = recipe_for(source, recipe, overrides)
    opened = open_source(source, chosen.collect, chosen.seed)
    if len(opened) != 1:
        raise UserError(f"source {source!r}: has {len(opened)} frames, expected one picture; name one of its files")
    read = opened.read(0)
    sample = read if read.frame is None else Pipeline(chosen, runtime)(read.frame)
    if sample.frame is None or sample.scene is None:
        reasons = "; ".join(dict.fromkeys(drop.reason for drop in sample.drops)) or "no objects with depth"
        raise UserError(f"source {source!r}: nothing could be lifted to 3D ({reasons})")
    seer = _chosen(vlm)
    ask = None if seer is None else seer_of(sample.frame, seer, runtime)
    return Desk(sample.frame, sample.scene, ask, lift_config=chosen.lift)


def seer_of(frame: Frame, model: Model, runtime: Runtime | None = None) -> AskVlm:
    """Return who answers questions about a picture; the model is loaded at the first one."""
    loaded: list[Vlm] = []

    def ask(question: str) -> str:
        if not loaded:
            loaded.append(load_vlm(model, runtime))
        return loaded[0].answer([frame.image], question)

    return ask


def _chosen(name: str | None) -> Model | None:
    """Choose who sees; where nobody is named and nano is not installed, measuring has to do."""
    try:
        return choose_model(name)
    except UserError:
        if name is None:
            return None
        raise
