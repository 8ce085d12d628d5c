"""The commands that write what trainers read: `spatialvlm export | chains`; thin as the others."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import ChainStyle, Dataset

app = typer.Typer()


@app.command(epilog="Example: [bold]spatialvlm export demo --to messages --out demo_messages[/]")
def export(
    dataset: Dataset,
    to: Annotated[
        str,
        typer.Option(
            help="[bold]messages[/] (TRL, ms-swift), [bold]sharegpt[/] (LLaMA-Factory, ms-swift), [bold]llava[/], "
            "[bold]webdataset[/] (tar shards) or [bold]hf[/] (datasets, the Hub)."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write; an earlier export is replaced.")],
    per: Annotated[
        str, typer.Option(help="One sample per [bold]image[/], its questions as turns, or per [bold]question[/].")
    ] = "image",
) -> None:
    """Write a dataset in a format that trainers read, with the images and the evidence of every answer."""
    from rich.console import Console
    from rich.progress import Progress

    from spatialvlm.dataset import export as write_export
    from spatialvlm.dataset import read_dataset

    opened = read_dataset(dataset)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        frames = progress.add_task("frames", total=len(opened))
        done = write_export(opened, out, to=to, per=per, report=lambda count: progress.advance(frames, count))
    print(f"{done.samples} samples, {done.questions} questions about {done.images} images: {out}")
    for reason, count in done.skipped.items():
        print(f"left out: {count} frames with {reason}")


@app.command(epilog="Example: [bold]spatialvlm chains demo --out demo_chains --style mixed --think[/]")
def chains(
    dataset: Dataset,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to write; an earlier one is replaced.")],
    per_scene: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many chains about one image.")] = 8,
    style: Annotated[
        ChainStyle,
        typer.Option(
            help="[bold]short[/] (a line a step), [bold]long[/] (thought through), [bold]equations[/], "
            "[bold]dialogue[/] (as in the paper), [bold]mixed[/] of these, or calls of [bold]tools[/]."
        ),
    ] = "long",
    think: Annotated[
        bool, typer.Option("--think", help="Put the reasoning between <think> and </think>, the answer behind it.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Decides which chains, and how they are said.")] = 0,
) -> None:
    """Write questions that take several steps, with their reasoning, each step replayable from the stored scenes."""
    if think and style == "tools":
        raise typer.BadParameter("--think is for reasoning in words; calls of tools have none")
    from rich.console import Console
    from rich.progress import Progress

    from spatialvlm.chains import write_chains
    from spatialvlm.dataset import read_dataset

    opened = read_dataset(dataset)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        scenes = progress.add_task("scenes", total=len(opened))
        shared = {"per_scene": per_scene, "seed": seed, "report": lambda count: progress.advance(scenes, count)}
        if style == "tools":
            from spatialvlm.reason import write_chain_calls

            done = write_chain_calls(opened, out, **shared)
        else:
            done = write_chains(opened, out, style=style, think=think, **shared)
    print(f"{done.chains} chains about {done.images} images: {out}")
    for reason, count in done.skipped.items():
        print(f"left out: {count} frames with {reason}")
