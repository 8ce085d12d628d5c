import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real data, which is no part of the project: tests that need it skip where it is absent."""
    folder = Path(os.environ.get("SPATIALVLM_ASSETS") or Path(__file__).parents[2] / "shared" / "assets")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SPATIALVLM_ASSETS to the folder that holds it")
    return folder
