"""Tiny pictures are drawn soonest by the variant that compiles nothing; torch takes one thread, as the tests do."""

import os

import pytest

os.environ.setdefault("SPATIALVLM_ROOMS_VARIANT", "scalar_rgb")
pytest.importorskip("torch")
pytest.importorskip("transformers")

from spatialvlm.train.nano import dense_pictures


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Four pictures with what is true of their patches."""
    folder = tmp_path_factory.mktemp("pictures")
    dense_pictures.draw_pictures(4, folder, seed=3, size=(64, 48))
    return folder
