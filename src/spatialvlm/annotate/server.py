"""Serve a page for the browser: an annotation session and its tasks -> HTTP. Needs the extra `evaluate`.

Listens on the loopback address alone. Every request but those for the page's own style and script carries the token of
the link that was printed; a Host that is no name of this machine is refused, so that no web page can reach this through
a name of its own. Answers are stored by the thread of the event loop, images are read by the loader's.
"""

import asyncio
import json
import secrets
import socket
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from spatialvlm.annotate.annotation_tasks import SHOWN, AnnotationTask, TaskLoader, UnavailableImage
from spatialvlm.annotate.session import AnnotationSession, annotator_name, draw_outlines
from spatialvlm.errors import SpatialError, UserError
from spatialvlm.http_server import is_local
from spatialvlm.http_server import listen as open_socket

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


class RequestError(Exception):
    """A request that is not answered: its HTTP status and, in words, why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def application(
    session: AnnotationSession, loader: TaskLoader, *, token: str, annotator: str | None, out: str
) -> FastAPI:
    """Make the web application. `annotator` is None where the page asks for the name; `out` names the file there."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    tasks = _LoadedTasks(session, loader)
    _guard(app, token)
    _serve_page(app)
    _serve_images(app, tasks)

    @app.get("/api/session")
    async def progress(request: Request) -> JSONResponse:
        """Say how far an annotator has come, and where to go on: the first open place behind the place `after`."""
        who = request.query_params.get("annotator") or annotator
        begun = {"annotator": annotator, "count": len(session), "out": out}
        after = _whole(request.query_params.get("after", "-1"))
        return JSONResponse(
            begun | (await tasks.ahead(annotator_name(who), after) if who else {"decided": 0, "next": None})
        )

    @app.get("/api/item/{place}")
    async def item(place: str, request: Request) -> JSONResponse:
        """Show what is asked at a place."""
        at, name = _whole(place), annotator_name(request.query_params.get("annotator", ""))
        shown = session.show(at, await tasks.at(at), name)
        if at + 1 < len(session):
            loader.fetch(at + 1)
        return JSONResponse(shown)

    @app.post("/api/check")
    async def check(request: Request) -> JSONResponse:
        """Say how an answer reads, or what it lacks; nothing is stored."""
        given = await _read_body(request)
        read = session.check_answer(await tasks.shown(_place(given)), given)
        return JSONResponse({"form": read.form, "reads": read.reads, "problem": read.problem})

    @app.post("/api/decision")
    async def decide(request: Request) -> JSONResponse:
        """Store a decision; says where to go on."""
        given = await _read_body(request)
        place, name = _place(given), annotator_name(_named(given))
        saved = session.decide(place, await tasks.shown(place), name, given)
        return JSONResponse({"saved": saved} | await tasks.ahead(name, place))

    return app


class _LoadedTasks:
    """The loader beside the session, which takes note of what is read."""

    def __init__(self, session: AnnotationSession, loader: TaskLoader) -> None:
        self._session, self._loader = session, loader

    async def at(self, place: int) -> AnnotationTask | UnavailableImage:
        """Load the image at a place."""
        if not 0 <= place < len(self._session):
            raise RequestError(404, f"image {place + 1}: expected 1 to {len(self._session)}")
        found = await self._loader(place)
        self._session.learn(place, found)
        return found

    async def shown(self, place: int) -> AnnotationTask:
        """Load the image at a place, which is to be one that can be shown."""
        found = await self.at(place)
        if isinstance(found, UnavailableImage):
            raise RequestError(404, f"image {place + 1}: {found.reason}")
        return found

    async def ahead(self, name: str, after: int) -> dict[str, Any]:
        """Count the images an annotator has decided about, and the place to go on at; None where all are decided."""
        for place in self._session.places(after):
            if not self._session.is_known(place):
                await self.at(place)
            if self._session.is_open(place, name):
                return {"decided": self._session.decided(name), "next": place}
        return {"decided": self._session.decided(name), "next": None}


def _guard(app: FastAPI, token: str) -> None:
    """Add what every request goes through: who may ask, and how errors are told."""

    @app.middleware("http")
    async def guard(request: Request, call_next: Next) -> Response:
        try:
            _admit(request, token)
            response = await call_next(request)
        except RequestError as error:
            response = JSONResponse({"error": str(error)}, error.status)
        except SpatialError as error:
            response = JSONResponse({"error": str(error)}, 400)
        response.headers.update(HEADERS)
        return response


def _admit(request: Request, token: str) -> None:
    host = request.headers.get("host", "")
    if not is_local(host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host):
        raise RequestError(
            403, f"host {host[:80]!r}: this page is served to this machine alone, as 127.0.0.1 or localhost"
        )
    if request.url.path in ASSETS and request.url.path != "/":
        return
    given = request.headers.get("x-token") or request.query_params.get("token", "")
    if not secrets.compare_digest(given.encode(), token.encode()):
        raise RequestError(
            403, "token: missing or not that of this run; open the link that `spatialvlm annotate` printed"
        )


def _serve_page(app: FastAPI) -> None:
    folder = files("spatialvlm.annotate")
    for path, (name, media) in ASSETS.items():
        app.add_api_route(path, _send_constant(folder.joinpath(name).read_bytes(), media))


def _send_constant(content: bytes, media: str) -> Callable[[], Awaitable[Response]]:
    async def answer() -> Response:
        return Response(content, media_type=media)

    return answer


def _serve_images(app: FastAPI, tasks: _LoadedTasks) -> None:
    @app.get("/image/{place}")
    async def image(place: str) -> Response:
        """Send the picture as models see it."""
        found = await tasks.shown(_whole(place))
        return Response(found.picture, media_type=SHOWN[found.suffix])

    @app.get("/outlines/{place}")
    async def outlines(place: str) -> Response:
        """Send the picture with the objects marked that the question names."""
        found = await tasks.shown(_whole(place))
        return Response(await asyncio.to_thread(draw_outlines, found), media_type="image/jpeg")


async def _read_body(request: Request) -> dict[str, Any]:
    """Read the JSON object that was sent."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_BODY:
            raise RequestError(413, f"body: more than {LARGEST_BODY} bytes; no question is that long")
    try:
        given = json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"body: no JSON ({error})") from None
    if not isinstance(given, dict):
        raise RequestError(400, f"body: got {type(given).__name__}; expected a JSON object")
    return given


def _place(given: dict[str, Any]) -> int:
    place = given.get("place")
    if not isinstance(place, int) or isinstance(place, bool):
        raise RequestError(400, f"place: got {type(place).__name__}; expected the number of an image, from 0")
    return place


def _named(given: dict[str, Any]) -> str:
    name = given.get("annotator")
    if not isinstance(name, str):
        raise RequestError(400, f"annotator: got {type(name).__name__}; expected a name")
    return name


def _whole(text: str) -> int:
    if not (text.removeprefix("-").isascii() and text.removeprefix("-").isdigit() and len(text) < 10):
        raise RequestError(404, f"image {text[:20]!r}: expected its number")
    return int(text)


def listen(host: str, port: int) -> socket.socket:
    """Open a socket on a loopback address; port 0 takes any free one. Raises UserError where it cannot be had."""
    if not is_local(host):
        raise UserError(
            f"host {host!r}: is reached from other machines; give 127.0.0.1, and reach it from elsewhere through ssh -L"
        )
    return open_socket(host, port)
