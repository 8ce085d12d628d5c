"""The versions that decide the bytes of a dataset: of this package, its commit, and the libraries it computes with."""

import subprocess
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from spatialvlm import __version__


def versions() -> dict[str, str]:
    """Find the versions that decide the bytes of a dataset; the commit too, when run from a checkout."""
    found = {"spatialvlm": __version__}
    for package in ("numpy", "opencv-python-headless", "pillow", "pyarrow"):
        found[package] = metadata.version(package)
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / ".git").exists():
        command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
        with suppress(FileNotFoundError):  # no git on this machine
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                found["commit"] = answer.stdout.strip()
    return found
