"""A small server on loopback that speaks OpenAI's chat completions, and fails as real ones do."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, int], str]
"""What to say to a question that shows so many pictures."""


class Server(ThreadingHTTPServer):
    """`faults` are spent one a request, in order: "429", "500", "drop" (the connection), "hang" (no answer in time)."""

    daemon_threads = True

    def __init__(self, answer: Answer, faults: list[str] | None = None, hang_s: float = 3.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.faults, self.hang_s = answer, list(faults or []), hang_s
        self.lock, self.asked = threading.Lock(), list[dict[str, Any]]()
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that was killed or gave up is part of the test


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            fault = self.server.faults.pop(0) if self.server.faults else None
            self.server.asked.append(body)
        if fault == "drop":
            self.connection.close()
            return
        if fault == "hang":
            self.server.stopping.wait(self.server.hang_s)
            return
        if fault is not None:
            self.reply(int(fault), {"error": {"message": "busy", "type": "test", "code": fault}})
            return
        parts = [part for message in body["messages"] for part in parts_of(message)]
        question = " ".join(part["text"] for part in parts if part["type"] == "text")
        text = self.server.answer(question, sum(part["type"] == "image_url" for part in parts))
        cut = text.endswith("...")
        self.reply(
            200,
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "tiny-1.0",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": text},
                        "finish_reason": "length" if cut else "stop",
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            },
        )

    def reply(self, status: int, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def parts_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


@contextmanager
def serving(answer: Answer, faults: list[str] | None = None, hang_s: float = 3.0) -> Iterator[Server]:
    server = Server(answer, faults, hang_s)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
