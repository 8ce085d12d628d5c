"""The local engine: a recipe in this process or in a few worker processes, shard by shard, resumable.

A worker writes its shard's files itself; the parent alone appends to the manifest, in the order of the shards. So the
dataset is the same for any number of workers, and whatever a killed run had finished stays.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spatialvlm.engine.stages import Report, Stages
from spatialvlm.errors import ModelError, UserError
from spatialvlm.pipeline.write.dataset import Progress, finish, open_for_build, write_shard
from spatialvlm.pipeline.write.report import write_report
from spatialvlm.recipe import Recipe

POLL_S = 0.2

Begin = Callable[[int, int], None]
"""Called once with how many frames there are and how many of them an earlier run has done."""


def _silent(*_: int) -> None:
    """No progress wanted."""


def build(
    recipe: Recipe, out: Path, *, workers: int = 1, begin: Begin = _silent, report: Report = _silent
) -> dict[str, Any]:
    """Build the dataset of a recipe in the folder `out`, or finish the one that an earlier run began there.

    Returns what dataset.json says. Raises UserError for a bad source or folder; see `pipeline.write`.
    """
    if workers < 1:
        raise UserError(f"workers {workers}: expected 1 or more")
    stages = Stages(recipe)
    shards = [(k, start, min(start + recipe.shard_size, len(stages))) for k, start in _starts(stages, recipe)]
    with open_for_build(out, recipe.header(stages.source.fingerprint)) as progress:
        missing = [shard for shard in shards if shard[0] not in progress.done]
        if not missing and _is_finished(out):
            begin(len(stages), len(stages))
        else:
            begin(len(stages), sum(summary["frames"] for summary in progress.done.values()))
            if workers == 1 or len(missing) < 2:
                for shard in missing:
                    progress.append(_make(stages, out, *shard, report))
            else:
                _spread(recipe, out, missing, min(workers, len(missing)), progress, report)
        info = finish(out)
        if missing or not _is_finished(out):
            write_report(out)
    return info


def _starts(stages: Stages, recipe: Recipe) -> Iterator[tuple[int, int]]:
    yield from enumerate(range(0, len(stages), recipe.shard_size))


def _is_finished(out: Path) -> bool:
    return (out / "report.html").exists()


def _make(stages: Stages, out: Path, shard: int, start: int, stop: int, report: Report) -> dict[str, Any]:
    """One shard, made and written; its manifest line."""
    made = stages.run(start, stop, report)
    return write_shard(
        out, shard, made.scenes, made.questions, frames=made.frames, refusals=made.refusals, drops=made.drops
    )


class _Worker:
    """What a worker process holds: its stages, and the counters that it shares with the parent."""

    stages: Stages
    out: Path
    counters: Any


def _start_worker(recipe: Recipe, out: Path, counters: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _Worker.stages, _Worker.out, _Worker.counters = Stages(recipe), out, counters


def _die_with_parent() -> None:
    """A worker must not outlive a killed parent: the next run would find it writing the same files."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(shard: tuple[int, int, int]) -> dict[str, Any]:
    def count(*added: int) -> None:
        with _Worker.counters.get_lock():
            for place, number in enumerate(added):
                _Worker.counters[place] += number

    return _make(_Worker.stages, _Worker.out, *shard, count)


def _spread(
    recipe: Recipe, out: Path, shards: list[tuple[int, int, int]], workers: int, progress: Progress, report: Report
) -> None:
    """The shards over worker processes; a few are under way ahead of the one whose turn it is in the manifest."""
    context = multiprocessing.get_context("spawn")
    counters, told = context.Array("q", 3), [0, 0, 0]

    def tell() -> None:
        now = counters[:]
        report(*(new - old for new, old in zip(now, told, strict=True)))
        told[:] = now

    others = set(multiprocessing.active_children())  # the caller's own, as a library
    executor = ProcessPoolExecutor(workers, context, _start_worker, (recipe, out, counters))
    finished = False
    waiting: deque[Future[dict[str, Any]]] = deque()
    todo = iter(shards)
    try:
        while True:
            while len(waiting) < 2 * workers and (shard := next(todo, None)) is not None:
                with _ctrl_c_held():
                    waiting.append(executor.submit(_work, shard))
            if not waiting:
                break
            progress.append(_result(waiting.popleft(), tell))
        tell()
        finished = True
    except BrokenProcessPool as error:
        raise ModelError(
            f"a worker process died while building {out} (out of memory, or a script that calls build without "
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


def _result(future: Future[dict[str, Any]], tell: Callable[[], None]) -> dict[str, Any]:
    while True:
        try:
            return future.result(POLL_S)
        except NotYet:
            tell()
