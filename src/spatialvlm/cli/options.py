"""Arguments and options that several commands share, or that take long to explain: their types and their help."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Dataset = Annotated[Path, typer.Argument(metavar="DATASET", help="A folder that `spatialvlm build` wrote.")]
Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A folder of photos, an RGB-D folder with [bold]frames.jsonl[/], or N rendered frames with exact truth: "
        "[bold]rooms:N[/] (furnished rooms), [bold]shapes:N[/] (simple solids).",
    ),
]
RecipeName = Annotated[
    str | None,
    typer.Option(
        help="Which models run: [bold]given[/] (none), [bold]photos[/], [bold]photos-fast[/], [bold]laptop[/], "
        "[bold]paper[/]; by default photos for a folder of photos, else given."
    ),
]
Models = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ROLE=BACKEND:WEIGHTS",
        help="Another model in a role (cull, detect, segment, caption, depth, camera, floor), by a hub id or a path, "
        "as in [bold]depth=depthpro:apple/DepthPro-hf@REVISION[/]; or ROLE=none. Can be repeated.",
    ),
]
Known = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MEASURE:NAME=METRES",
        help="A length that is known, in every picture where it is in sight: [bold]height:door=2.03[/], "
        "[bold]width:poster=0.7[/], [bold]distance:chair,lamp=1.5[/]. Can be repeated.",
    ),
]
Mix = Literal["paper", "all"]
ChainStyle = Literal["short", "long", "equations", "dialogue", "mixed"]
Numbers = Literal["people", "exact"]
Device = Annotated[str, typer.Option(help="Where models run: auto, cpu, cuda, cuda:N, mps.")]
Precision = Annotated[str, typer.Option(help="auto (half on a GPU), full or half.")]
BatchSize = Annotated[
    int, typer.Option(min=1, help="Images that a model sees at once; halved by itself when memory runs out.")
]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the output is the same for any number.")]
Prompts = Annotated[
    str | None, typer.Option(help="What an open-vocabulary detector looks for: nouns separated by commas.")
]
