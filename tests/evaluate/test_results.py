"""The folder of a run: what was written comes back, and a damaged one is named with the fix."""

import json
from pathlib import Path

import pytest

from spatialvlm.answers import CannotTell, Choice, Length, Order, Region
from spatialvlm.errors import DatasetError
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.results import Run, TaskRun, read_results, read_run, write_run, write_scored
from spatialvlm.evaluate.scoring import PARSER, score_item

AGAIN = "run the command that made it again"
ITEMS = (
    (Item("a", "distance", "How\u2028far?", "How far?", (), Length(1.0), {}), "1 m"),
    (Item("b", "which", "Which?", "Which?", (), Choice(("x", "y"), 1), {}), None),
    (
        Item("d", "order", "In which order?", "In?", (), Order(("x", "y")), {}, AnswerReading("mra", "meter", False)),
        "y, x",
    ),
    (Item("e", "hidden", "Is it?", "Is it?", (), CannotTell("occluded"), {}), "It can't be told."),
    (Item("c", "place", "Where?", "Where?", (), Region(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))), {}), "(0.7, 0.2)"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    scored = [score_item(item, answer) for item, answer in ITEMS]
    write_scored(tmp_path, "folder", scored)
    task = TaskRun("folder", "files:0", len(scored), None, "0" * 64, PARSER, False, "image", "")
    write_run(tmp_path, Run("transformers:/home/anna/weights", None, {"seed": 0}, (task,)))
    return tmp_path


def change(path: Path, **fields: object) -> None:
    data = json.loads(path.read_text()) | fields
    path.write_text(json.dumps({name: value for name, value in data.items() if value is not ...}))


def test_what_was_written_comes_back(folder: Path):
    results = read_results(folder)
    assert results.run.model == "transformers:/home/anna/weights"
    for (item, answer), back in zip(ITEMS, results.scored["folder"], strict=True):
        assert (back.item.id, back.item.truth, back.item.reading) == (item.id, item.truth, item.reading)
        again = score_item(item, answer)
        assert (back.answer, back.parsed, back.robust) == (answer, again.parsed, again.robust)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"format": 99}, "of another format, expected 2; evaluate again with this version"),
        ({"tasks": ...}, "has no list of tasks, or no settings"),
        ({"tasks": {}}, "has no list of tasks, or no settings"),
        ({"settings": None}, "has no list of tasks, or no settings"),
        ({"model": ...}, "run.json: no 'model'; run"),
        ({"mood": "good"}, "unknown 'mood'"),
        ({"tasks": [{"task": "folder"}]}, "no 'data', no 'items', no 'licence'"),
        ({"tasks": ["folder"]}, "no 'data', no 'items'"),
    ],
)
def test_a_head_without_its_fields_is_damaged(folder: Path, fields: dict, says: str):
    change(folder / "run.json", **fields)
    with pytest.raises(DatasetError, match=says) as raised:
        read_run(folder)
    assert "run.json" in str(raised.value)


@pytest.mark.parametrize("content", [b"[]", b"3", b'{"format": 1', b"\xff\xfe"])
def test_a_head_that_is_no_object_is_damaged(folder: Path, content: bytes):
    (folder / "run.json").write_bytes(content)
    with pytest.raises(DatasetError, match=rf"run.json: .*; {AGAIN}"):
        read_run(folder)


def cut(line: str) -> str:
    return line[: len(line) // 2]


def without(line: str, *names: str) -> str:
    return json.dumps({name: value for name, value in json.loads(line).items() if name not in names})


def with_(line: str, **fields: object) -> str:
    return json.dumps(json.loads(line) | fields)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (cut, r"line 2: damaged \(.*"),
        (lambda line: "[1, 2]", r"line 2: damaged \(.*"),
        (lambda line: without(line, "kind"), r"line 2: has no 'kind'"),
        (lambda line: without(line, "robust"), r"line 2: has no 'robust'"),
        (lambda line: with_(line, parsed={}), r"line 2: has no 'value'"),
        (lambda line: with_(line, parsed={"value": 1, "mood": 2}), r"line 2: damaged \(.*"),
        (lambda line: with_(line, truth={"form": "size"}), r"line 2: damaged \(answer of form 'size'"),
        (lambda line: with_(line, reading={"rule": None}), r"line 2: damaged \(reading of an item"),
        (lambda line: with_(line, pictures=None), r"line 2: damaged \(.*"),
        (lambda line: with_(line, robust=3), r"line 2: damaged \(.*"),
        (lambda line: "", "got 4 items, expected 5"),
    ],
)
def test_a_damaged_line_is_named(folder: Path, damage, says: str):
    path = folder / "folder.jsonl"
    lines = path.read_text().split("\n")
    lines[1] = damage(lines[1])
    path.write_text("\n".join(lines))
    with pytest.raises(DatasetError, match=rf"folder.jsonl:? ?{says}.*; {AGAIN}"):
        read_results(folder)


@pytest.mark.parametrize("content", [b"", b"\xff\n", None])
def test_a_file_of_answers_that_is_cut_off_or_missing_is_named(folder: Path, content: bytes | None):
    path = folder / "folder.jsonl"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"folder.jsonl: .*; {AGAIN}"):
        read_results(folder)
