"""Prepared scenes: measured once, together where it is worth it, and never more of them kept than said."""

import gc
import random
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.folders.tiny import tiny_frames
from spatialvlm.dataset import prepared_scenes
from spatialvlm.dataset.asking import asking_of
from spatialvlm.dataset.lazy import SceneQuestions
from spatialvlm.dataset.prepared_scenes import PreparedScenes
from spatialvlm.dataset.read import read_dataset
from spatialvlm.dataset.write import finish, open_for_build, write_shard
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.tail import tail
from spatialvlm.recipes import Recipe
from spatialvlm.records import Sample

SIZE = 40  # scenes in each of two row groups


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two row groups of scenes that are alike."""
    out = tmp_path_factory.mktemp("prepared")
    lifted = tail()[0]([Sample(frame=frame) for frame in tiny_frames(2)])
    with open_for_build(out, Recipe("tiny").header(open_source("shapes:1"))) as progress:
        for part in range(2):
            samples = []
            for index in range(part * SIZE, (part + 1) * SIZE):
                like = lifted[index % len(lifted)]
                assert like.scene is not None
                samples.append(replace(like, index=index, scene=replace(like.scene, frame_id=f"scene-{index}")))
            progress.append(write_shard(out, part, samples))
        finish(out)
    return out


@pytest.fixture
def scenes(folder) -> PreparedScenes:
    dataset = read_dataset(folder)
    return PreparedScenes(dataset.parts("scenes"), asking_of(dataset), images=False)


@pytest.fixture
def measured(monkeypatch) -> list[list[str]]:
    """What is measured together, each time."""
    found, measure_all = [], prepared_scenes.measure_all

    def note(together, *settings):
        found.append([int(scene.frame_id.removeprefix("scene-")) for scene in together])
        return measure_all(together, *settings)

    monkeypatch.setattr(prepared_scenes, "measure_all", note)
    return found


def test_one_at_a_time_the_neighbours_are_measured_too_and_nothing_twice(scenes, measured):
    wanted = [0, 5, 6, 17, 35]
    for place in wanted:
        assert scenes.one(place).scene.frame_id == f"scene-{place}"
    assert measured == [[0], list(range(1, 8)), [], list(range(8, SIZE)), []]
    for place in random.Random(0).sample(range(-SIZE, SIZE), 2 * SIZE):
        assert scenes.one(place).scene.frame_id == f"scene-{place % (2 * SIZE)}"
    pages = [one.page for one in scenes.some(range(2 * SIZE))]
    assert [one.page for place in scenes.groups for one in scenes.group(*place)] == pages, "the very same ones"
    assert sorted(number for together in measured for number in together) == list(range(2 * SIZE))


def test_a_batch_is_measured_together_and_alone(scenes, measured):
    scenes.some([3, 70, 9])
    scenes.some([9, 4, 70])
    assert measured == [[3, 70, 9], [4]]


def test_what_is_thrown_out_unasked_is_the_last_that_is_measured_ahead(scenes, measured, monkeypatch):
    monkeypatch.setattr(prepared_scenes, "KEPT", 1)
    for place in range(SIZE):
        scenes.one(place)
        assert len(scenes._groups) == 1
    assert measured.count([]) > SIZE / 2
    measured.clear()
    for place in (40, 41, 0, 1, 44, 2):
        scenes.one(place)
    assert measured == [[40], list(range(41, 48)), [0], [1], [44], [2]]


def test_no_more_facts_are_kept_than_said(scenes, measured, monkeypatch):
    each = len(scenes.one(0).page.facts)
    monkeypatch.setattr(prepared_scenes, "KEPT_FACTS", 3 * each + each // 2)
    for place in (0, 1, 60, 61):
        scenes.some([place])
    measured.clear()
    for place in (60, 61, 0, 1):
        scenes.some([place])
    assert measured == [[], [], [0], [1]]
    scenes.group(0, 0)
    assert all(not group.pages for group in scenes._groups.values())


@pytest.mark.parametrize("facts", [0, 1_500_000])
def test_the_questions_are_the_same_whatever_is_kept(folder, monkeypatch, facts):
    monkeypatch.setattr(prepared_scenes, "KEPT_FACTS", facts)
    alone = [SceneQuestions(folder)[place].questions for place in range(4)]
    lazy = SceneQuestions(folder)
    again = [lazy.at_epoch(epoch)[place].questions for epoch in (1, 0) for place in range(4)]
    assert again[4:] == alone
    assert all(alone)
    assert again[:4] != alone


def test_garbage_is_collected_between_scenes(folder):
    assert all(gc.isenabled() for _ in SceneQuestions(folder))
    gc.disable()
    try:
        SceneQuestions(folder)[0]
        assert not gc.isenabled()
    finally:
        gc.enable()
