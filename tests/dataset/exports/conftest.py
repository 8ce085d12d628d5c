"""A small dataset with awkward frame ids, questions of every kind, a frame without questions and one without image."""

from dataclasses import replace
from pathlib import Path

import pytest

from spatialvlm.dataset.read import Dataset, read_dataset
from spatialvlm.dataset.write import finish, open_for_build, write_shard

IDS = ("desk", "Room 1/Kamera.ä/0001", "x" * 200, "desk/", "..", "no-question", "no-image", "日本")


@pytest.fixture
def make_dataset(make_scene, make_questions, make_sample):
    def make(folder: Path, ids: tuple[str, ...] = IDS) -> Dataset:
        samples = []
        for index, id_ in enumerate(ids):
            scene, source = make_scene(index, captions=("mug", "<image> of a book", "tin can"))
            scene = replace(scene, frame_id=id_)
            asked = [] if id_ == "no-question" else make_questions(scene, 5 + index)
            source = replace(source, image_bytes=b"") if id_ == "no-image" else source
            samples.append(make_sample(scene, source, asked))
        with open_for_build(
            folder, {"config": {"seed": 3}, "source": "s", "fingerprint": "f", "versions": {}}
        ) as open_:
            for shard in range(0, len(ids), 4):
                open_.append(write_shard(folder, shard // 4, samples[shard : shard + 4]))
        finish(folder)
        return read_dataset(folder)

    return make


@pytest.fixture
def dataset(make_dataset, tmp_path):
    return make_dataset(tmp_path / "dataset")
