"""server: a desk and its answers -> a page for the browser. Needs FastAPI and uvicorn, the extra `evaluate`.

Listens on the loopback address alone. Every request but those for the page's own style and script carries the token of
the link that was printed; a Host that is no name of this machine is refused, so that no web page can reach this through
a name of its own. Answers are stored by the thread of the event loop, images are read by the shelf's.
"""

import asyncio
import ipaddress
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from importlib.resources import files
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from spatialvlm.annotate.desk import Desk, name_of, outlined
from spatialvlm.annotate.images import SHOWN, Failure, Sheet
from spatialvlm.annotate.shelf import Shelf
from spatialvlm.errors import SpatialError, UserError

LARGEST_BODY = 64 * 1024
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SCRIPT = "text/javascript; charset=utf-8"
ASSETS = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", SCRIPT),
    "/picture.js": ("picture.js", SCRIPT),
    "/client.js": ("client.js", SCRIPT),
}

Next = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):
    """A request that is not answered: its HTTP status and, in words, why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def application(desk: Desk, shelf: Shelf, *, token: str, annotator: str | None, out: str) -> FastAPI:
    """The web application. `annotator` is who sits there, None where the page asks; `out` is what it calls the file."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    room = _Room(desk, shelf)
    _guard(app, token)
    _serve_page(app)
    _serve_images(app, room)

    @app.get("/api/session")
    async def session(request: Request) -> JSONResponse:
        """How far an annotator has come, and where to go on: the first open place behind the place `after`."""
        who = request.query_params.get("annotator") or annotator
        begun = {"annotator": annotator, "count": len(desk), "out": out}
        after = _whole(request.query_params.get("after", "-1"))
        return JSONResponse(begun | (await room.ahead(name_of(who), after) if who else {"decided": 0, "next": None}))

    @app.get("/api/item/{place}")
    async def item(place: str, request: Request) -> JSONResponse:
        """What is asked at a place."""
        at, name = _whole(place), name_of(request.query_params.get("annotator", ""))
        shown = desk.show(at, await room.sheet(at), name)
        if at + 1 < len(desk):
            shelf.fetch(at + 1)
        return JSONResponse(shown)

    @app.post("/api/check")
    async def check(request: Request) -> JSONResponse:
        """How an answer reads, or what it lacks; nothing is stored."""
        given = await _body(request)
        read = desk.examine(await room.seen(_place(given)), given)
        return JSONResponse({"form": read.form, "reads": read.reads, "problem": read.problem})

    @app.post("/api/decision")
    async def decide(request: Request) -> JSONResponse:
        """Store a decision; says where to go on."""
        given = await _body(request)
        place, name = _place(given), name_of(_named(given))
        saved = desk.decide(place, await room.seen(place), name, given)
        return JSONResponse({"saved": saved} | await room.ahead(name, place))

    return app


class _Room:
    """The desk beside the shelf: what is read from one is noted on the other."""

    def __init__(self, desk: Desk, shelf: Shelf) -> None:
        self._desk, self._shelf = desk, shelf

    async def sheet(self, place: int) -> Sheet | Failure:
        """The image at a place."""
        if not 0 <= place < len(self._desk):
            raise Refusal(404, f"image {place + 1}: expected 1 to {len(self._desk)}")
        found = await self._shelf(place)
        self._desk.learn(place, found)
        return found

    async def seen(self, place: int) -> Sheet:
        """The image at a place, which is to be one that can be shown."""
        found = await self.sheet(place)
        if isinstance(found, Failure):
            raise Refusal(404, f"image {place + 1}: {found.reason}")
        return found

    async def ahead(self, name: str, after: int) -> dict[str, Any]:
        """How many images an annotator has decided about, and the place to go on at; None where all are decided."""
        for place in self._desk.places(after):
            if not self._desk.is_known(place):
                await self.sheet(place)
            if self._desk.is_open(place, name):
                return {"decided": self._desk.decided(name), "next": place}
        return {"decided": self._desk.decided(name), "next": None}


def _guard(app: FastAPI, token: str) -> None:
    """What every request goes through: who may ask, and how errors are told."""

    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        try:
            _admit(request, token)
            response = await call_next(request)
        except Refusal as refusal:
            response = JSONResponse({"error": str(refusal)}, refusal.status)
        except SpatialError as error:
            response = JSONResponse({"error": str(error)}, 400)
        response.headers.update(HEADERS)
        return response


def _admit(request: Request, token: str) -> None:
    host = request.headers.get("host", "")
    if not is_local(host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host):
        raise Refusal(403, f"host {host[:80]!r}: this page is served to this machine alone, as 127.0.0.1 or localhost")
    if request.url.path in ASSETS and request.url.path != "/":
        return
    given = request.headers.get("x-token") or request.query_params.get("token", "")
    if not secrets.compare_digest(given.encode(), token.encode()):
        raise Refusal(403, "token: missing or not that of this run; open the link that `spatialvlm annotate` printed")


def is_local(host: str) -> bool:
    """Whether a host's name or address is that of the loopback interface."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _serve_page(app: FastAPI) -> None:
    folder = files("spatialvlm.annotate")
    for path, (name, media) in ASSETS.items():
        app.add_api_route(path, _constant(folder.joinpath(name).read_bytes(), media))


def _constant(content: bytes, media: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(content, media_type=media)

    return answer


def _serve_images(app: FastAPI, room: _Room) -> None:
    @app.get("/image/{place}")
    async def image(place: str) -> Response:
        """The picture as models see it."""
        found = await room.seen(_whole(place))
        return Response(found.picture, media_type=SHOWN[found.suffix])

    @app.get("/outlines/{place}")
    async def outlines(place: str) -> Response:
        """The picture with the objects marked that the question names."""
        found = await room.seen(_whole(place))
        return Response(await asyncio.to_thread(outlined, found), media_type="image/jpeg")


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_BODY:
            raise Refusal(413, f"body: more than {LARGEST_BODY} bytes; no question is that long")
    try:
        given = json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, f"body: no JSON ({error})") from None
    if not isinstance(given, dict):
        raise Refusal(400, f"body: got {type(given).__name__}; expected a JSON object")
    return given


def _place(given: dict[str, Any]) -> int:
    place = given.get("place")
    if not isinstance(place, int) or isinstance(place, bool):
        raise Refusal(400, f"place: got {type(place).__name__}; expected the number of an image, from 0")
    return place


def _named(given: dict[str, Any]) -> str:
    name = given.get("annotator")
    if not isinstance(name, str):
        raise Refusal(400, f"annotator: got {type(name).__name__}; expected a name")
    return name


def _whole(text: str) -> int:
    if not (text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 10):
        raise Refusal(404, f"image {text[:20]!r}: expected its number")
    return int(text)


def listen(host: str, port: int) -> socket.socket:
    """A socket on a loopback address; port 0 takes any free one. Raises UserError where it cannot be had."""
    if not is_local(host):
        raise UserError(
            f"host {host!r}: is reached from other machines; give 127.0.0.1, and reach it from elsewhere through ssh -L"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen()  # before the link is printed: who opens it at once waits instead of being turned away
    except (OSError, OverflowError) as error:
        opened.close()
        raise UserError(f"port {port} of {host}: cannot be had ({error}); give another --port, 0 takes any") from None
    return opened


class Server(uvicorn.Server):
    """Ends at Ctrl-C and raises nothing then: that is how this command is meant to end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends it when the requests are done, the second one at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


def make_server(app: FastAPI) -> Server:
    """A server that says nothing but its errors."""
    return Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5))
