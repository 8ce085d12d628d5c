"""Jobs in this process or over worker processes: what does a job, and the jobs, enter; their results leave, in order.

So what is made of the results is the same for any number of workers. This is the one process pool of the package.
"""

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Protocol, runtime_checkable

import cv2

from spatialvlm.engine.interrupts import ctrl_c_held
from spatialvlm.errors import ModelError, UserError

POLL_S = 0.2

Begin = Callable[[int, int], None]
"""Called once with how many frames there are and how many of them an earlier run has done."""

Report = Callable[[int, int, int], None]
"""Called with how many frames, questions and drops have been added."""


@runtime_checkable
class Worker(Protocol):
    """Does one job. It is pickled to every process: what is costly it loads there, when it is first called."""

    def __call__(self, job: Any, report: Report, /) -> Any:
        """Do a job, and report what has been done of it."""
        ...


def silent(*_: object) -> None:
    """Report nothing: no progress is wanted."""


def check_workers(workers: int) -> None:
    """Raise UserError where there is no worker at all."""
    if workers < 1:
        raise UserError(f"workers {workers}: expected 1 or more")


def run_jobs(
    work: Worker, jobs: Sequence[Any], keep: Callable[[Any], None], *, workers: int = 1, report: Report = silent
) -> None:
    """Do all jobs, and hand the result of each to `keep` when its turn has come.

    What is finished when a run over several processes is stopped is kept too. Raises ModelError where a process dies,
    UserError for work that cannot be sent to one.
    """
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            keep(work(job, report))
        return
    try:
        pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UserError(
            f"workers {workers}: a stage cannot be sent to another process ({error}); define it and what it holds at "
            "the top of a module, or use one worker"
        ) from error
    _spread(work, jobs, keep, min(workers, len(jobs)), report)


class _Process:
    """What a worker process holds: what does its jobs, and the counters that it shares with the parent."""

    work: Worker
    counters: Any


def _start(work: Worker, counters: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_die_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # the processes are the parallelism
    _Process.work, _Process.counters = work, counters


def _die_with_parent() -> None:
    """End this worker with a killed parent: the next run would find it writing the same files."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Any) -> Any:
    def count(*added: int) -> None:
        with _Process.counters.get_lock():
            for place, number in enumerate(added):
                _Process.counters[place] += number

    return _Process.work(job, count)


def _spread(work: Worker, jobs: Sequence[Any], keep: Callable[[Any], None], workers: int, report: Report) -> None:
    """Spread the jobs over worker processes; a few are under way ahead of the one whose turn it is."""
    context = multiprocessing.get_context("spawn")
    counters, told = context.Array("q", 3), [0, 0, 0]

    def tell() -> None:
        now = counters[:]
        report(*(new - old for new, old in zip(now, told, strict=True)))
        told[:] = now

    others = set(multiprocessing.active_children())  # the caller's own, as a library
    executor = ProcessPoolExecutor(workers, context, _start, (work, counters))
    finished = False
    waiting: deque[Future[Any]] = deque()
    todo = iter(jobs)
    try:
        while True:
            while len(waiting) < 2 * workers and (job := next(todo, None)) is not None:
                with ctrl_c_held():
                    waiting.append(executor.submit(_work, job))
            if not waiting:
                break
            result = _result(waiting[0], tell)
            waiting.popleft()
            others_done, waiting = waiting, deque()  # where keeping fails, nothing more is kept
            keep(result)
            waiting = others_done
        tell()
        finished = True
    except BrokenProcessPool as error:
        raise ModelError(
            "a worker process died (out of memory, or a script without `if __name__ == '__main__':`); run the same "
            "again with fewer workers, what was finished is kept"
        ) from error
    finally:
        executor.shutdown(wait=finished, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
            process.join()
        for future in waiting:
            if future.done() and not future.cancelled() and future.exception() is None:
                keep(future.result())


def _result(future: Future[Any], tell: Callable[[], None]) -> Any:
    while True:
        try:
            return future.result(POLL_S)
        except NotYet:
            tell()
