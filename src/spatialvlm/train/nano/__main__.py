"""The commands that make nano, in order; each goes on where it was stopped.

    python -m spatialvlm.train.nano pictures nano/pictures --count 20000 --seed 201
    python -m spatialvlm.train.nano pictures nano/pictures_held --count 300 --seed 9001
    python -m spatialvlm.train.nano pictures nano/tabletops --source tabletops --count 4000 --seed 301
    spatialvlm build views:20000 --size 256x192 --seed 101 --out nano/scenes
    spatialvlm build tabletops:6000 --size 256x192 --seed 301 --out nano/tables
    spatialvlm build views:240 --size 256x192 --seed 9001 --out nano/scenes_held
    python -m spatialvlm.train.nano tokens nano/scenes nano/tables --out nano/tokens
    python -m spatialvlm.train.nano dense nano/pictures nano/tabletops nano/pictures_held \
        --out nano/dense --steps 20000
    python -m spatialvlm.train.nano language nano/scenes nano/tables nano/scenes_held --tokens nano/tokens \
        --dense nano/dense --out nano/single --steps 4000
    python -m spatialvlm.train.nano language nano/scenes nano/tables nano/scenes_held --tokens nano/tokens \
        --stage pairs --start nano/single/model --out nano/pairs --steps 8000
    python -m spatialvlm.train.nano language nano/scenes nano/tables nano/scenes_held --tokens nano/tokens \
        --stage all --start nano/pairs/model --out nano/all --steps 8000 --general 0.05
"""

from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import typer

from spatialvlm.dataset import SceneQuestions
from spatialvlm.models import import_torch
from spatialvlm.pipeline.phrase import PhraseConfig

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Out = Annotated[Path, typer.Option(help="The folder to write, or to go on with.")]
Precision = Annotated[str, typer.Option(help="float32, or bfloat16 where the processor is faster in it.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of torch.")]


@app.command()
def pictures(
    out: Path,
    count: int = 20000,
    seed: int = 201,
    source: Annotated[
        Literal["views", "tabletops"], typer.Option(help="Views of rooms, or robot table-tops.")
    ] = "views",
) -> None:
    """Draw pictures with what is true of each patch."""
    from spatialvlm.train.nano.dense_pictures import draw_pictures

    draw_pictures(count, out, seed, source=source)


@app.command()
def tokens(data: list[Path], out: Out) -> None:
    """Train the tokenizer on all kinds of questions about the scenes of datasets."""
    from spatialvlm.train.nano.nano_tokenizer import texts_of, train_tokenizer

    scenes = [SceneQuestions(folder, mix=PhraseConfig(mix="all"), images=False) for folder in data]
    train_tokenizer(chain.from_iterable(map(texts_of, scenes))).save_pretrained(out)


@app.command()
def dense(
    taught: list[Path],
    held_out: Path,
    out: Out,
    start: Annotated[Path | None, typer.Option(help="A tower to begin with; a fresh one without it.")] = None,
    steps: int = 2000,
    batch_size: int = 32,
    measure_every: int = 100,
    precision: Precision = "float32",
    threads: Threads = 1,
) -> None:
    """Train the vision tower on pictures: stage 0."""
    from spatialvlm.train.nano.dense_stage import DenseConfig, train_dense

    import_torch().set_num_threads(threads)
    config = DenseConfig(steps=steps, batch_size=batch_size, measure_every=measure_every, precision=precision)
    train_dense(taught, held_out, out, config, typer.echo, start)


@app.command()
def language(
    data: list[Path],
    held_out: Path,
    tokens: Annotated[Path, typer.Option(help="The tokenizer.")],
    out: Out,
    stage: Annotated[str, typer.Option(help="What is asked: single, pairs or all.")] = "single",
    dense: Annotated[
        Path | None, typer.Option(help="The folder of stage 0, or its tower; a fresh one without it.")
    ] = None,
    start: Annotated[Path | None, typer.Option(help="The model of an earlier stage to go on with.")] = None,
    steps: int = 2000,
    images: int = 8,
    questions: int = 16,
    evidence: float = 1.0,
    general: Annotated[float, typer.Option(help="The share of tokens that need no space.")] = 0.0,
    label_noise: float = 0.0,
    rate: Annotated[float, typer.Option(help="Multiplies the rates of all weights.")] = 1.0,
    tower_rate: Annotated[float, typer.Option(help="The tower's rate against the rest; 0 keeps it as it is.")] = 0.3,
    kinds: Annotated[str | None, typer.Option(help="Kinds to ask instead of the stage's, with commas.")] = None,
    numbers: str | None = None,
    short: Annotated[bool, typer.Option("--short", help="Answer in a word or phrase.")] = False,
    smudged: Annotated[
        float, typer.Option(help="The share of the words of questions that are left out or garbled.")
    ] = 0.0,
    blind: Annotated[bool, typer.Option("--blind", help="Ask about pictures of other scenes: words alone.")] = False,
    measure_every: int = 100,
    asked: Annotated[int, typer.Option(help="How many held-out questions nano answers at each measuring.")] = 0,
    precision: Precision = "float32",
    threads: Threads = 1,
) -> None:
    """Train the model to answer what a stage asks: stages 1 to 3."""
    from spatialvlm.train.nano.language_stage import LanguageConfig, train_language

    import_torch().set_num_threads(threads)
    config = LanguageConfig(
        steps=steps,
        stage=stage,
        images=images,
        questions=questions,
        evidence=evidence,
        general=general,
        label_noise=label_noise,
        rate=rate,
        tower_rate=tower_rate,
        kinds=tuple(kinds.split(",")) if kinds else None,
        numbers=numbers,
        short=short,
        smudged=smudged,
        blind=blind,
        measure_every=measure_every,
        asked=asked,
        precision=precision,
    )
    train_language(tuple(map(str, data)), str(held_out), tokens, dense, out, config, typer.echo, start)


if __name__ == "__main__":
    app()
