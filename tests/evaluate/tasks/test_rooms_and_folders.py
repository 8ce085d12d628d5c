"""Our own data as tasks: the rooms benchmark, any dataset, any JSONL file."""

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

import spatialvlm as sv
from spatialvlm.answers import (
    SAME,
    Angle,
    Area,
    BoundingBox,
    CannotTell,
    Choice,
    Clock,
    Count,
    Length,
    Order,
    Region,
    YesNo,
)
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.folder import left_out
from spatialvlm.kinds import KINDS
from spatialvlm.quantities import UNITS


def test_every_question_of_a_dataset_is_an_item_and_its_own_answer_is_right(shapes: Path):
    items = list(load_task("folder").items(shapes))
    questions = [qa for _, asked in sv.read(shapes).questions() for qa in asked]
    assert [item.question for item in items] == [qa.question for qa in questions]
    assert len({item.id for item in items}) == len(items)
    assert any(is_even(qa) for qa in questions), "the case of three options must be there"
    for item, qa in zip(items, questions, strict=True):
        assert item.prompt == f"{item.question} {KINDS[qa.kind].form.asks_for(qa.value)}"
        scored = score_item(item, qa.answer)
        assert scored.robust.value == 1.0 or is_even(qa), (item.question, qa.answer, scored.robust)
        assert sv.score(qa, qa.answer) == scored.robust
        assert item.truth == qa.value


def is_even(qa: sv.QA) -> bool:
    return isinstance(qa.value, Choice) and qa.value.chosen == SAME


PROMPTS = {
    "distance": "Answer with a number and its unit.",
    "left_difference": "Answer with a number and its unit.",
    "left_predicate": "Answer yes or no.",
    "left_choice": "Answer with its name.",
    "left_right_classify": "Answer with one word.",
}


@pytest.mark.parametrize("kind", PROMPTS)
def test_what_to_answer_with_has_the_words_that_it_always_had(kind: str):
    truth = YesNo(True) if "predicate" in kind else Length(1.0)
    assert KINDS[kind].form.asks_for(truth) == PROMPTS[kind]
    even = Choice(("yes", "no", SAME), 2)
    assert KINDS["left_predicate"].form.asks_for(even) == "Answer yes or no, or 'about the same'."


def test_a_unit_that_the_question_names_is_what_a_bare_number_counts_in(shapes: Path):
    named = [item for item in load_task("folder").items(shapes) if item.reading.unit]
    assert named
    for item in named:
        assert isinstance(item.truth, Length)
        plural = next(unit.plural for unit in UNITS if unit.name == item.reading.unit)
        assert plural in item.question
        per_metre = {"meter": 1.0, "centimeter": 100.0, "foot": 1 / 0.3048, "inch": 1 / 0.0254}[str(item.reading.unit)]
        said = score_item(item, f"{item.truth.metres * per_metre:.6g}").parsed.value
        assert said == pytest.approx(item.truth.metres, 1e-4)


def test_only_rooms_of_the_benchmark_are_the_rooms_benchmark(shapes: Path):
    with pytest.raises(
        UserError, match="got frame 'shapes-000000', expected rooms of the benchmark; spatialvlm benchmark"
    ):
        list(load_task("rooms").items(shapes))


LINES = [
    ({"form": "length", "answer": "about 1.2 m"}, Length(1.2)),
    ({"form": "length", "answer": 2}, Length(2.0)),
    ({"form": "length", "answer": "30", "unit": "centimeter"}, Length(0.3)),
    ({"form": "length", "answer": "30", "unit": "cm", "rule": "within_25"}, Length(0.3)),
    ({"form": "angle", "answer": 90}, Angle(math.pi / 2)),
    ({"form": "angle", "answer": "0.5 rad"}, Angle(0.5)),
    ({"form": "count", "answer": 4}, Count(4)),
    ({"form": "number", "answer": 4.0}, Count(4)),
    ({"form": "number", "answer": 0, "rule": "within_10"}, Count(0)),
    ({"form": "area", "answer": 12.5}, Area(12.5)),
    ({"form": "order", "answer": ["the mug", "the bowl"]}, Order(("the mug", "the bowl"))),
    ({"form": "cannot_tell", "answer": "hidden"}, CannotTell("hidden")),
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
    ({"form": "bounding_box", "answer": [0, 0.25, 1, 0.5]}, BoundingBox(0.0, 0.25, 1.0, 0.5)),
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
    unit = {"cm": "centimeter"}.get(line.get("unit", ""), line.get("unit"))
    assert item.reading == AnswerReading(line.get("rule"), unit)
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
        ({"form": "size", "answer": 1}, "got the form 'size'; expected one of length, angle, count"),
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
        ({"form": "number", "answer": float("inf")}, "got the answer Infinity, expected a whole number"),
        ({"form": "number", "answer": 10**400}, "expected a whole number"),
        (
            {"form": "number", "answer": -3},
            "expected a whole number, not negative; a length or",
        ),
        ({"form": "number", "answer": 2.5}, "expected a whole number"),
        ({"form": "angle", "answer": "steep"}, "expected degrees, or a text with a unit"),
        ({"form": "area", "answer": "large"}, "expected square metres, not negative"),
        ({"form": "order", "answer": ["a", "a"]}, "expected a list of two or more names that differ"),
        ({"form": "cannot_tell", "answer": 1}, "expected a text, the reason"),
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
        ({"form": ["length"], "answer": 1}, "expected one of length, angle, count"),
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
