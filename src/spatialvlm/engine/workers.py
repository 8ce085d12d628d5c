"""Jobs in this process or over worker processes: a maker and its jobs in, finished parts in the manifest out.

A maker writes the files of a job's parts itself, wherever it runs; the parent alone appends their lines to the
manifest, in the order of the jobs. So a dataset is the same for any number of workers, and whatever a killed run had
finished stays.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from spatialvlm.dataset.manifest import Summary
from spatialvlm.dataset.write import Progress
from spatialvlm.errors import ModelError, UserError

POLL_S = 0.2

Begin = Callable[[int, int], None]
"""Called once with how many frames there are and how many of them an earlier run has done."""

Report = Callable[[int, int, int], None]
"""Called with how many frames, questions and drops have been added."""


@runtime_checkable
class Maker(Protocol):
    """Makes and writes the parts of a job; returns their manifest lines.

    It is pickled to every worker: what is costly it loads there, when it is first called.
    """

    def __call__(self, job: Any, report: Report, /) -> Sequence[Summary]:
        """Make one job's parts."""
        ...


def silent(*_: int) -> None:
    """No progress wanted."""


def check_workers(workers: int) -> None:
    """Raise UserError where there is no worker at all."""
    if workers < 1:
        raise UserError(f"workers {workers}: expected 1 or more")


def run_jobs(make: Maker, jobs: Sequence[Any], progress: Progress, *, workers: int, report: Report) -> None:
    """Make all jobs, and record each in the manifest when its turn has come."""
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            _record(progress, make(job, report))
    else:
        _spread(make, jobs, progress, min(workers, len(jobs)), report)


def _record(progress: Progress, summaries: Iterable[Summary]) -> None:
    for summary in summaries:
        progress.append(summary)


class _Worker:
    """What a worker process holds: its maker, and the counters that it shares with the parent."""

    make: Maker
    counters: Any


def _start_worker(make: Maker, counters: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _Worker.make, _Worker.counters = make, counters


def _die_with_parent() -> None:
    """A worker must not outlive a killed parent: the next run would find it writing the same files."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Any) -> Sequence[Summary]:
    def count(*added: int) -> None:
        with _Worker.counters.get_lock():
            for place, number in enumerate(added):
                _Worker.counters[place] += number

    return _Worker.make(job, count)


def _spread(make: Maker, jobs: Iterable[Any], progress: Progress, workers: int, report: Report) -> None:
    """The jobs over worker processes; a few are under way ahead of the one whose turn it is in the manifest."""
    context = multiprocessing.get_context("spawn")
    counters, told = context.Array("q", 3), [0, 0, 0]

    def tell() -> None:
        now = counters[:]
        report(*(new - old for new, old in zip(now, told, strict=True)))
        told[:] = now

    others = set(multiprocessing.active_children())  # the caller's own, as a library
    executor = ProcessPoolExecutor(workers, context, _start_worker, (make, counters))
    finished = False
    waiting: deque[Future[Sequence[Summary]]] = deque()
    todo = iter(jobs)
    try:
        while True:
            while len(waiting) < 2 * workers and (job := next(todo, None)) is not None:
                with _ctrl_c_held():
                    waiting.append(executor.submit(_work, job))
            if not waiting:
                break
            _record(progress, _result(waiting.popleft(), tell))
        tell()
        finished = True
    except BrokenProcessPool as error:
        raise ModelError(
            f"a worker process died while writing {progress.folder} (out of memory, or a script without "
            f"`if __name__ == '__main__':`); run the same again with fewer workers, finished shards are kept"
        ) from error
    finally:
        executor.shutdown(wait=finished, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
            process.join()


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Ctrl-C waits while processes are started: one that is cut off while it starts would print a traceback.

    The process inherits the blocked signal until it ignores it. Other threads may take it meanwhile, so the handler
    waits too.
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


def _result(future: Future[Sequence[Summary]], tell: Callable[[], None]) -> Sequence[Summary]:
    while True:
        try:
            return future.result(POLL_S)
        except NotYet:
            tell()
