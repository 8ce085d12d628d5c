"""The command that serves a model to programs: `spatialvlm serve`; thin as the others."""

from typing import Annotated

import typer

from spatialvlm.cli.options import BatchSize, Device, Precision

app = typer.Typer()


@app.command(epilog="Example: [bold]spatialvlm serve --model model/ --port 8000[/]")
def serve(
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Who answers: a folder with a checkpoint, a hub id, or [bold]BACKEND:WEIGHTS[/]; by default "
            "[bold]nano[/], the small one of this package.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen at; by default this machine alone reaches it.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0 takes any free port.")] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="SPATIALVLM_API_KEY", metavar="KEY", help="What clients must know; none by default."),
    ] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Let other machines in without a key: of --host other than this machine.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="What clients call the model, beside its own name.")
    ] = None,
    max_images: Annotated[int, typer.Option(min=0, max=64, help="Images in a request.")] = 8,
    max_image_mib: Annotated[int, typer.Option(min=1, max=512, help="MiB of an image file.")] = 10,
    max_megapixels: Annotated[int, typer.Option(min=1, max=51, help="Millions of pixels of an image.")] = 32,
    max_body_mib: Annotated[int, typer.Option(min=1, max=1024, help="MiB of a whole request.")] = 32,
    max_characters: Annotated[int, typer.Option(min=1, help="Characters of all words of a request.")] = 32_000,
    timeout: Annotated[float, typer.Option(min=0.1, max=86_400, metavar="SECONDS", help="Time for a request.")] = 120,
    max_requests: Annotated[int, typer.Option(min=1, help="Requests taken at once; others are turned away.")] = 64,
    device: Device = "auto",
    precision: Precision = "auto",
    batch_size: BatchSize = 8,
) -> None:
    """Serve a vision-language model to anything that speaks OpenAI's chat completions, until Ctrl-C."""
    from spatialvlm.models import Runtime
    from spatialvlm.serving import ServeConfig
    from spatialvlm.serving import serve as serve_model

    mib = 2**20
    config = ServeConfig(
        max_images,
        max_image_mib * mib,
        max_megapixels * 10**6,
        max_body_mib * mib,
        max_characters,
        timeout,
        max_requests,
    )
    serve_model(
        model,
        host=host,
        port=port,
        key=api_key,
        no_key=no_key,
        name=name,
        config=config,
        runtime=Runtime(device, precision, batch_size),
    )
