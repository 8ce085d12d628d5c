"""A small finished dataset for the tests of this folder."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.engine import build_recipe
from spatialvlm.recipes import Recipe

SHARDS = 3


@pytest.fixture(scope="session", autouse=True)
def no_commit() -> Iterator[None]:
    """A dataset names the commit that made it; a commit during the tests must not make it another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_DIR", os.devnull)
        yield


@pytest.fixture(scope="session")
def stored_recipe(tmp_path_factory) -> Recipe:
    """Six tiny frames in three shards, of which one cannot be read."""
    folder = write_rgbd(tmp_path_factory.mktemp("stored") / "frames", tiny_frames(2), copies=SHARDS)
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
