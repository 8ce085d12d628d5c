import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spatialvlm.cli import main


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real data, which is no part of the project: tests that need it skip where it is absent."""
    folder = Path(os.environ.get("SPATIALVLM_ASSETS") or Path(__file__).parents[2] / "shared" / "assets")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SPATIALVLM_ASSETS to the folder that holds it")
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process; returns (exit code, stdout, stderr)."""

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["spatialvlm", *map(str, arguments)])
        capfd.readouterr()
        handler = signal.getsignal(signal.SIGINT)
        with pytest.raises(SystemExit) as ended:
            main()
        signal.signal(signal.SIGINT, handler)
        out, err = capfd.readouterr()
        code = ended.value.code
        return (0 if code is None else int(code), out, err)

    return command
