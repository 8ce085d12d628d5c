"""The command line: `spatialvlm build | calibrate | ask | audit | questions | show | benchmark`.

The commands of evaluation are in `evaluating`, those for trainers in `exporting`, others in a file each that is named
after them. Thin; each command imports what it needs when it runs.

Progress and messages go to stderr, results to files and stdout. Exit codes: 0 done, 1 failed, 2 wrong use.
"""

import os
import signal
import sys
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from spatialvlm.cli import (
    answering,
    evaluating,
    exporting,
    mcp_command,
    reasoning,
    rewarding_command,
    serving,
    train_command,
    viewing,
)
from spatialvlm.cli.options import (
    As,
    Balance,
    BatchSize,
    CameraHeight,
    Coordinates,
    Dataset,
    DepthErrors,
    Detector,
    Device,
    Every,
    Fov,
    Known,
    Mix,
    Models,
    Numbers,
    Precision,
    Presets,
    Prompts,
    RecipeName,
    Refer,
    ShardSize,
    Sharpest,
    Size,
    Source,
    Ways,
    Workers,
)

# One process is one core: the workers are the parallelism, and results must not depend on how BLAS splits a sum.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

app = typer.Typer(
    help="Metric 3D spatial question-answer data from images, with error bars and evidence.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(epilog="Example: [bold]spatialvlm build photos/ --out dataset[/]")
def build(
    source: Source,
    out: Annotated[Path, typer.Option(metavar="DATASET", help="The folder to write; a stopped build goes on there.")],
    layout: As = None,
    recipe: RecipeName = None,
    model: Models = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides which questions are asked and how; and which rooms.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many frames.")] = None,
    workers: Workers = 1,
    questions_per_image: Annotated[int, typer.Option(min=0, help="At most so many questions about one image.")] = 20,
    detector: Detector = None,
    prompts: Prompts = None,
    camera_height: CameraHeight = None,
    known: Known = None,
    fov: Fov = None,
    depth_errors: DepthErrors = None,
    kinds: Annotated[
        str | None, typer.Option(help="Ask only these kinds, separated by commas; see `spatialvlm questions`.")
    ] = None,
    mix: Annotated[
        Mix | None,
        typer.Option(help="Which kinds to ask: the [bold]paper[/]'s 43, [bold]all[/], or what suits a [bold]photo[/]."),
    ] = None,
    numbers: Annotated[
        Numbers,
        typer.Option(
            help="Say numbers as [bold]people[/] do, [bold]exact[/]: to two or three digits, or in [bold]meters[/]: "
            "the same, in meters unless the question names a unit."
        ),
    ] = "people",
    ways: Ways = None,
    refer: Refer = None,
    coordinates: Coordinates = None,
    balance: Balance = None,
    shard_size: ShardSize = None,
    every: Every = 1.0,
    sharpest: Sharpest = False,
    size: Size = "640x480",
    spp: Annotated[int, typer.Option(min=1, max=4096, help="Samples of the light a pixel of rendered rooms.")] = 16,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = 8,
) -> None:
    """Turn photos or frames with depth into a dataset of spatial questions and answers, with a report to look at."""
    from spatialvlm.cli.console import build_with_progress
    from spatialvlm.models import Runtime
    from spatialvlm.pipeline.collect import CollectConfig, parse_size
    from spatialvlm.recipes import Overrides, recipe_for

    overrides = Overrides(
        tuple(model or ()), detector, _names(prompts), camera_height, tuple(known or ()), fov, depth_errors
    )
    chosen = recipe_for(
        source,
        recipe,
        overrides,
        seed=seed,
        limit=limit,
        shard_size=shard_size,
        collect=CollectConfig(parse_size(size), spp, layout, every, sharpest),
    )
    asked = {"questions_per_image": questions_per_image, "kinds": _names(kinds), "numbers": numbers}
    asked |= _given(ways, refer, coordinates, balance) | ({} if mix is None else {"mix": mix})
    chosen = replace(chosen, phrase=replace(chosen.phrase, **asked))
    build_with_progress(chosen, out, workers, Runtime(device, precision, batch_size))


@app.command(epilog="Example: [bold]spatialvlm ask demo --out more --epochs 10 --workers 2[/]")
def ask(
    dataset: Dataset,
    out: Annotated[
        Path, typer.Option(metavar="QUESTIONS", help="The folder to write; what was stopped goes on there.")
    ],
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides which questions are asked; by default the dataset's own.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Ask so many times about every scene, each time anew.")] = 1,
    questions_per_image: Annotated[
        int | None, typer.Option(min=0, help="At most so many questions per scene and epoch; by default as it was.")
    ] = None,
    kinds: Annotated[
        str | None, typer.Option(help="Ask only these kinds, separated by commas; by default as it was.")
    ] = None,
    mix: Annotated[
        Mix | None, typer.Option(help="The [bold]paper[/]'s 43, [bold]all[/] or [bold]photo[/]; by default as it was.")
    ] = None,
    numbers: Annotated[
        Numbers | None,
        typer.Option(help="As [bold]people[/] say them, [bold]exact[/], or in [bold]meters[/]; by default as it was."),
    ] = None,
    ways: Ways = None,
    refer: Refer = None,
    coordinates: Coordinates = None,
    balance: Balance = None,
    workers: Workers = 1,
) -> None:
    """Ask again about the scenes of a finished dataset: any number of questions, without its images or its models."""
    from spatialvlm.cli.console import ask_with_progress

    chosen = {"questions_per_image": questions_per_image, "kinds": _names(kinds), "mix": mix, "numbers": numbers}
    changes = {name: value for name, value in chosen.items() if value is not None} | _given(
        ways, refer, coordinates, balance
    )
    ask_with_progress(dataset, out, workers, seed=seed, epochs=epochs, mix=changes)


@app.command(epilog="Example: [bold]spatialvlm calibrate frames/ --recipe photos --out errors.json[/]")
def calibrate(
    source: Source,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write; `build` takes it as its depth errors.")],
    layout: As = None,
    recipe: RecipeName = "photos",
    model: Models = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many frames.")] = None,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = 8,
) -> None:
    """Measure how wrong a depth model is on frames with sensor depth: its error of scale and its drift."""
    from spatialvlm.audit import calibrate_to_file
    from spatialvlm.models import Runtime
    from spatialvlm.pipeline.collect import CollectConfig
    from spatialvlm.recipes import Overrides, recipe_for

    chosen = recipe_for(
        source, recipe, Overrides(tuple(model or ())), limit=limit, collect=CollectConfig(layout=layout)
    )
    calibrate_to_file(chosen, out, Runtime(device, precision, batch_size))


def _given(ways: str | None, refer: str | None, coordinates: str | None, balance: str | None) -> dict[str, Any]:
    """Return those of the settings of PhraseConfig that are given."""
    settings = {"ways": _names(ways), "refer": _names(refer), "coordinates": coordinates, "balance": balance}
    return {name: value for name, value in settings.items() if value is not None}


def _names(text: str | None) -> tuple[str, ...] | None:
    """Return the names in a list with commas."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


@app.command(epilog="Example: [bold]spatialvlm audit --rooms 200 --out audit[/]")
def audit(
    rooms: Annotated[int, typer.Option(min=1, metavar="N", help="How many rendered rooms.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder for audit.json and audit.html.")],
    seed: Annotated[int, typer.Option(min=0, help="Decides the rooms and the errors.")] = 0,
    presets: Presets = None,
    size: Size = "640x480",
    workers: Workers = 1,
) -> None:
    """Measure on rooms with exact truth how right the facts are, how honest their error bars, what bad input costs."""
    from spatialvlm.audit import audit_with_progress
    from spatialvlm.pipeline.collect import parse_size

    audit_with_progress(rooms, out, seed=seed, presets=_names(presets) or (), size=parse_size(size), workers=workers)


@app.command(epilog="Example: [bold]spatialvlm questions distance[/]")
def questions(
    kind: Annotated[str | None, typer.Argument(metavar="[KIND]", help="Show this kind alone, with examples.")] = None,
) -> None:
    """List the question kinds: what each asks, how it is computed, when it is refused, an example."""
    from rich.console import Console

    from spatialvlm.view import print_kind, print_kinds

    if kind is None:
        print_kinds(Console())
    else:
        print_kind(Console(), kind)


@app.command(epilog="Example: [bold]spatialvlm benchmark rooms --out rooms_benchmark --workers 2[/]")
def benchmark(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one: [bold]rooms[/], 250 rendered rooms.")],
    out: Annotated[Path, typer.Option(metavar="DATASET", help="The folder to write; a stopped run goes on there.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Take only the first so many rooms.")] = None,
    workers: Workers = 1,
) -> None:
    """Draw a fixed benchmark as a dataset, and check that images and questions are the published ones; else exit 1."""
    from spatialvlm.evaluate import build_with_progress, load_definition

    if not build_with_progress(load_definition(name, limit), out, workers):
        raise typer.Exit(1)


for _part in (
    answering,
    reasoning,
    rewarding_command,
    serving,
    mcp_command,
    viewing,
    exporting,
    evaluating,
    train_command,
):
    app.add_typer(_part.app)


def _stop(*_: object) -> None:
    """Exit on Ctrl-C, by no KeyboardInterrupt: typer would turn that into a silent exit."""
    sys.exit("stopped; run the same command again to go on from here")  # the message on stderr, exit code 1


def main() -> None:
    """Run the command line: errors that the user can mend are printed without a traceback."""
    from spatialvlm.errors import ModelError, UserError

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that the terminal cannot say must not end a build
            stream.reconfigure(errors="backslashreplace")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background Ctrl-C is not for us
        signal.signal(signal.SIGINT, _stop)
    try:
        app()
    except (UserError, ModelError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
