"""Which question is proposed, and of which images."""

import shutil
from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fixtures.folders.tiny import tiny_frames, write_rgbd
from fixtures.plain_facts import is_even
from spatialvlm.annotate.annotation_tasks import (
    AnnotationSource,
    AnnotationTask,
    UnavailableImage,
    open_annotation_source,
)
from spatialvlm.annotate.proposals import WORDS, QuestionProposal, QuestionProposer, proposal_from_question
from spatialvlm.dataset.read import read_dataset
from spatialvlm.engine import build_recipe
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.phrase import object_names
from spatialvlm.quantities import parse
from spatialvlm.recipes import Recipe


@pytest.fixture(scope="module")
def dataset(frames, tmp_path_factory):
    out = tmp_path_factory.mktemp("annotate") / "dataset"
    build_recipe(Recipe(str(frames), seed=1), out)
    return out


@pytest.fixture(scope="module")
def scenes(dataset):
    opened = read_dataset(dataset)
    return [(scene, questions) for place in range(len(opened)) for scene, _, questions in [opened.at(place)]]


def all_of(images: AnnotationSource) -> list[AnnotationTask]:
    found = [images.read(place) for place in range(len(images))]
    assert all(isinstance(one, AnnotationTask) for one in found)
    return [one for one in found if isinstance(one, AnnotationTask)]


def test_a_seed_and_a_frame_decide_the_question(dataset):
    first, again, other = (all_of(open_annotation_source(str(dataset), seed)) for seed in (0, 0, 1))
    assert [one.proposal for one in first] == [one.proposal for one in again]
    assert [one.proposal for one in first] != [one.proposal for one in other]
    assert open_annotation_source(str(dataset), 0).read(3).frame == first[3].frame


def test_a_dataset_proposes_what_it_holds(dataset, scenes):
    for task, (scene, questions) in zip(all_of(open_annotation_source(str(dataset), 0)), scenes, strict=True):
        assert task.frame == scene.frame_id
        assert isinstance(task.proposal, QuestionProposal)
        proposed = task.proposal.proposed
        assert (proposed.question, proposed.answer) in {(qa.question, qa.answer) for qa in questions}


def test_both_families_come_up_alike(scenes):
    scene, questions = scenes[0]
    families = Counter(KINDS[proposal.proposed.kind].family for proposal in chosen(scene, questions, 200))
    assert 70 <= families["quantitative"] <= 130  # 100 expected, 7 is one sigma


def chosen(scene, questions, count: int) -> list[QuestionProposal]:
    proposer = QuestionProposer(0)
    found = [proposer.choose(replace(scene, frame_id=f"copy {number}"), questions) for number in range(count)]
    return [one for one in found if isinstance(one, QuestionProposal)]


def test_one_family_stands_in_where_the_other_has_nothing(scenes):
    scene, questions = scenes[0]
    lengths = [qa for qa in questions if qa.family == "quantitative"]
    assert len(chosen(scene, lengths, 20)) == 20
    assert QuestionProposer(0).choose(scene, []) == "nothing could be asked about it that the geometry decides"


def test_every_proposal_has_an_answer_among_its_options(scenes):
    found = [(qa, proposal_from_question(qa)) for _, questions in scenes for qa in questions]
    assert len(found) > 60
    for qa, proposal in found:
        if is_even(qa.fact.answer):
            assert proposal is None
            continue
        assert proposal is not None, qa
        value = proposal.proposed.value
        match KINDS[qa.kind].form.name:
            case "length" | "difference":
                assert (proposal.form, proposal.options, value) == ("length", (), qa.fact.answer.metres)
                assert parse(f"{value} m") == value
            case "predicate":
                assert (proposal.form, proposal.options) == ("yes_no", ())
                assert value in ("yes", "no")
            case "choice":
                assert proposal.form == "choice"
                assert all(option in qa.question.lower() for option in proposal.options)
                assert str(value) in qa.answer.lower()
            case "classify":
                kind = KINDS[qa.kind]
                assert proposal.options == (WORDS.get(kind.word, kind.word), WORDS.get(kind.opposite, kind.opposite))
        assert proposal.form != "choice" or value in proposal.options


