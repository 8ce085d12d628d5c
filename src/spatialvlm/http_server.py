"""What the pages and servers of this package share: a host and a port -> a socket, and who serves on it until Ctrl-C.

Needs uvicorn, of the extras `evaluate` and `serve`.
"""

import ipaddress
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from spatialvlm.errors import UserError


def is_local(host: str) -> bool:
    """Tell whether a host's name or address is that of the loopback interface."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens; port 0 takes any free one. Raises UserError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, or asyncio would leave small answers waiting 40 ms for those before them (no TCP_NODELAY)
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(1024)  # before the link is printed: who opens it at once waits instead of being turned away
    except (OSError, OverflowError, UnicodeError) as error:
        opened.close()
        raise UserError(f"port {port} of {host}: cannot be had ({error}); give another --port, 0 takes any") from None
    return opened


def address_of(opened: socket.socket) -> str:
    """Write where a socket listens as URLs do: HOST:PORT."""
    host, port = opened.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class QuietServer(uvicorn.Server):
    """Says nothing but its errors. Ends at Ctrl-C and raises nothing then: that is how it is meant to end."""

    def __init__(self, app: Callable[..., Any]) -> None:
        settings = {"log_level": "warning", "access_log": False, "server_header": False}
        super().__init__(uvicorn.Config(app, timeout_graceful_shutdown=5, **settings))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End at the first signal when the requests are done, at the second one at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
