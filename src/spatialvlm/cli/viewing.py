"""The command that looks at a source before anything is made of it: `spatialvlm inspect`."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import As, Source

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
