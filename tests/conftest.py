import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.cli import main
from spatialvlm.engine import build_recipe
from spatialvlm.recipes import Recipe

settings.register_profile("tests", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("tests")


def pytest_collection_finish() -> None:
    """Keep the thousands of tests out of every garbage collection to come; the code under test collects by itself."""
    gc.freeze()


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


@pytest.fixture(scope="session", autouse=True)
def no_commit() -> Iterator[None]:
    """A dataset names the commit that made it; a commit during the tests must not make it another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_DIR", os.devnull)
        yield


@pytest.fixture(scope="session")
def stored_recipe(tmp_path_factory) -> Recipe:
    """Six tiny frames in three shards, of which one cannot be read."""
    folder = write_rgbd(tmp_path_factory.mktemp("stored") / "frames", tiny_frames(2), copies=3)
    lines = (folder / "frames.jsonl").read_text().splitlines()
    lines[3] = lines[3].replace("rgb/", "nowhere/")
    (folder / "frames.jsonl").write_text("\n".join(lines))
    return Recipe(str(folder), seed=5, shard_size=2)


@pytest.fixture(scope="session")
def stored(stored_recipe, tmp_path_factory) -> Path:
    """Their dataset. Not to be written to."""
    out = tmp_path_factory.mktemp("stored") / "dataset"
    build_recipe(stored_recipe, out)
    return out
