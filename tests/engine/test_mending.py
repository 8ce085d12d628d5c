"""The same command after the input was mended: what is unaffected is kept, the rest is as of a fresh build."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from fixtures.folders.tiny import content, tiny_frames, write_rgbd
from spatialvlm.dataset.progress import Progress
from spatialvlm.dataset.provenance import versions
from spatialvlm.dataset.read import read_dataset
from spatialvlm.engine import build_recipe, local
from spatialvlm.engine.mending import STAMPS
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.cull import CullConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.recipes import Recipe

SHARD, FRAMES = 2, 6


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    """A folder of six tiny frames with a mask in a file, two a shard. Not to be written to."""
    folder = write_rgbd(tmp_path_factory.mktemp("good") / "frames", tiny_frames(FRAMES))
    path = folder / "instances/shapes-000000.json"
    instances = json.loads(path.read_text())
    del instances[0]["rle"]
    mask = np.zeros((120, 160), np.uint8)
    mask[40:80, 40:90] = 255
    (folder / "masks").mkdir()
    cv2.imwrite(str(folder / "masks/0.png"), mask)
    path.write_text(json.dumps([{**instances[0], "mask": "masks/0.png"}, *instances[1:]]))
    return folder


@pytest.fixture(scope="module")
def finished(good, tmp_path_factory) -> Path:
    """Their dataset. Not to be written to."""
    out = tmp_path_factory.mktemp("finished") / "dataset"
    build_recipe(recipe(good), out)
    return out


@pytest.fixture
def source(good, tmp_path) -> Path:
    """A copy of the folder, to be changed."""
    return shutil.copytree(good, tmp_path / "frames")


@pytest.fixture
def out(finished, tmp_path) -> Path:
    """A copy of the dataset, to be built again."""
    return shutil.copytree(finished, tmp_path / "dataset")


def recipe(source: Path, **settings: Any) -> Recipe:
    return Recipe(str(source), shard_size=SHARD, phrase=PhraseConfig(2, kinds=("gap", "width")), **settings)


def build(source: Path, out: Path, **settings: Any) -> tuple[int, list[str]]:
    """Build; says how many frames were made, and what was said."""
    made, said = [], []
    build_recipe(recipe(source, **settings), out, report=lambda *added: made.append(added[0]), say=said.append)
    return sum(made), said[1:]  # the first line says what the source was taken for


def files_alone(source: Path) -> None:
    """The depth of one frame, and a mask that the instances of another one name."""
    for name, change in (("depth/shapes-000002.png", lambda units: units + np.uint16(50)), ("masks/0.png", np.fliplr)):
        values = cv2.imread(str(source / name), cv2.IMREAD_UNCHANGED)
        assert values is not None
        cv2.imwrite(str(source / name), change(values))


def a_name(source: Path) -> None:
    """As many bytes as before."""
    path = source / "instances/shapes-000004.json"
    path.write_text(re.sub(r'"captions": \["\w', '"captions": ["X', path.read_text()))


def line(source: Path) -> None:
    edit(source, lambda lines: [lines[0].replace('"id"', '"licence": "MIT", "id"'), *lines[1:]])


def longer(source: Path) -> None:
    edit(source, lambda lines: [*lines, lines[0].replace('shapes-000000", "image', 'again", "image')])


def shorter(source: Path) -> None:
    edit(source, lambda lines: lines[:3])


def inserted(source: Path) -> None:
    edit(source, lambda lines: [*lines[:2], lines[0].replace('"id": "shapes-000000"', '"id": "again"'), *lines[2:]])


def blank(source: Path) -> None:
    edit(source, lambda lines: [*lines, ""])


def moved_away(source: Path) -> None:
    (source / "rgb/shapes-000005.png").rename(source / "rgb/x.png")


def edit(source: Path, change: Callable[[list[str]], list[str]]) -> None:
    path = source / "frames.jsonl"
    path.write_text("".join(text + "\n" for text in change(path.read_text().splitlines())))


CHANGED = "the source has changed: {} of {} frames are kept as they were, {} are made"
MENDED = [
    (files_alone, 4),
    (a_name, 2),
    (line, 2),
    (longer, 1),
    (shorter, 1),
    (inserted, 5),
    (blank, 0),
    (moved_away, 2),
]


@pytest.mark.parametrize(("mend", "made"), MENDED, ids=lambda value: getattr(value, "__name__", ""))
def test_what_has_changed_is_made_again_as_a_fresh_build_would(source, out, tmp_path, mend, made):
    mend(source)
    frames = len(open_source(str(source)))
    assert build(source, out) == (made, [CHANGED.format(frames - made, frames, made)] if made else [])
    build_recipe(recipe(source), tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")
    assert build(source, out) == (0, [])


def test_a_frame_that_was_dropped_is_there_once_it_is_mended(good, source, finished, tmp_path):
    moved_away(source)
    build(source, tmp_path / "out")
    assert [drop[0] for drop in dropped(tmp_path / "out")] == ["collect"]
    shutil.copy2(good / "rgb/shapes-000005.png", source / "rgb")
    assert build(source, tmp_path / "out")[0] == SHARD
    assert content(tmp_path / "out") == content(finished)


def test_other_times_alone_are_no_change(source, out, finished):
    for path in source.rglob("*.png"):
        os.utime(path)
    assert build(source, out) == (0, [])
    assert without_stamps(out) == without_stamps(finished)
    stamps = (out / STAMPS).read_text()
    assert stamps != (finished / STAMPS).read_text()
    (out / STAMPS).unlink()
    assert build(source, out) == (0, [])
    assert (out / STAMPS).read_text() == stamps


@pytest.mark.parametrize("stop", ["append", "finish", "write_report"])
def test_stopped_while_it_mends_it_goes_on_to_the_same_end(source, out, tmp_path, monkeypatch, stop):
    files_alone(source)

    def stopped(*_: object) -> None:
        raise UserError("stopped")

    monkeypatch.setattr(Progress if stop == "append" else local, stop, stopped)
    with pytest.raises(UserError, match="stopped"):
        build(source, out)
    monkeypatch.undo()
    made, _ = build(source, out)
    assert made == (4 if stop == "append" else 0)
    build_recipe(recipe(source), tmp_path / "fresh")
    assert content(out) == content(tmp_path / "fresh")


def test_what_repeats_another_frame_is_judged_anew(source, tmp_path):
    longer(source)
    settings = {"cull": CullConfig(duplicate_bits=6)}
    build(source, tmp_path / "out", **settings)
    assert dropped(tmp_path / "out") == [("cull", "again")]
    edit(source, lambda lines: [lines[0].replace("rgb/shapes-000000", "rgb/shapes-000001"), *lines[1:]])
    kept, judged = (
        "the source has changed: {} of 7 frames are kept as they were, {} are made",
        ": others repeat each other",
    )
    assert build(source, tmp_path / "out", **settings) == (3, [kept.format(5, 2), kept.format(4, 3) + judged])
    build_recipe(recipe(source, **settings), tmp_path / "fresh")
    assert content(tmp_path / "out") == content(tmp_path / "fresh")


def test_other_versions_keep_what_there_is_and_mend_nothing(source, out, finished, monkeypatch):
    monkeypatch.setattr("spatialvlm.recipes.recipe.versions", lambda: {**versions(), "numpy": "0"})
    assert build(source, out) == (0, [])
    files_alone(source)
    with pytest.raises(DatasetError, match=r"versions.numpy: .* in the folder, .0. now\n.*\nits source has changed"):
        build(source, out)
    assert content(out) == content(finished)


def test_with_another_package_what_could_not_be_read_is_tried_again(source, tmp_path, monkeypatch):
    moved_away(source)
    build(source, tmp_path / "out")
    monkeypatch.setattr("spatialvlm.recipes.recipe.versions", lambda: {**versions(), "a-decoder": "1"})
    said = "packages have been installed since: what could not be read is tried again"
    assert build(source, tmp_path / "out") == (SHARD, [said])
    build_recipe(recipe(source), tmp_path / "fresh")
    assert content(tmp_path / "out") == content(tmp_path / "fresh")
    assert build(source, tmp_path / "out") == (0, [])


def test_photos_before_one_that_is_added_or_removed_are_kept(good, tmp_path):
    photos = shutil.copytree(good / "rgb", tmp_path / "photos")
    build(photos, tmp_path / "out")
    shutil.copy2(photos / "shapes-000000.png", photos / "shapes-000003-b.png")
    assert build(photos, tmp_path / "out")[0] == 5  # it comes before 000003.png
    (photos / "shapes-000003-b.png").unlink()
    (photos / "shapes-000002.png").unlink()
    assert build(photos, tmp_path / "out")[0] == 3
    build_recipe(recipe(photos), tmp_path / "fresh")
    assert content(tmp_path / "out") == content(tmp_path / "fresh")


def dropped(folder: Path) -> list[tuple[str, str]]:
    """The frames that were dropped, not the things in them."""
    return [(drop.stage, drop.id) for drop in read_dataset(folder).drops() if drop.stage != "lift"]


def without_stamps(folder: Path) -> dict[str, str]:
    return {path: digest for path, digest in content(folder).items() if path != STAMPS}
