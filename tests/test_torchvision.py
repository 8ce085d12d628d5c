"""Runs tests/needs_torchvision in a process of its own that sees a torchvision which this one must not see.

With torchvision's only wheel beside a torch for the CPU, every image processor of transformers fails to import, unless
tests/needs_torchvision/sitecustomize.py mends it. `.ci/run` puts the wheel into .venv/torchvision, out of everybody
else's way; SPATIALVLM_TORCHVISION names another folder.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("SPATIALVLM_TORCHVISION") or Path(sys.prefix) / "torchvision")


def test_backends_that_need_torchvision():
    if importlib.util.find_spec("torchvision"):
        pytest.skip("torchvision is installed: tests/needs_torchvision are part of this run")
    if not (FOLDER / "torchvision").is_dir() or not importlib.util.find_spec("transformers"):
        pytest.skip(f"no torchvision at {FOLDER}: pip install --no-deps --target {FOLDER} torchvision==0.28.0")
    path = os.pathsep.join([str(HERE / "needs_torchvision"), str(FOLDER), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "pytest", str(HERE / "needs_torchvision"), "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
