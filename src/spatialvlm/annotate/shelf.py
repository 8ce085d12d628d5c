"""shelf: images by place, read in one thread of their own and a few of them kept; for an event loop.

A source of frames may be used by one thread only, and reading a frame may take seconds, in which nobody should wait for
an answer to be stored.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

from spatialvlm.annotate.images import Failure, Images, Sheet

KEPT = 8  # the one looked at, those beside it, and those of other annotators

Result = TypeVar("Result")


class Shelf:
    """Sheets of images, by place. Close it, or use it in a `with`."""

    def __init__(self, make: Callable[[], Images]) -> None:
        """`make` opens the images, in the thread that reads them; what it raises is raised here."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="annotate")
        self._sheets: dict[int, Future[Sheet | Failure]] = {}
        with ExitStack() as stack:
            stack.callback(self.close)
            self.images = self.do(make)
            stack.pop_all()

    def do(self, work: Callable[[], Result]) -> Result:
        """Run something in the thread and wait."""
        return self._thread.submit(work).result()

    async def __call__(self, place: int) -> Sheet | Failure:
        """The image at a place that there is."""
        return await asyncio.shield(asyncio.wrap_future(self.fetch(place)))

    def fetch(self, place: int) -> Future[Sheet | Failure]:
        """Begin to read an image that may be wanted soon."""
        found = self._sheets.pop(place, None) or self._thread.submit(self.images.read, place)
        self._sheets[place] = found  # the last in order is the one wanted last
        while len(self._sheets) > KEPT:
            del self._sheets[next(iter(self._sheets))]
        return found

    def close(self) -> None:
        """Wait for what is being read, forget the rest."""
        self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> "Shelf":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
