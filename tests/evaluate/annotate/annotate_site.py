"""A page of `annotate` that is served on a loopback port, and how to talk to it without a browser."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatialvlm.evaluate.annotate.answers import Answers
from spatialvlm.evaluate.annotate.desk import Desk
from spatialvlm.evaluate.annotate.images import open_images
from spatialvlm.evaluate.annotate.server import application, listen, make_server
from spatialvlm.evaluate.annotate.shelf import Shelf

TOKEN = "secret"


@dataclass
class Site:
    """Where a page is served, and where its answers go."""

    port: int
    out: Path

    @property
    def link(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={TOKEN}"

    def get(self, path: str, body: Any = None, *, token: str = TOKEN, **headers: str) -> tuple[int, Any, Any]:
        """Status, what was said (JSON where it is some) and the headers; `body` makes it a POST."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data)
        for name, value in {"X-Token": token, "Connection": "close", **headers}.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, _read(answer), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _read(error), error.headers

    def decide(self, place: int, annotator: str, decision: str, **given: Any) -> tuple[int, Any]:
        body = {"place": place, "annotator": annotator, "decision": decision, **given}
        status, said, _ = self.get("/api/decision", body)
        return status, said


def _read(answer: Any) -> Any:
    data = answer.read()
    return json.loads(data) if answer.headers["content-type"].startswith("application/json") else data


@contextmanager
def serving(source: str, out: Path, annotator: str | None = None) -> Iterator[Site]:
    """Serves a source until the end of the `with`; all is closed then."""
    with ExitStack() as stack:
        answers, opened = stack.enter_context(Answers(out)), stack.enter_context(listen("127.0.0.1", 0))
        shelf = stack.enter_context(Shelf(lambda: open_images(source, 0)))
        desk = Desk(shelf.images, answers, seed=0)
        server = make_server(application(desk, shelf, token=TOKEN, annotator=annotator, out=out.name))
        thread = threading.Thread(target=server.run, args=([opened],))
        port = opened.getsockname()[1]
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield Site(port, out)
