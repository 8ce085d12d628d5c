"""mcp_server: the tools of `reason` -> a server of the Model Context Protocol. Needs the extra `mcp`.

picture_paths  a path that a client names -> a frame or a stored scene, inside the folders that are allowed
open_pictures  the pictures that clients have opened, a Desk each
served_tools   the tools as the protocol lists and calls them
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.models import Runtime

__all__ = ["McpConfig", "serve_http", "serve_stdio"]


@dataclass(frozen=True, slots=True)
class McpConfig:
    """What a server opens, and for how many clients.

    `roots` are the folders that pictures are opened in. `vlm` is a model as `choose_model` takes it, none by default;
    `recipe` makes scenes of photos. `most_pictures` are kept open: the ones used last.
    """

    roots: Sequence[Path] = (Path("."),)
    vlm: str | None = None
    recipe: str | None = None
    most_pictures: int = 16


def serve_stdio(config: McpConfig, runtime: Runtime | None = None) -> None:
    """Serve one client over stdin and stdout until it closes them; nothing else is printed to stdout meanwhile.

    Raises UserError for a missing extra, and for roots, models and recipes that make no sense.
    """
    try:
        import anyio
        from mcp.server.stdio import stdio_server

        from spatialvlm.mcp_server.served_tools import server_of
    except ImportError as error:
        raise _missing(error) from None
    server = server_of(config, runtime)

    async def run() -> None:
        async with stdio_server() as (requests, replies):  # it points descriptor 1 to stderr
            await server.run(requests, replies, server.create_initialization_options())

    anyio.run(run)


def serve_http(
    config: McpConfig,
    runtime: Runtime | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    key: str | None = None,
    no_key: bool = False,
) -> None:
    """Serve many clients over streamable HTTP until Ctrl-C.

    Raises UserError as `serve_stdio` does, for a port that is taken, and for a host that other machines reach without a
    `key`, unless `no_key` says that this is meant.
    """
    try:
        from rich.console import Console

        from spatialvlm.http_server import QuietServer, address_of, is_local, listen
        from spatialvlm.mcp_server.served_tools import http_application
    except ImportError as error:
        raise _missing(error) from None
    if not (key or no_key or is_local(host)):
        raise UserError(
            f"host {host!r}: other machines reach it, and no key is set; put one into SPATIALVLM_API_KEY, or say "
            "--no-key"
        )
    app = http_application(config, runtime, host=host, key=key)
    with listen(host, port) as opened:
        line = f"http://{address_of(opened)}/mcp serves the tools of reasoning over MCP; Ctrl-C ends it"
        Console(stderr=True).print(line, soft_wrap=True, highlight=False, markup=False)
        QuietServer(app).run(sockets=[opened])


def _missing(error: ImportError) -> UserError:
    return UserError(f"mcp: needs {error.name}; install the extra: pip install 'spatialvlm[mcp]'")
