"""The commands that look: at a source before anything is made of it, `inspect`, and at a stored frame, `show`."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import As, Dataset, Source

app = typer.Typer()


@app.command(epilog="Example: [bold]spatialvlm inspect photos/[/]")
def inspect(
    source: Source,
    layout: As = None,
    png: Annotated[
        Path | None, typer.Option(help="Where to save the picture; by default FRAME.png in this folder.")
    ] = None,
) -> None:
    """Show what a source is taken for: depth, cameras, up and names of some frames, and a picture of the first one."""
    from rich.console import Console

    from spatialvlm.pipeline.collect import CollectConfig
    from spatialvlm.view import file_for, look, picture_of, print_found, save

    found = look(source, CollectConfig(layout=layout))
    print_found(Console(), found)
    first = found.frames[0]
    path = png or file_for(first.id)
    save(picture_of(first, found.source.layout), path)
    print(f"picture: {path}")


@app.command(epilog="Example: [bold]spatialvlm show demo room-0-000003[/]")
def show(
    dataset: Dataset,
    frame: Annotated[str, typer.Argument(metavar="FRAME", help="A frame id, or a row number from 0.")],
    png: Annotated[
        Path | None, typer.Option(help="Where to save the picture; by default FRAME.png in this folder.")
    ] = None,
) -> None:
    """Show one frame of a dataset: its objects and questions here, its picture with masks and labels as a PNG."""
    from rich.console import Console

    from spatialvlm.dataset import read_dataset, why_nothing_is_asked
    from spatialvlm.view import file_for, picture, print_frame, save

    opened = read_dataset(dataset)
    ids = opened.frame_ids()
    is_row = frame.isascii() and frame.isdigit() and frame not in ids and int(frame) < len(ids)
    scene, source, asked = opened.at(int(frame)) if is_row else opened.frame(frame)
    image = picture(scene, source)
    path = png or file_for(scene.frame_id)
    save(image, path)
    print_frame(Console(), scene, asked, image, "" if asked else why_nothing_is_asked(opened, scene))
    print(f"picture: {path}")
