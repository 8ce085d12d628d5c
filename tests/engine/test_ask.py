"""Asking anew: what build wrote for the same seed and settings, the same bytes however it ran, other epochs on top."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fixtures.folders.tiny import content
from spatialvlm.dataset.lazy import SceneQuestions
from spatialvlm.dataset.read import read_dataset
from spatialvlm.engine.ask_stored import EPOCHS_TOGETHER, ask
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.pipeline.phrase import PhraseConfig

COMMAND = (sys.executable, "-c", "from spatialvlm.cli import main; main()")
EPOCHS = EPOCHS_TOGETHER + 2
COUNTS = ("kinds", "labels", "lengths", "refusals", "scenes", "qa", "seed")


@pytest.fixture(scope="module")
def asked(stored, tmp_path_factory) -> Path:
    """Many epochs of questions, by one process without a break. Not to be written to."""
    out = tmp_path_factory.mktemp("asked") / "questions"
    ask(stored, out, epochs=EPOCHS)
    return out


def test_the_first_epoch_is_what_build_wrote(stored, tmp_path):
    info = ask(stored, tmp_path)
    built, now = content(stored), content(tmp_path)
    parts = [path for path in built if path.startswith("qa/")]
    assert {path: now[path] for path in parts} == {path: built[path] for path in parts}
    assert set(now) == {*parts, "dataset.json", "manifest.jsonl"}
    wrote = json.loads((stored / "dataset.json").read_text())
    assert {name: info[name] for name in COUNTS} == {name: wrote[name] for name in COUNTS}
    assert (info["source"], info["holds"]) == ("dataset", "questions")


def test_epochs_follow_each_other_and_are_those_of_lazy_questions(stored, asked):
    rows = list(read_dataset(asked).questions())
    size = len(rows) // EPOCHS
    for epoch in (0, 1, EPOCHS - 1):
        lazy = SceneQuestions(stored, epoch=epoch, images=False)
        found = rows[epoch * size : (epoch + 1) * size]
        assert found == [(one.scene.frame_id, list(one.questions)) for one in lazy]
    texts = [tuple(qa.question for _, qas in rows[e * size : (e + 1) * size] for qa in qas) for e in range(EPOCHS)]
    assert len(set(texts)) == EPOCHS


def test_any_number_of_workers_writes_the_same_bytes(stored, asked, tmp_path):
    begun, counted = [], [0, 0, 0]

    def report(*added: int) -> None:
        counted[:] = [a + b for a, b in zip(counted, added, strict=True)]

    info = ask(stored, tmp_path, epochs=EPOCHS, workers=2, begin=lambda *n: begun.append(n), report=report)
    total = EPOCHS * len(read_dataset(stored))
    assert content(tmp_path) == content(asked)
    assert (begun, counted) == ([(total, 0)], [total, info["qa"], 0])


def test_a_second_run_changes_nothing(stored, asked, tmp_path):
    out = shutil.copytree(asked, tmp_path / "out")
    begun = []
    ask(stored, out, epochs=EPOCHS, begin=lambda *counts: begun.append(counts))
    assert begun[0][0] == begun[0][1] > 0
    assert content(out) == content(asked)


def test_a_killed_run_goes_on_and_ends_byte_identical(stored, asked, tmp_path):
    out = tmp_path / "out"
    command = [*COMMAND, "ask", str(stored), "--out", str(out), "--epochs", str(EPOCHS), "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    wait_for_lines(out / "manifest.jsonl", 4, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    ask(stored, out, epochs=EPOCHS, workers=2)
    assert content(out) == content(asked)


def wait_for_lines(path: Path, lines: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and not (path.exists() and path.read_bytes().count(b"\n") >= lines):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_other_questions_on_demand(stored, tmp_path):
    mix = PhraseConfig(questions_per_image=4, kinds=("gap", "width"))
    info = ask(stored, tmp_path, seed=9, mix=mix)
    dataset = read_dataset(tmp_path)
    assert set(info["kinds"]) <= {"gap", "width"}
    assert all(len(qas) <= 4 and all(qa.seed == 9 for qa in qas) for _, qas in dataset.questions())
    assert dataset.header["config"]["phrase"] == json.loads(json.dumps(dataclasses.asdict(mix)))


def test_questions_alone_say_where_their_scenes_are(asked, stored, tmp_path):
    dataset = read_dataset(asked)
    assert len(dataset) == EPOCHS * len(read_dataset(stored))
    assert not list(dataset.drops())
    for use in (
        lambda: next(dataset.scenes()),
        lambda: dataset.at(0),
        lambda: dataset.frame("x"),
        dataset.frame_ids,
        lambda: SceneQuestions(asked),
        lambda: ask(asked, tmp_path / "out"),
    ):
        with pytest.raises(DatasetError, match=r"holds questions alone; their scenes are in the dataset 'dataset'"):
            use()
    assert not (tmp_path / "out").exists()


def test_a_dataset_that_changed_is_not_gone_on_with(stored, asked, tmp_path):
    other = shutil.copytree(stored, tmp_path / "dataset")
    lines = (other / "manifest.jsonl").read_text().splitlines(keepends=True)
    (other / "manifest.jsonl").write_text("".join(lines[:-1]))
    info = json.loads((other / "dataset.json").read_text())
    (other / "dataset.json").write_text(json.dumps({**info, "shards": info["shards"] - 1}))
    out = shutil.copytree(asked, tmp_path / "out")
    with pytest.raises(DatasetError, match=r"fingerprint: .* in the folder, .* now"):
        ask(other, out, epochs=EPOCHS)
    assert content(out) == content(asked)


def test_what_cannot_be_asked(stored, tmp_path):
    out = tmp_path / "out"
    for settings, message in [
        ({"epochs": 0}, "epochs 0: expected 1 or more"),
        ({"workers": 0}, "workers 0: expected 1 or more"),
        ({"seed": -1}, "seed -1: expected 0 to"),
    ]:
        with pytest.raises(UserError, match=message):
            ask(stored, out, **settings)
    with pytest.raises(UserError, match="is the dataset that is asked about; give another folder"):
        ask(stored, stored)
    before = content(shutil.copytree(stored, tmp_path / "built"))
    with pytest.raises(DatasetError, match="holds a dataset made with other settings"):
        ask(stored, tmp_path / "built")
    assert content(tmp_path / "built") == before
    (tmp_path / "built/dataset.json").unlink()
    with pytest.raises(DatasetError, match=r"not finished .*; run the same build again to finish it"):
        ask(tmp_path / "built", out)
    assert not out.exists()


def test_a_part_without_scenes(stored_recipe, tmp_path):
    """Where every frame of a shard was dropped its part is empty, and so is that of its questions."""
    source = shutil.copytree(stored_recipe.source, tmp_path / "frames")
    lines = (source / "frames.jsonl").read_text().splitlines()
    (source / "frames.jsonl").write_text("\n".join(line.replace("rgb/", "no/") for line in lines[:2]) + "\n" + lines[2])
    from spatialvlm.engine import build_recipe

    build_recipe(dataclasses.replace(stored_recipe, source=str(source)), tmp_path / "built")
    info = ask(tmp_path / "built", tmp_path / "out", epochs=2)
    assert (info["scenes"], info["shards"]) == (2, 4)
    assert [len(qas) > 0 for _, qas in read_dataset(tmp_path / "out").questions()] == [True, True]
    assert len(SceneQuestions(tmp_path / "built")[0].questions) > 0
