"""The command that lets other programs reason with our tools: `spatialvlm mcp`; thin as the others."""

from pathlib import Path
from typing import Annotated

import typer

from spatialvlm.cli.options import Device, Precision

app = typer.Typer()


@app.command(epilog="Example: [bold]spatialvlm mcp --root pictures --vlm model/[/]")
def mcp(
    root: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Pictures are opened in this folder alone, by default the current one. Can be repeated.",
        ),
    ] = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve many clients over HTTP; by default one over stdin and stdout.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="Of --http: the address to listen at; by default of this machine alone.")
    ] = ("127.0.0.1"),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of --http: where it listens; 0 takes any free port.")
    ] = 8001,
    api_key: Annotated[
        str | None,
        typer.Option(
            envvar="SPATIALVLM_API_KEY", metavar="KEY", help="Of --http: what clients must know; none by default."
        ),
    ] = None,
    no_key: Annotated[
        bool, typer.Option("--no-key", help="Let other machines in without a key: of --host other than this machine.")
    ] = False,
    vlm: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="A vision-language model to ask, as `answer` takes it; none by default."),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="RECIPE", help="Models that make scenes of photos: [bold]photos[/], [bold]laptop[/] and others."
        ),
    ] = None,
    device: Device = "auto",
    precision: Precision = "auto",
) -> None:
    """Offer the tools of reasoning to any client of the Model Context Protocol, until it leaves or Ctrl-C."""
    from spatialvlm.mcp_server import McpConfig, serve_http, serve_stdio
    from spatialvlm.models import Runtime

    config, runtime = McpConfig(tuple(root or (Path("."),)), vlm, recipe), Runtime(device, precision)
    if http:
        serve_http(config, runtime, host=host, port=port, key=api_key, no_key=no_key)
    else:
        serve_stdio(config, runtime)
