"""The command that asks a model about a picture: `spatialvlm answer`; thin as the others."""

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spatialvlm.answers import form_of
from spatialvlm.cli.options import Device, Precision

if TYPE_CHECKING:
    from spatialvlm.answering import Answered

app = typer.Typer()

_UNITS = {"length": (1.0, " m"), "angle": (math.degrees(1), "°"), "area": (1.0, " m²"), "count": (1.0, "")}


@app.command(epilog="Example: [bold]spatialvlm answer desk.jpg 'How wide is the desk?' --model model/ --samples 8[/]")
def answer(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="A picture file.")],
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="What to ask about it, in quotes.")],
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Who answers: a folder with a checkpoint, a hub id, [bold]URL#MODEL[/] of a server as in "
            "http://localhost:8000/v1#qwen3-vl, or [bold]BACKEND:WEIGHTS[/]; by default [bold]nano[/], the small one "
            "of this package.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Draw so many answers: average numbers, vote on the rest.")
    ] = 1,
    temperature: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="How freely words are drawn; by default 0 for one answer, 1 for several."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Decides what is drawn.")] = 0,
    point: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A PNG to write: where the model looked while it answered.")
    ] = None,
    words: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="Of --point: where it looked at these words of the question instead."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON, with the value in SI units and all answers.")
    ] = False,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Ask a vision-language model about one picture: its answer, or what several of its answers come to."""
    if words is not None and point is None:
        raise typer.BadParameter("--words says what --point shows; give --point FILE too")
    from spatialvlm.answering import answer as ask_model
    from spatialvlm.answering import read_image
    from spatialvlm.models import Runtime

    pixels = read_image(image)
    look = point is not None
    settings = {"samples": samples, "temperature": temperature, "seed": seed, "look": look, "words": words}
    answered = ask_model(pixels, question, model, runtime=Runtime(device, precision), **settings)
    print(json.dumps(answered.to_json(), ensure_ascii=False) if as_json else shown(said(answered)))
    if point is not None and answered.looked is not None:
        from spatialvlm.answering import draw_looked
        from spatialvlm.view import save

        heading = f"looks here at {words!r}" if words else f"looks here to say {answered.text!r}"
        save(draw_looked(pixels, answered.looked, heading), point)
        print(f"picture: {point}", file=sys.stderr if as_json else sys.stdout)


def said(answered: "Answered") -> str:
    """Say an answer as people read it: one as it came, several by what they come to."""
    count = len(answered.samples)
    if count == 1:
        return answered.text
    if answered.mean is None:
        return f"{answered.text} ({round((answered.share or 0) * count)} of {count} answers)"
    size, unit = _UNITS[form_of(answered.value)] if answered.value else (1.0, "")
    spread = "" if answered.spread is None else f" ± {answered.spread * size:.2g}{unit}"
    return f"{answered.mean * size:.3g}{unit}{spread} (mean and spread of {answered.read} of {count} answers)"


def shown(text: str) -> str:
    """Replace what a terminal would obey, such as escape codes that a server sends."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in text)
