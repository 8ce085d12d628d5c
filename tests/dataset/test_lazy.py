"""Lazy questions: those of build, at random or in order, in any process, other ones every epoch."""

import dataclasses
import json
import pickle
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import spatialvlm as sv
from fixtures.plain_facts import MEASURED
from spatialvlm.dataset.asking import asking_of
from spatialvlm.dataset.lazy import AskedScene, SceneQuestions
from spatialvlm.dataset.read import read_dataset
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.pipeline.phrase import PhraseConfig


def said(asked: AskedScene) -> tuple:
    return asked.scene.frame_id, asked.source, asked.questions


@pytest.fixture(scope="module")
def lazy(stored) -> SceneQuestions:
    return SceneQuestions(stored)


@pytest.fixture(scope="module")
def expected(stored) -> list[tuple]:
    """What the dataset holds, row by row."""
    dataset = read_dataset(stored)
    rows = zip(dataset.scenes(), dataset.questions(), strict=True)
    return [(frame_id, source, tuple(qas)) for (_, source), (frame_id, qas) in rows]


def test_they_are_the_questions_of_build_in_the_same_order(lazy, expected):
    assert len(lazy) == len(expected) == 5
    assert [said(asked) for asked in lazy] == expected
    flat = [(qa, source) for _, source, qas in expected for qa in qas]
    assert list(lazy.questions()) == flat


def test_nothing_is_read_of_qa(stored, expected, tmp_path):
    copy = shutil.copytree(stored, tmp_path / "dataset")
    lazy = SceneQuestions(copy)
    shutil.rmtree(copy / "qa")
    assert [said(asked) for asked in lazy] == expected


def test_any_order_gives_the_same(lazy, expected):
    places = [random.Random(0).randrange(-len(lazy), len(lazy)) for _ in range(40)]
    assert [said(lazy[place]) for place in places] == [expected[place] for place in places]
    assert [said(asked) for asked in lazy.__getitems__(places)] == [expected[place] for place in places]
    assert lazy.__getitems__([]) == []
    for place in (len(lazy), -len(lazy) - 1):
        with pytest.raises(IndexError, match=f"scene {place} of 5"):
            lazy[place]


def test_epochs_are_other_questions_and_the_same_for_everybody(stored, lazy, expected):
    epochs = [tuple(map(said, SceneQuestions(stored, epoch=epoch))) for epoch in range(4)]
    assert list(epochs[0]) == expected
    assert len(set(epochs)) == 4
    assert tuple(map(said, lazy.at_epoch(3))) == tuple(map(said, lazy.at_epoch(2).at_epoch(3))) == epochs[3]
    seeds = {qa.seed for rows in epochs for _, _, qas in rows for qa in qas}
    assert len(seeds) == 4
    scene = lazy.at_epoch(3)[0].scene
    again = sv.phrase(scene, sv.measure(scene, kinds=MEASURED), seed=epochs[3][0][2][0].seed).questions
    assert again == epochs[3][0][2], "the seed that a question names makes it again"


def test_another_seed_and_another_mix(stored, expected):
    other = SceneQuestions(stored, seed=6, mix=PhraseConfig(questions_per_image=3, kinds=("gap",)))
    assert {qa.kind for qa, _ in other.questions()} == {"gap"}
    assert all(len(asked.questions) <= 3 for asked in other)
    assert [said(asked) for asked in SceneQuestions(stored, seed=6)] != expected


def test_without_images(stored, lazy):
    for one, other in zip(SceneQuestions(stored, images=False), lazy, strict=True):
        assert one.source.image_bytes == b""
        assert other.source.image_bytes[:4] == b"\x89PNG"
        assert one.questions == other.questions


def test_a_copy_in_another_process_reads_for_itself(lazy, expected):
    list(lazy)
    data = pickle.dumps(lazy)
    assert len(data) < 4000
    assert [said(asked) for asked in pickle.loads(data)] == expected


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of fork in a process with threads, by later Pythons
def test_the_data_loader_of_torch(lazy, expected, start):
    torch_data = pytest.importorskip("torch.utils.data", reason="needs torch, which the package does not")
    torch = pytest.importorskip("torch", reason="needs torch, which the package does not")
    settings = {"collate_fn": list, "num_workers": 2, "multiprocessing_context": start, "batch_size": 3}
    batches = list(torch_data.DataLoader(lazy, **settings))
    assert [said(asked) for batch in batches for asked in batch] == expected
    if start == "fork":
        order = torch.randperm(len(lazy), generator=torch.Generator().manual_seed(1)).tolist()
        assert order != sorted(order)
        loader = torch_data.DataLoader(lazy, sampler=order, **settings)
        assert [said(asked) for batch in loader for asked in batch] == [expected[place] for place in order]


def test_it_needs_no_torch():
    program = "import sys, spatialvlm as sv; sv.SceneQuestions; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_numbers_out_of_range(stored):
    for settings, message in [({"epoch": -1}, "epoch -1: expected 0 or more"), ({"seed": -1}, "seed -1: expected 0")]:
        with pytest.raises(UserError, match=message):
            SceneQuestions(stored, **settings)
    with pytest.raises(UserError, match="epoch -2"):
        SceneQuestions(stored).at_epoch(-2)
    with pytest.raises(DatasetError, match="no dataset here"):
        SceneQuestions(stored / "nowhere")


def without_gap(info: dict) -> None:
    info["versions"]["spatialvlm"] = "0.0.9"
    for counts in ("kinds", "refusals"):
        info[counts].pop("gap", None)


def with_colour(info: dict) -> None:
    info["kinds"]["colour"] = 1


def with_setting(info: dict) -> None:
    info["config"]["phrase"]["politeness"] = 0.5


def without_balance(info: dict) -> None:
    del info["config"]["phrase"]["balance"]


def rewrite(folder: Path, change) -> Path:
    """Change what made a dataset, in its manifest and in dataset.json."""
    info = json.loads((folder / "dataset.json").read_text())
    change(info)
    (folder / "dataset.json").write_text(json.dumps(info))
    lines = (folder / "manifest.jsonl").read_text().splitlines(keepends=True)
    header = {name: info[name] for name in json.loads(lines[0])}
    (folder / "manifest.jsonl").write_text("".join([json.dumps(header) + "\n", *lines[1:]]))
    return folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without_gap, r"has no question kinds gap; it was made by spatialvlm 0.0.9, this is .*: use that version, or"),
        (with_colour, r"its question kinds colour are unknown; it was made by spatialvlm"),
        (with_setting, r"made with the phrase settings politeness, unknown here; it was made by"),
    ],
)
def test_a_dataset_of_a_version_with_other_kinds(stored, tmp_path, change, message):
    folder = rewrite(shutil.copytree(stored, tmp_path / "dataset"), change)
    with pytest.raises(DatasetError, match=message):
        SceneQuestions(folder)
    assert len(SceneQuestions(folder, mix=PhraseConfig())[0].questions) > 0, "the mix mends it"


def test_a_dataset_from_before_there_was_a_balance_is_asked_as_it_was(stored, tmp_path):
    folder = rewrite(shutil.copytree(stored, tmp_path / "dataset"), without_balance)
    mix = dataclasses.replace(asking_of(read_dataset(stored)).phrase, balance="none")
    before = SceneQuestions(stored, mix=mix, images=False)
    found = SceneQuestions(folder, images=False)
    assert [one.questions for one in found] == [one.questions for one in before]
