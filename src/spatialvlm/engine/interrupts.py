"""Ctrl-C held back where it would leave things half begun: a process that starts, a display on the terminal."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ctrl_c_held() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends.

    A process that is started inside inherits the blocked signal until it ignores it. Other threads may take it
    meanwhile, so the handler waits too.
    """
    handler, is_main = signal.getsignal(signal.SIGINT), threading.current_thread() is threading.main_thread()
    if not is_main or handler is None or not hasattr(signal, "pthread_sigmask"):
        yield  # a caller's thread, where handlers never run; a handler that is not Python's; Windows
        return
    held: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *arguments: held.append(arguments))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, handler)
        if held and callable(handler):
            handler(*held[0])
