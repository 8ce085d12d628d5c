"""The command that reasons about one picture in steps: `spatialvlm reason`; thin as the others."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spatialvlm.cli.options import Device, Known, Models, Precision, RecipeName

if TYPE_CHECKING:
    from spatialvlm.reason import Desk, EndStep

app = typer.Typer()


@app.command(
    epilog="Example: [bold]spatialvlm reason shapes:1 'How much taller is the teal cube than the flat white box?'[/]"
)
def reason(
    image: Annotated[
        str,
        typer.Argument(
            metavar="IMAGE",
            help="A picture file, or a SOURCE of one frame as `build` takes it: an RGB-D folder, [bold]shapes:1[/].",
        ),
    ],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to find out, in quotes.")],
    llm: Annotated[
        str | None,
        typer.Option(
            metavar="URL#MODEL",
            help="Who reasons: a model of a server that speaks OpenAI's protocol; its key is read from OPENAI_API_KEY.",
        ),
    ] = None,
    mode: Annotated[
        Literal["geometry", "tools", "dialogue"] | None,
        typer.Option(
            help="By measuring what a grammar reads ([bold]geometry[/], the default without --llm), by a language "
            "model that calls [bold]tools[/], or that has a [bold]dialogue[/] with the one that sees."
        ),
    ] = None,
    vlm: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Who sees the picture, as `answer --model` takes it; by default nano."),
    ] = None,
    recipe: RecipeName = None,
    model: Models = None,
    known: Known = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSONL file to write: each step, as soon as it happens.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A PNG to write: the things and lengths that it rests on.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON, with the evidence.")] = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Answer a composed question about one picture step by step, by measuring, asking and computing."""
    from rich.console import Console

    from spatialvlm.models import Runtime
    from spatialvlm.reason import Trace, answer_in_words, choose_mode, open_desk, print_step, reason_about
    from spatialvlm.recipes import Overrides

    chosen = choose_mode(mode, llm)
    console = Console(stderr=True)
    steps = Trace(trace, lambda step: print_step(console, step))
    overrides = Overrides(models=tuple(model or ()), known=tuple(known or ()))
    desk = open_desk(image, recipe=recipe, overrides=overrides, vlm=vlm, runtime=Runtime(device, precision))
    end = reason_about(desk, question, llm, chosen, trace=steps)
    if as_json:
        print(json.dumps({"question": question, **asdict(end)}, ensure_ascii=False, allow_nan=False))
    elif end.done:
        print(answer_in_words(end))
    if picture is not None:
        _save_picture(desk, question, end, picture)
    if not end.done:
        print(f"error: no answer ({end.reason}): {answer_in_words(end)}", file=sys.stderr)
        raise typer.Exit(1)


def _save_picture(desk: "Desk", question: str, end: "EndStep", path: Path) -> None:
    from spatialvlm.reason import draw_evidence
    from spatialvlm.view import save

    if desk.frame is not None:
        save(draw_evidence(desk.frame, desk.scene, question, end), path)
        print(f"picture: {path}", file=sys.stderr)
