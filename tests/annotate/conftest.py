"""A small source whose frames have depth and annotations, so that questions are proposed.

By seed 0 they are: left or right (0), lengths (1 to 3), yes or no (4 and 5), one of two boxes (6).
"""

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.folders.tiny import tiny_frames, write_rgbd


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven tiny frames as an RGB-D folder. Not to be written to."""
    frames = tiny_frames(21)
    chosen = [replace(frames[shown], id=frames[place].id) for place, shown in enumerate((20, 1, 2, 3, 4, 1, 10))]
    return write_rgbd(tmp_path_factory.mktemp("annotate") / "frames", chosen)
