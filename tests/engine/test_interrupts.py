"""Ctrl-C is held back where it would leave things half begun: a process that starts, a display on the terminal."""

import os
import signal
import sys
import time
from contextlib import closing

import pytest
from rich.live import Live

from spatialvlm.engine import ProgressBar
from spatialvlm.engine.interrupts import ctrl_c_held


def test_ctrl_c_while_processes_start_comes_after_that():
    seen = []
    before = signal.signal(signal.SIGINT, lambda *_: seen.append("handled"))
    try:
        with ctrl_c_held():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
            assert not seen
        assert seen == ["handled"]
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_while_the_progress_bar_starts_comes_after_that(monkeypatch, capfd):
    def stopped(live, **settings):
        os.kill(os.getpid(), signal.SIGINT)
        return begin(live, **settings)

    begin = Live.start
    monkeypatch.setattr(Live, "start", stopped)
    before = signal.signal(signal.SIGINT, lambda *_: sys.exit("stopped"))
    try:
        with pytest.raises(SystemExit, match="stopped"), closing(ProgressBar("frames", "frames")) as bar:
            bar.show(3)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "0/3" in capfd.readouterr().err
