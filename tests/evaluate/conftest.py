from pathlib import Path

import pytest

import spatialvlm as sv
from spatialvlm.pipeline.collect import CollectConfig


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of solids with exact depth, with many questions, some of them about what is about the same."""
    folder = tmp_path_factory.mktemp("evaluate") / "shapes"
    phrase = sv.PhraseConfig(questions_per_image=70, similar_share=0.5)
    sv.build("shapes:8", folder, collect=CollectConfig((240, 180)), phrase=phrase)
    return folder
