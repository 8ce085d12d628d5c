"""The file of answers: whatever happens to it, what was decided is there."""

import json

import pytest

from spatialvlm.annotate.decisions import (
    Decision,
    DecisionFile,
    PipelineQuestion,
    from_line,
    latest,
    read_decisions,
    to_line,
)
from spatialvlm.errors import UserError

KEPT = Decision(
    "room/1",
    "anna",
    "keep",
    PipelineQuestion("Which is left, the mug or the lamp?", "left_choice", "The mug.", "the mug"),
    "Which is left, the mug or the lamp?",
    "the lamp",
    "choice",
    ("the mug", "the lamp"),
    "left_choice",
    "human_images/room_1.png",
    3,
    "abc",
    7,
)
SKIPPED = Decision("room/2", "anna", "skip", source="abc")
COUNTED = Decision("room/4", "ben", "rewrite", question="How many?", answer="3", form="number", kind="written")
UNTOLD = Decision("room/3", "ben", "rewrite", question="How “far”\u2028is it?", form="length", kind="written")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new folder" / "human.jsonl"


def write(path, *decisions):
    with DecisionFile(path) as answers:
        for decision in decisions:
            answers.add(decision)


@pytest.mark.parametrize("decision", [KEPT, SKIPPED, UNTOLD, COUNTED])
def test_a_decision_is_a_line_and_a_line_is_a_decision(decision):
    line = to_line(decision)
    assert from_line(line, "here") == decision
    assert line.isascii()
    assert len(line.splitlines()) == 1


def test_a_line_has_what_a_benchmark_of_ones_own_needs():
    data = json.loads(to_line(KEPT))
    assert data["id"] == "room/1@anna"
    named = ("question", "answer", "form", "options", "kind", "image")
    assert [data[name] for name in named] == [
        "Which is left, the mug or the lamp?",
        "the lamp",
        "choice",
        ["the mug", "the lamp"],
        "left_choice",
        "human_images/room_1.png",
    ]
    assert json.loads(to_line(COUNTED))["answer"] == 3


def test_the_last_decision_counts(path):
    changed = Decision("room/1", "anna", "skip")
    write(path, KEPT, SKIPPED, changed)
    assert len(path.read_text().splitlines()) == 3
    assert list(latest(read_decisions(path)).values()) == [changed, SKIPPED]


def test_what_is_decided_already_is_not_written_again(path):
    with DecisionFile(path) as answers:
        assert answers.add(KEPT)
        assert not answers.add(KEPT)
    with DecisionFile(path) as answers:
        assert not answers.add(KEPT)
        assert answers.add(SKIPPED)
    assert len(path.read_text().splitlines()) == 2


def test_two_lines_that_are_alike_count_once(path):
    write(path, KEPT)
    path.write_text(2 * path.read_text())
    with DecisionFile(path) as answers:
        assert list(answers.decisions.values()) == [KEPT]


@pytest.mark.parametrize("left", [1, 20, 2])
def test_a_line_that_a_crash_cut_off_is_removed_and_made_again(path, left):
    write(path, KEPT, SKIPPED)
    whole = path.read_bytes()
    path.write_bytes(whole + to_line(UNTOLD).encode()[:left])
    assert read_decisions(path) == [KEPT, SKIPPED]
    with DecisionFile(path) as answers:
        assert list(answers.decisions.values()) == [KEPT, SKIPPED]
        assert path.read_bytes() == whole
        answers.add(UNTOLD)
    assert read_decisions(path) == [KEPT, SKIPPED, UNTOLD]


def test_a_line_cut_off_within_a_character_is_removed(path):
    write(path, KEPT)
    whole = path.read_bytes()
    path.write_bytes(whole + '{"frame": "ä'.encode()[:-1])
    write(path, SKIPPED)
    assert read_decisions(path) == [KEPT, SKIPPED]


def test_a_whole_last_line_without_its_end_is_kept(path):
    write(path, KEPT, SKIPPED)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    write(path, UNTOLD)
    assert read_decisions(path) == [KEPT, SKIPPED, UNTOLD]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{", "no JSON"),
        (b"[1]", "got list; expected a JSON object"),
        (b'{"id": "x", "question": "How far?"}', "names no frame, annotator and decision"),
        (b'{"frame": "f", "annotator": "a", "decision": "keep"}', "has no question with a form"),
        (b'{"frame": "f", "annotator": "a", "decision": "skip", "answer": 3}', "`answer` is not of its type or null"),
        (
            b'{"frame": "f", "annotator": "a", "decision": "keep", "question": "?", "form": "number", "answer": "3"}',
            "`answer` is not of its type or null",
        ),
        (b'{"frame": "f", "annotator": "a", "decision": "skip", "proposed": {"x": 1}}', "`proposed` is no object"),
        (b"\xff\xfe", "is no UTF-8 text"),
    ],
)
def test_a_damaged_line_within_the_file_is_named(path, line, fault):
    write(path, KEPT)
    path.write_bytes(path.read_bytes() + line + b"\n")
    for read in (read_decisions, DecisionFile):
        with pytest.raises(UserError, match=f"human.jsonl line 2: {fault}"):
            read(path)


def test_a_missing_file_is_no_file_of_answers(path):
    with pytest.raises(UserError, match="cannot be read"):
        read_decisions(path)


def test_one_process_at_a_time_writes(path):
    with DecisionFile(path), pytest.raises(UserError, match="another process is annotating into it"):
        DecisionFile(path)
    write(path, KEPT)


def test_a_folder_is_no_file_to_write(tmp_path):
    with pytest.raises(UserError, match="cannot write"):
        DecisionFile(tmp_path)