def test_options_are_named_as_the_question_names_them(scenes):
    choices = 0
    for scene, questions in scenes:
        names = object_names(scene)
        for qa in questions:
            if KINDS[qa.kind].form.of_subjects and (proposal := proposal_from_question(qa)) is not None:
                assert proposal.options == tuple(names[subject] for subject in qa.fact.subjects)
                choices += 1
    assert choices > 5


# -- images ------------------------------------------------------------------------------------------------------------


def test_frames_with_depth_and_annotations_go_through_the_pipeline(tmp_path):
    folder = write_rgbd(tmp_path / "frames", tiny_frames(3))
    for task in all_of(open_annotation_source(str(folder), 0)):
        assert isinstance(task.proposal, QuestionProposal)
        assert len(task.marked) == len(task.names) == len(task.proposal.subjects)
        assert task.file == folder / f"rgb/{task.frame}.png"
        assert task.picture == task.file.read_bytes()


def test_where_nothing_can_be_proposed_it_says_why(tmp_path):
    frames = tiny_frames(3)
    folder = write_rgbd(tmp_path / "frames", frames)
    lines = (folder / "frames.jsonl").read_text().splitlines()
    lines[0] = lines[0].replace('"depth":', '"licence":')
    lines[1] = lines[1].replace('"instances": "instances/shapes-000001.json"', '"instances": null')
    (folder / "frames.jsonl").write_text("\n".join(lines))
    tasks = all_of(open_annotation_source(str(folder), 0))
    assert [task.proposal for task in tasks[:2]] == ["it has no depth map", "nobody annotated its objects"]
    assert isinstance(tasks[2].proposal, QuestionProposal)


def test_an_image_that_fails_costs_only_itself(tmp_path):
    picture = cv2.imencode(".png", np.full((40, 60, 3), 90, np.uint8))[1].tobytes()
    for name, data in (("a.png", picture), ("b.png", picture[:50]), ("c.png", picture)):
        (tmp_path / name).write_bytes(data)
    images = open_annotation_source(str(tmp_path), 0)
    found = [images.read(place) for place in range(3)]
    assert [type(one) for one in found] == [AnnotationTask, UnavailableImage, AnnotationTask]
    assert "cannot be decoded" in str(found[1])


def test_a_damaged_part_of_a_dataset_is_the_failure_of_its_images(dataset, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "dataset")
    images = open_annotation_source(str(copy), 0)
    part = min(copy.glob("scenes/*.parquet"))
    data = bytearray(part.read_bytes())
    data[200:900] = bytes(700)
    part.write_bytes(data)
    assert isinstance(images.read(0), UnavailableImage)
    part.unlink()
    with pytest.raises(DatasetError, match="missing"):
        open_annotation_source(str(copy), 0)


def test_what_browsers_do_not_show_becomes_png(tmp_path):
    pixels = np.zeros((30, 50, 3), np.uint8)
    pixels[:, :25] = 200
    for name in ("one.tif", "two.bmp"):
        cv2.imwrite(str(tmp_path / name), pixels)
    for task in all_of(open_annotation_source(str(tmp_path), 0)):
        assert (task.suffix, task.file) == ("png", None)
        assert np.array_equal(cv2.imdecode(np.frombuffer(task.picture, np.uint8), cv2.IMREAD_COLOR), pixels)


def test_a_missing_source_is_an_error(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        open_annotation_source(str(tmp_path / "none"), 0)


def test_a_fingerprint_does_not_depend_on_the_count():
    assert ShapesSource(2).fingerprint == ShapesSource(3).fingerprint
    assert open_annotation_source("shapes:2", 0).fingerprint == open_annotation_source("shapes:3", 5).fingerprint
