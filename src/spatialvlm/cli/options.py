"""Arguments and options that several commands share, or that take long to explain: their types and their help."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Dataset = Annotated[Path, typer.Argument(metavar="DATASET", help="A folder that `spatialvlm build` wrote.")]
Source = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A folder of photos, an RGB-D folder with [bold]frames.jsonl[/], the layout of a known dataset, or N "
        "rendered frames with exact truth: [bold]rooms:N[/] (furnished rooms), [bold]views:N[/] (the same, six "
        "quick views of each), [bold]tabletops:N[/] (six quick views of each robot table-top), [bold]shapes:N[/] "
        "(simple solids).",
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="LAYOUT",
        help="What SOURCE is, where its own signs do not tell: [bold]rgbd[/], [bold]photos[/], or a "
        "layout of docs/sources.md such as [bold]tum[/].",
    ),
]
Every = Annotated[
    float, typer.Option(metavar="SECONDS", min=0.001, max=1e6, help="Of a video: take a frame every so many seconds.")
]
Sharpest = Annotated[bool, typer.Option("--sharpest", help="Of a video: take the sharpest frame of that time.")]
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


def _check_lengths(texts: list[str] | None) -> list[str] | None:
    """Refuse lengths that are none as wrong use, before anything is read."""
    from spatialvlm.errors import UserError
    from spatialvlm.pipeline.lift import parse_anchor

    for text in texts or ():
        try:
            parse_anchor(text)
        except UserError as error:
            raise typer.BadParameter(str(error)) from None
    return texts


def _check_size(text: str) -> str:
    """Refuse a size of frames that cannot be drawn."""
    from spatialvlm.errors import UserError
    from spatialvlm.pipeline.collect import CollectConfig, parse_size

    try:
        CollectConfig(parse_size(text))
    except UserError as error:
        raise typer.BadParameter(str(error)) from None
    return text


Known = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MEASURE:NAME=METRES",
        help="A length that is known, in every picture where it is in sight: [bold]height:door=2.03[/], "
        "[bold]width:poster=0.7[/], [bold]distance:chair,lamp=1.5[/]. Can be repeated.",
        callback=_check_lengths,
    ),
]
CameraHeight = Annotated[
    float | None,
    typer.Option(
        metavar="METRES",
        min=0.001,
        max=10_000,
        help="How high the camera was above the floor; fixes the scale.",
    ),
]
Fov = Annotated[
    float | None,
    typer.Option(
        metavar="DEGREES",
        min=1,
        max=179,
        help="Field of view along the longer side, where nobody knows it.",
    ),
]
DepthErrors = Annotated[
    Path | None, typer.Option(metavar="FILE", help="How wrong the depth model is, as `calibrate` wrote it.")
]
Mix = Literal["paper", "all"]
Numbers = Literal["people", "exact", "meters"]
ChainStyle = Literal["short", "long", "equations", "dialogue", "mixed", "tools"]
Balance = Annotated[
    Literal["names", "none"] | None,
    typer.Option(
        help="Leave out what the [bold]names[/] of things would let a reader guess without the picture, or "
        "[bold]none[/] of it; by default names, or as it was.",
    ),
]
Ways = Annotated[
    str | None,
    typer.Option(
        metavar="WAYS",
        help="Ask [bold]open[/] questions, for a [bold]choice[/] among letters, for [bold]yes_no[/] or for "
        "[bold]json[/]: one or more, separated by commas, each equally often; by default open, or as it was.",
    ),
]
Refer = Annotated[
    str | None,
    typer.Option(
        metavar="WAYS",
        help="Call objects by their [bold]caption[/], a numbered [bold]mark[/] in the picture, their [bold]box[/] or a "
        "[bold]point[/] on them: one or more, separated by commas; by default caption, or as it was.",
    ),
]
Coordinates = Annotated[
    Literal["0-1", "0-1000", "pixels"] | None,
    typer.Option(
        help="Of boxes and points: shares of the image, thousandths, or pixels; by default 0-1000, or as it was.",
    ),
]
Device = Annotated[str, typer.Option(help="Where models run: auto, cpu, cuda, cuda:N, mps.")]
Precision = Annotated[str, typer.Option(help="auto (half on a GPU), full or half.")]
BatchSize = Annotated[
    int, typer.Option(min=1, help="Images that a model sees at once; halved by itself when memory runs out.")
]
Size = Annotated[str, typer.Option(metavar="WxH", callback=_check_size, help="Pixels of rendered frames.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the output is the same for any number.")]
Prompts = Annotated[
    str | None, typer.Option(help="What an open-vocabulary detector looks for: nouns separated by commas.")
]
Detector = Annotated[
    str | None,
    typer.Option(
        help="[bold]given[/] annotations, [bold]clusters[/] of depth, [bold]auto[/] (given where there are any); "
        "or that of a model for --model detect=."
    ),
]
Presets = Annotated[
    str | None,
    typer.Option(help="Only these ways of making the input worse, separated by commas, as in exact,monocular."),
]
ShardSize = Annotated[
    int | None, typer.Option(min=1, help="Frames in one file of the dataset; by default what suits the source.")
]
