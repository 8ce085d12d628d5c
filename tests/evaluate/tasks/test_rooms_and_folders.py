"""Our own data as tasks: the rooms benchmark, any dataset, any JSONL file."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Choice, Clock, Item, Length, Number, Region, YesNo
from spatialvlm.evaluate.scoring import score
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.folder import left_out
from spatialvlm.kinds import KINDS
from spatialvlm.quantities import UNITS


def test_every_question_of_a_dataset_is_an_item_and_its_own_answer_is_right(shapes: Path):
    items = list(load_task("folder").items(shapes))
    questions = [qa for _, asked in sv.read(shapes).questions() for qa in asked]
    assert [item.question for item in items] == [qa.question for qa in questions]
    assert len({item.id for item in items}) == len(items)
    assert {"similar"} & {str(qa.fact.value) for qa in questions}, "the case of three options must be there"
    for item, qa in zip(items, questions, strict=True):
        assert item.prompt.startswith(item.question)
        scored = score(item, qa.answer)
        assert scored.robust.value == 1.0 or qa.fact.value == "similar", (item.question, qa.answer, scored.robust)
        expected = {"length": Length, "predicate": YesNo, "choice": Choice, "classify": Choice}[KINDS[qa.kind].form]
        assert isinstance(item.truth, Choice if qa.fact.value == "similar" else expected)


def test_a_unit_that_the_question_names_is_what_a_bare_number_counts_in(shapes: Path):
    named = [item for item in load_task("folder").items(shapes) if isinstance(item.truth, Length) and item.truth.unit]
    assert named
    for item in named:
        assert isinstance(item.truth, Length)
        plural = next(unit.plural for unit in UNITS if unit.name == item.truth.unit)
        assert plural in item.question
        per_metre = {"meter": 1.0, "centimeter": 100.0, "foot": 1 / 0.3048, "inch": 1 / 0.0254}[str(item.truth.unit)]
        assert score(item, f"{item.truth.metres * per_metre:.6g}").parsed.value == pytest.approx(
            item.truth.metres, 1e-4
        )


def test_only_rooms_of_the_benchmark_are_the_rooms_benchmark(shapes: Path):
    with pytest.raises(
        UserError, match="got frame 'shapes-000000', expected rooms of the benchmark; spatialvlm benchmark"
    ):
        list(load_task("rooms").items(shapes))


LINES = [
    ({"form": "length", "answer": "about 1.2 m"}, Length(1.2)),
    ({"form": "length", "answer": 2}, Length(2.0)),
    ({"form": "length", "answer": "30", "unit": "centimeter"}, Length(0.3, unit="centimeter")),
    ({"form": "length", "answer": "30", "unit": "cm", "rule": "within_25"}, Length(0.3, "within_25", "centimeter")),
    ({"form": "number", "answer": 4}, Number(4.0)),
    ({"form": "number", "answer": 0, "rule": "within_10"}, Number(0.0, "within_10")),
    ({"form": "yes_no", "answer": "Yes."}, YesNo(True)),
    ({"form": "yes_no", "answer": False}, YesNo(False)),
    ({"form": "choice", "options": ["left", "right"], "answer": "right"}, Choice(("left", "right"), 1)),
    ({"form": "choice", "options": ["left", "right"], "answer": "A"}, Choice(("left", "right"), 0)),
    ({"form": "choice", "options": ["left", "right"], "answer": 1}, Choice(("left", "right"), 1)),
    ({"form": "choice", "options": ["1", "2", "3"], "answer": 1}, Choice(("1", "2", "3"), 0)),
    ({"form": "choice", "options": ["1", "2", "3"], "answer": "1"}, Choice(("1", "2", "3"), 0)),
    ({"form": "choice", "options": ["0.5", "1.5"], "answer": 1.5}, Choice(("0.5", "1.5"), 1)),
    ({"form": "choice", "options": ["B", "A"], "answer": " A"}, Choice(("B", "A"), 1)),
    ({"form": "choice", "options": [*"klmnopqrst"], "answer": "J"}, Choice((*"klmnopqrst",), 9)),
    ({"form": "clock", "answer": 11}, Clock(11)),
    ({"form": "clock", "answer": 3.0}, Clock(3)),
    ({"form": "region", "answer": [[0, 0], [1, 0], [1, 1]]}, Region(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))),
]


def written(folder: Path, *lines: dict) -> Path:
    cv2.imwrite(str(folder / "a.png"), np.zeros((4, 4, 3), np.uint8))
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps({"image": "a.png", "question": "How?"} | line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(("line", "truth"), LINES)
def test_a_line_says_its_truth(line: dict, truth: object, tmp_path: Path):
    (item,) = load_task("folder").items(written(tmp_path, line))
    assert item.truth == truth
    assert item.pictures == (tmp_path / "a.png",)
    assert item.prompt.startswith("How? ")


def test_of_lines_with_one_id_the_last_counts_and_what_has_no_answer_is_left_out(tmp_path: Path):
    path = written(
        tmp_path,
        {"id": "1", "form": "length", "answer": "1 m"},
        {"id": "2", "form": "length", "answer": "2 m", "decision": "skip"},
        {"id": "3", "form": "length", "answer": None},
        {"id": "4", "form": "text", "answer": "rather dark"},
        {"id": "1", "form": "length", "answer": "5 m"},
    )
    assert [(item.id, item.truth) for item in load_task("folder").items(path)] == [("1", Length(5.0))]
    assert left_out(path) == {
        "free text, which no rule can score": 1,
        "skipped": 1,
        "superseded by a later line": 1,
        "without an answer": 1,
    }
    assert left_out(written(tmp_path, LINES[0][0])) == {}


def test_a_dataset_leaves_nothing_out(shapes: Path):
    assert left_out(shapes) == {}


def test_a_line_without_an_id_has_its_number_for_one(tmp_path: Path):
    path = written(tmp_path, {"form": "number", "answer": 1}, {"id": "x", "form": "number", "answer": 2})
    path.write_text("\n" + path.read_text())
    assert [item.id for item in load_task("folder").items(path)] == ["2", "x"]


@pytest.mark.parametrize("lines", [({"id": "2"}, {}), ({}, {"id": 1})])
def test_a_number_that_is_the_id_of_another_line_is_refused(lines: tuple[dict, ...], tmp_path: Path):
    path = written(tmp_path, *({"form": "number", "answer": 1} | line for line in lines))
    with pytest.raises(UserError, match=r"id '[12]': of .*questions.jsonl line 1 and of .*questions.jsonl line 2"):
        list(load_task("folder").items(path))


@pytest.mark.parametrize(("first", "second"), [({}, {}), ({"id": "7"}, {"id": 7}), ({"id": "1"}, {})])
def test_files_of_one_folder_share_no_ids(first: dict, second: dict, tmp_path: Path):
    line = {"form": "number", "answer": 1}
    written(tmp_path, line | first).rename(tmp_path / "more.jsonl")
    written(tmp_path, line | second)
    with pytest.raises(UserError, match=r"of .*more.jsonl line 1 and of .*questions.jsonl line 1; .* or name one file"):
        list(load_task("folder").items(tmp_path))
    assert len(list(load_task("folder").items(tmp_path / "more.jsonl"))) == 1


@pytest.mark.parametrize("id_", ["", " ", True, 1.5, ["a"]])
def test_an_id_is_a_text_or_an_integer(id_: object, tmp_path: Path):
    with pytest.raises(UserError, match=r"questions.jsonl line 1: got the id .*; expected text"):
        list(load_task("folder").items(written(tmp_path, {"id": id_, "form": "number", "answer": 1})))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"form": "length", "answer": "big"}, r'got the answer "big", expected metres, or a text with a unit'),
        ({"form": "size", "answer": 1}, "got the form 'size'; expected one of length, number"),
        ({"form": "choice", "options": ["a"], "answer": "a"}, "expected two or more texts under 'options'"),
        ({"form": "choice", "answer": "a"}, "got the options null; expected two or more texts"),
        ({"form": "choice", "options": ["a", " "], "answer": "a"}, "expected two or more texts"),
        ({"form": "choice", "options": ["a", "b", "a "], "answer": "a"}, "got the option 'a' more than once"),
        ({"form": "choice", "options": [*"abcdefghijk"], "answer": "a"}, "got 11 options, more than 10"),
        ({"form": "choice", "options": ["left", "right"], "answer": 2}, "expected one of 'options'"),
        ({"form": "choice", "options": ["left", "right"], "answer": -1}, "expected one of 'options'"),
        ({"form": "choice", "options": ["left", "right"], "answer": True}, "expected one of 'options'"),
        ({"form": "choice", "options": ["left", "right"], "answer": ["left"]}, "expected one of 'options'"),
        ({"form": "choice", "options": ["1", "1.0"], "answer": 1}, "expected one of 'options'"),
        ({"form": "length", "answer": -1}, "expected metres, or a text with a unit, not negative"),
        ({"form": "length", "answer": float("nan")}, "got the answer NaN"),
        ({"form": "length", "answer": 1, "unit": "cubit"}, 'got the unit "cubit"; expected one of meter'),
        ({"form": "length", "answer": 1, "unit": 1}, "got the unit 1;"),
        ({"form": "length", "answer": 1, "rule": "exact"}, 'got the rule "exact"; expected one of within_2'),
        ({"form": "number", "answer": float("inf")}, "got the answer Infinity, expected a number, not negative"),
        ({"form": "number", "answer": 10**400}, "expected a number"),
        ({"form": "number", "answer": -3}, "expected a number, not negative"),
        ({"form": "number", "answer": 3, "rule": ["mra"]}, "expected one of within_2"),
        ({"form": "clock", "answer": 3.5}, "expected a whole hour"),
        ({"form": "region", "answer": [[0, 0], [1, 0]]}, "expected three or more corners"),
        ({"form": "region", "answer": "left"}, "expected three or more corners"),
        (
            {"form": "region", "answer": [[0, 0], [640, 0], [1, 1]]},
            r"not \[640.0, 0.0\]: in pixels\? divide by the size",
        ),
        ({"form": "region", "answer": [[0, 0], [float("nan"), 0], [1, 1]]}, "corners as shares"),
        ({"form": "length", "answer": 1, "prompt": ["a"]}, 'got the prompt \\["a"\\]; expected a text'),
        ({"form": "length", "answer": 1, "images": "a.png"}, 'got the images "a.png"; expected a list'),
        ({"form": ["length"], "answer": 1}, "expected one of length, number"),
        ({"form": "choice", "options": ["a cat", "a dog"], "answer": "fish"}, "expected one of 'options'"),
        ({"form": "clock", "answer": 13}, "expected a whole hour, 1 to 12"),
        ({"form": "yes_no", "answer": "perhaps"}, "expected true, false, yes or no"),
        ({"form": "length", "answer": 1, "question": ""}, "has no question"),
        ({"form": "length", "answer": 1, "image": "b.png"}, "no such file"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(line: dict, message: str, tmp_path: Path):
    with pytest.raises(UserError, match=message) as raised:
        list(load_task("folder").items(written(tmp_path, {"id": "the-id", **line})))
    assert "the-id" in str(raised.value)


def test_items_survive_json(tmp_path: Path):
    from spatialvlm.evaluate.items import truth_from_json, truth_to_json

    for _, truth in LINES:
        assert truth_from_json(json.loads(json.dumps(truth_to_json(truth)))) == truth
    with pytest.raises(UserError, match="form 'size': expected one of"):
        truth_from_json({"form": "size"})
    with pytest.raises(UserError, match="got meters; expected metres, rule, unit"):
        truth_from_json({"form": "length", "meters": 1.0})
    assert isinstance(next(iter(load_task("folder").items(written(tmp_path, LINES[0][0])))), Item)
