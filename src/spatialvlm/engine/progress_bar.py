"""The progress bar of long commands: on a terminal it is redrawn, in a log file it is a line now and then."""

import time

from spatialvlm.engine.interrupts import ctrl_c_held

LOG_EVERY_S = 30.0


class ProgressBar:
    """How many of `noun` are done, and a text beside. Shown from the first `show` or `advance` to `close`."""

    def __init__(self, title: str, noun: str, total: int | None = None) -> None:
        from rich.console import Console  # here: worker processes show nothing
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.noun = noun
        self.console = Console(stderr=True)
        name, beside = TextColumn("[bold]{task.description}[/]"), TextColumn("{task.fields[beside]}")
        columns = (name, BarColumn(), MofNCompleteColumn(), beside, TimeRemainingColumn())
        self._progress = Progress(*columns, console=self.console)
        self._task = self._progress.add_task(title, total=total, beside="")
        self._logged = time.perf_counter()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._progress.live.is_started:
            with ctrl_c_held():
                self._progress.stop()

    def show(self, total: int, done: int = 0) -> None:
        """Say how many there are, and how many an earlier run has done."""
        self._progress.update(self._task, total=total, completed=done)
        self._start()

    def advance(self, count: int, beside: str = "") -> None:
        """Count so many more as done."""
        self._start()
        self._progress.update(self._task, advance=count, beside=beside)
        if not self.console.is_terminal and time.perf_counter() - self._logged > LOG_EVERY_S:
            self._logged = time.perf_counter()
            task = self._progress.tasks[0]
            line = f"{task.completed:.0f}/{task.total or 0:.0f} {self.noun}  {beside}"
            self.console.print(line.rstrip(), highlight=False)

    def _start(self) -> None:
        if not self._progress.live.is_started:
            self._logged = time.perf_counter()
            with ctrl_c_held():  # a display that is half begun cannot be ended
                self._progress.start()
