"""What annotators see and what is stored, without a server."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from spatialvlm.annotate.annotation_tasks import (
    AnnotationSource,
    AnnotationTask,
    UnavailableImage,
    open_annotation_source,
)
from spatialvlm.annotate.decisions import DecisionFile, read_decisions
from spatialvlm.annotate.proposals import QuestionProposal
from spatialvlm.annotate.session import LONGEST, AnnotationSession, annotator_name, draw_outlines
from spatialvlm.answers import Choice, Count, Length, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.tasks.folder import TASK


class Counting:
    """Images that count how often they are read."""

    def __init__(self, images: AnnotationSource) -> None:
        self._images, self.reads = images, 0
        self.fingerprint = images.fingerprint

    def __len__(self) -> int:
        return len(self._images)

    def ids(self):
        return self._images.ids()

    def read(self, place: int):
        self.reads += 1
        return self._images.read(place)


YES_NO = 4
"""The place of a question whose answer is yes or no."""


@pytest.fixture
def images(frames):
    return open_annotation_source(str(frames), 0)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "human.jsonl"


def task_at(images: AnnotationSource, place: int) -> AnnotationTask:
    found = images.read(place)
    assert isinstance(found, AnnotationTask)
    return found


def answer_to(found: AnnotationTask) -> str:
    """Some answer that fits."""
    assert isinstance(found.proposal, QuestionProposal)
    return {"length": "about 2 m", "yes_no": "yes"}.get(found.proposal.form, (*found.proposal.options, "")[0])


def test_keep_rewrite_skip_and_what_is_stored(images, out):
    tasks = [task_at(images, place) for place in range(3)]
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        assert session.decide(0, tasks[0], "anna", {"decision": "keep", "answer": answer_to(tasks[0])})
        own = {"decision": "rewrite", "question": "How  tall is\nthe box?", "answer": "about 5 inches"}
        assert session.decide(1, tasks[1], "anna", own)
        assert session.decide(2, tasks[2], "anna", {"decision": "skip"})
    kept, rewritten, skipped = read_decisions(out)
    proposals = [task.proposal for task in tasks if isinstance(task.proposal, QuestionProposal)]
    assert [one.proposed for one in (kept, rewritten, skipped)] == [proposal.proposed for proposal in proposals]
    assert kept.question == proposals[0].proposed.question
    assert (kept.kind, kept.form, kept.options) == (
        proposals[0].proposed.kind,
        proposals[0].form,
        proposals[0].options,
    )
    assert (rewritten.question, rewritten.answer) == ("How tall is the box?", "about 5 inches")
    assert (rewritten.kind, rewritten.form) == ("written", "length")
    assert (skipped.question, skipped.answer, skipped.image) == (None, None, None)


def test_a_file_that_lies_somewhere_is_named_and_not_copied(images, out):
    found = task_at(images, 0)
    with DecisionFile(out) as answers:
        AnnotationSession(images, answers, 0).decide(0, found, "anna", {"decision": "keep", "answer": answer_to(found)})
    (made,) = read_decisions(out)
    assert (out.parent / str(made.image)).read_bytes() == found.picture
    assert [path.name for path in out.parent.iterdir()] == ["human.jsonl"]


def test_the_answers_are_a_benchmark_of_the_task_folder(images, out):
    own = [
        ("How tall is the box?", "about 50 cm"),
        ("How far is the ball?", "0 m"),
        ("How many balls are there?", "about 3"),
        ("Is it a box?", "Yes, it is."),
        ("What colour is it?", "red"),  # text, which no rule can score
    ]
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        for place, (question, answer) in enumerate(own):
            given = {"decision": "rewrite", "question": question, "answer": answer}
            session.decide(place, task_at(images, place), "anna", given)
        found = task_at(images, 6)
        session.decide(6, found, "anna", {"decision": "keep", "answer": answer_to(found)})
        session.decide(5, task_at(images, 5), "anna", {"decision": "keep", "answer": None})
        session.decide(0, task_at(images, 0), "ben", {"decision": "skip"})
    items = list(TASK.items(out))
    assert [item.truth for item in items[:4]] == [
        Length(0.5),
        Length(0.0),
        Count(3),
        YesNo(True),
    ]
    assert isinstance(items[4].truth, Choice)
    assert (items[4].truth.options[0], items[4].truth.right) == (answer_to(found), 0)
    assert [item.id for item in items] == [f"shapes-00000{place}@anna" for place in (0, 1, 2, 3, 6)]
    assert [item.kind for item in items] == [*["written"] * 4, "right_choice"]
    assert all(isinstance(item.pictures[0], Path) and item.pictures[0].is_file() for item in items)


def test_a_picture_that_lies_nowhere_is_stored_beside_the_answers(out):
    images = open_annotation_source("shapes:1", 0)
    found = task_at(images, 0)
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        session.decide(0, found, "anna", {"decision": "skip"})
        assert [path.name for path in out.parent.iterdir()] == ["human.jsonl"]
        session.decide(0, found, "anna", {"decision": "keep", "answer": answer_to(found)})
    assert read_decisions(out)[-1].image == "human_images/shapes-000000.png"
    assert (out.parent / "human_images/shapes-000000.png").read_bytes() == found.picture


def test_the_pipelines_answer_is_not_shown(images, out):
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        for place in range(len(images)):
            found = task_at(images, place)
            assert isinstance(found.proposal, QuestionProposal)
            shown = session.show(place, found, "anna")
            assert shown.keys() == {
                *("place", "count", "decided", "frame", "question", "form", "options"),
                *("unproposed", "outlines", "decision"),
            }
            assert found.proposal.proposed.answer not in json.dumps(shown)


def test_nobody_can_tell(images, out):
    found = task_at(images, YES_NO)
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        session.decide(YES_NO, found, "anna", {"decision": "keep", "answer": None})
        session.decide(
            YES_NO, found, "ben", {"decision": "rewrite", "question": "How far?", "answer": None, "form": "length"}
        )
    kept, own = read_decisions(out)
    assert (kept.decision, kept.answer, kept.form) == ("keep", None, "yes_no")
    assert (own.decision, own.answer, own.form) == ("rewrite", None, "length")


def test_a_question_rewritten_as_it_was_is_kept(images, out):
    found = task_at(images, YES_NO)
    assert isinstance(found.proposal, QuestionProposal)
    own = {"decision": "rewrite", "question": found.proposal.proposed.question, "answer": "no", "form": "text"}
    with DecisionFile(out) as answers:
        AnnotationSession(images, answers, 0).decide(YES_NO, found, "anna", own)
    assert [(one.decision, one.form) for one in read_decisions(out)] == [("keep", "yes_no")]


def test_a_changed_mind_replaces_and_is_shown(images, out):
    found = task_at(images, YES_NO)
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        assert session.decide(YES_NO, found, "anna", {"decision": "skip"})
        assert not session.decide(YES_NO, found, "anna", {"decision": "skip"})
        assert session.decide(YES_NO, found, "anna", {"decision": "keep", "answer": "No, it is not."})
        assert session.show(YES_NO, found, "anna")["decision"]["answer"] == "no"
        assert session.show(YES_NO, found, "ben")["decision"] is None
    assert [one.decision for one in read_decisions(out)] == ["skip", "keep"]


def test_every_annotator_sees_every_image_and_goes_on_where_he_stopped(images, out):
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        for place, who in ((0, "anna"), (1, "anna"), (0, "ben")):
            session.decide(place, task_at(images, place), who, {"decision": "skip"})
    counting = Counting(images)
    with DecisionFile(out) as answers:
        session = AnnotationSession(counting, answers, 0)
        assert (session.decided("anna"), session.decided("ben"), session.decided("eve")) == (2, 1, 0)
        assert [session.is_open(place, "anna") for place in range(7)] == [False, False, True, True, True, True, True]
        assert [session.is_known(place) for place in range(7)] == [True, True, False, False, False, False, False]
        assert session.places(-1) == [0, 1, 2, 3, 4, 5, 6]
        assert session.places(1) == [2, 3, 4, 5, 6, 0, 1]
        assert session.places(6) == [0, 1, 2, 3, 4, 5, 6]
    assert counting.reads == 0


def test_a_source_that_grew_is_read_to_see_what_is_decided(tmp_path, out):
    folder = tmp_path / "photos"
    folder.mkdir()

    def add(name: str) -> None:
        cv2.imwrite(str(folder / name), np.full((30, 40, 3), 80, np.uint8))

    add("b.png")
    images = open_annotation_source(str(folder), 0)
    own = {"decision": "rewrite", "question": "Is it grey?", "answer": "yes"}
    with DecisionFile(out) as answers:
        AnnotationSession(images, answers, 0).decide(0, task_at(images, 0), "anna", own)
    add("a.png")
    counting = Counting(open_annotation_source(str(folder), 0))
    with DecisionFile(out) as answers:
        session = AnnotationSession(counting, answers, 0)
        assert [session.is_open(place, "anna") for place in range(2)] == [True, False]
    assert counting.reads == 2


def test_an_image_that_fails_is_nothing_to_decide_about(images, out):
    failure = UnavailableImage("gone", "it is gone")
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        session.learn(2, failure)
        assert not session.is_open(2, "anna")
        assert session.show(2, failure, "anna")["failure"] == "it is gone"


def test_another_seed_is_refused(images, out):
    found = task_at(images, 0)
    with DecisionFile(out) as answers:
        AnnotationSession(images, answers, 3).decide(0, found, "anna", {"decision": "skip"})
        with pytest.raises(UserError, match="was begun with --seed 3, got 0"):
            AnnotationSession(images, answers, 0)


def test_a_limit_takes_the_first_ones(images, out):
    with DecisionFile(out) as answers:
        assert len(AnnotationSession(images, answers, 0, limit=2)) == 2
        assert len(AnnotationSession(images, answers, 0, limit=20)) == 7


def test_outlines_are_drawn_where_the_objects_are():
    found = task_at(open_annotation_source("shapes:1", 0), 0)
    drawn, plain = (
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)
        for data in (draw_outlines(found), found.picture)
    )
    changed = np.abs(drawn - plain).max(axis=2) > 60
    assert drawn.shape == plain.shape
    assert 0.002 < changed.mean() < 0.3
    for one in found.marked:
        x0, y0, x1, y1 = np.clip(one.box_xyxy.round().astype(int) + (-4, -4, 4, 4), 0, None)
        assert changed[y0:y1, x0:x1].any()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"decision": "maybe"}, "decision 'maybe': expected one of keep, rewrite, skip"),
        ({"decision": "keep", "answer": "5"}, "Begin the answer with yes or no"),
        ({"decision": "keep", "answer": ""}, "Type an answer"),
        ({"decision": "keep"}, "answer: got NoneType; expected text"),
        ({"decision": "keep", "answer": 5}, "answer: got int; expected text"),
        ({"decision": "keep", "answer": "y" * 400}, f"400 characters; expected at most {LONGEST['answer']}"),
        ({"decision": "rewrite", "question": " ", "answer": "yes"}, "Write a question first"),
        ({"decision": "rewrite", "question": "q" * 600, "answer": "yes"}, "600 characters"),
        ({"decision": "rewrite", "question": "How far?", "answer": "5"}, "A length needs a number and a unit"),
        ({"decision": "rewrite", "question": "Q?", "answer": "a", "form": "colour"}, "form 'colour': unknown"),
        ({"decision": "rewrite", "question": "Q?", "answer": "a", "form": 3}, "`form` is to be text or null"),
        ({"decision": "rewrite", "question": "Q?", "answer": "a", "options": "ab"}, "`options` a list"),
        ({"decision": "rewrite", "question": "Q?", "answer": "a", "form": "choice", "options": [1]}, "option: got int"),
        ({"decision": "rewrite", "question": "Q?", "answer": "a", "form": "choice"}, "A choice needs 2 to 10 options"),
    ],
)
def test_what_is_amiss_is_said_and_nothing_is_stored(images, out, given, fault):
    with DecisionFile(out) as answers, pytest.raises(UserError, match=fault):
        AnnotationSession(images, answers, 0).decide(YES_NO, task_at(images, YES_NO), "anna", given)
    assert out.read_bytes() == b""


def test_where_nothing_is_proposed_nothing_can_be_kept(tmp_path, out):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((30, 40, 3), 80, np.uint8))
    images = open_annotation_source(str(tmp_path), 0)
    found = task_at(images, 0)
    with DecisionFile(out) as answers:
        session = AnnotationSession(images, answers, 0)
        assert session.show(0, found, "anna")["unproposed"] == "it has no depth map"
        with pytest.raises(UserError, match="no proposed question to keep"):
            session.decide(0, found, "anna", {"decision": "keep", "answer": "yes"})
        side = {"question": "Which side?", "answer": "Left.", "form": "choice", "options": ["left", "right"]}
        session.decide(0, found, "anna", {"decision": "rewrite", **side})
    (made,) = read_decisions(out)
    assert (made.proposed, made.answer, made.options, made.image) == (None, "left", ("left", "right"), "a.png")


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 61])
def test_an_annotator_has_a_name(name):
    with pytest.raises(UserError, match="annotator: "):
        annotator_name(name)
    assert annotator_name("  Anna\tB. ") == "Anna B."
