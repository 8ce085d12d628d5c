"""SpatialRGPT-Bench: truths out of its sentences, and regions drawn onto its pictures."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatialvlm.answers import Choice, Clock, Length, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.parsing.choice_answers import parse_choice
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks.spatialrgpt_bench import TASK, draw_boxes, items

GREY = cv2.imencode(".png", np.full((100, 200, 3), 128, np.uint8))[1].tobytes()
BOXES = [[10, 20, 60, 80], [100, 30, 180, 70]]


def row(category: str, question: str, answer: str, /, **changed: object) -> dict[str, object]:
    """A row as the hub's Parquet has it: all but the image is text, structures are Python literals."""
    kind = "quantitative" if category.endswith("_data") or category == "direction" else "qualitative"
    asked = question.replace("Region [0]", "<mask>").replace("Region [1]", "<mask>")
    return {
        "id": f"{kind}_3TrgWgKqnf",
        "image": {"bytes": GREY, "path": None},
        "image_info": str({"height": 100, "width": 200, "file_path": "SUNRGBD/x.jpg"}),
        "text_q": question,
        "qa_info": str({"type": kind, "category": category, "class": ["chair", "table"]}),
        "conversations": str([{"from": "human", "value": asked}, {"from": "gpt", "value": answer}]),
        "bbox": str(BOXES),
    } | changed


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def build(*rows: dict[str, object]) -> Path:
        (tmp_path / "data").mkdir()
        pq.write_table(pa.Table.from_pylist(list(rows)), tmp_path / "data" / "val-00000-of-00001.parquet")
        return tmp_path

    return build


R0, R1 = "Region [0]", "Region [1]"
N0, N1 = "Region [0]|red box", "Region [1]|blue box"  # with what they look like
WIDTH, APART = f"How wide is {R0}?", f"How far is {R0} from {R1}?"
ABOVE, WHICH = f"Is {R0} above {R1}?", f"Which is below, {R0} or {R1}?"
WHERE = f"If you are at {R0}, where will you find {R1}?"
TRUTHS = [
    # category, question, sentence of the authors' templates, row of the table, truth
    ("width_data", WIDTH, "6.76 feet", "width", Length(6.76 * 0.3048)),
    ("width_data", WIDTH, f"{R0} is 26.25 centimeters in width.", "width", Length(0.2625)),
    ("width_data", WIDTH, "It is 4.94 inches.", "width", Length(4.94 * 0.0254)),
    ("height_data", f"How tall is {R0}?", f"The height of {R0} is 2.16 meters.", "height", Length(2.16)),
    ("distance_data", APART, f"{R0} and {R1} are 3.0 meters apart.", "direct distance", Length(3.0)),
    ("vertical_distance_data", APART, "They are 50.8 inches apart.", "vertical distance", Length(1.29032)),
    (
        "horizontal_distance_data",
        APART,
        "Horizontally, They are 0.0 inches apart.",
        "horizontal distance",
        Length(0.0),
    ),
    ("direction", WHERE, f"{R1} is roughly at 2 o'clock from {R0}.", "direction", Clock(2)),
    ("direction", WHERE, f"{R0} will find {R1} around the 12 o'clock direction.", "direction", Clock(12)),
    ("above_predicate", ABOVE, f"Yes, {R0} is above {R1}.", "below/above", (YesNo(True), (N0, N1, "above", "below"))),
    (
        "above_predicate",
        ABOVE,
        f"Indeed, {R0} is positioned over {R1}.",
        "below/above",
        (YesNo(True), (N0, N1, "above", "below")),
    ),
    (
        "above_predicate",
        ABOVE,
        f"Actually, {R0} is below {R1}.",
        "below/above",
        (YesNo(False), (N0, N1, "above", "below")),
    ),
    (
        "tall_predicate",
        f"Is {R0} taller than {R1}?",
        f"Correct, {R0} is much taller as {R1}.",
        "tall/short",
        (YesNo(True), (N0, N1, "tall", "short")),
    ),
    (
        "short_predicate",
        f"Is {R0} shorter than {R1}?",
        f"In fact, {R0} may be taller than {R1}.",
        "tall/short",
        (YesNo(False), (N0, N1, "short", "tall")),
    ),
    (
        "thin_predicate",
        f"Is {R0} thinner than {R1}?",
        f"Incorrect, {R0}'s width is not less than {R1}'s.",
        "wide/thin",
        (YesNo(False), (N0, N1, "thin", "wide")),
    ),
    ("behind_predicate", f"Is {R0} behind {R1}?", "No.", "behind/front", (YesNo(False), (N0, N1, "behind", "front"))),
    (
        "front_predicate",
        f"Is {R0} in front of {R1}?",
        "That is True.",
        "behind/front",
        (YesNo(True), (N0, N1, "front", "behind")),
    ),
    (
        "front_predicate",
        f"Is {R0} in front of {R1}?",
        "That is False.",
        "behind/front",
        (YesNo(False), (N0, N1, "front", "behind")),
    ),
    (
        "big_predicate",
        f"Is {R1} bigger than {R0}?",
        "Yes, it is.",
        "big/small",
        (YesNo(True), (N1, N0, "big", "small")),
    ),
    (
        "below_choice",
        WHICH,
        f"Positioned lower is {R1}.",
        "below/above",
        (Choice((R0, R1), 1), (N0, N1, "below", "above")),
    ),
    (
        "left_choice",
        f"Which is more to the left, {R1} or {R0}?",
        f"From the viewer's perspective, {R1} appears more on the left side.",
        "left/right",
        (Choice((R1, R0), 0), (N1, N0, "left", "right")),
    ),
    (
        "short_choice",
        f"Who is shorter, {R0} or {R1}?",
        f"With less height is {R0}.",
        "tall/short",
        (Choice((R0, R1), 0), (N0, N1, "short", "tall")),
    ),
]


@pytest.mark.parametrize(("category", "question", "sentence", "kind", "truth"), TRUTHS)
def test_truths_are_read_from_sentences(folder, category, question, sentence, kind, truth):
    (item,) = items(folder(row(category, question, sentence)))
    assert item.kind == kind
    assert item.question == question
    if isinstance(truth, Length):
        assert isinstance(item.truth, Length)
        assert (item.truth.metres, item.reading.rule) == (pytest.approx(truth.metres), "within_25")
    else:
        told, relation = truth if isinstance(truth, tuple) else (truth, None)
        assert (item.truth, item.reading.relation) == (told, relation)


@pytest.mark.parametrize(
    ("category", "question", "sentence", "says"),
    [
        ("width_data", WIDTH, "It is wide.", "expected one number in meters"),
        ("width_data", WIDTH, "It is 3 meters, or 10 feet.", "expected one number in meters"),
        ("width_data", WIDTH, "It is 3 cubits.", "expected one number in meters"),
        ("direction", WHERE, "To the right.", "expected one hour"),
        ("direction", WHERE, "At 13 o'clock.", "expected one hour"),
        ("above_predicate", ABOVE, f"{R0} is above {R1}.", "expected it to begin with"),
        ("above_predicate", ABOVE, f"Nobody can say whether {R0} is.", "expected it to begin with"),
        ("below_choice", WHICH, f"{R0} is below {R1}.", "expected one of them"),
        ("below_choice", WHICH, "Neither.", "expected one of them"),
        ("below_choice", f"Is {R0} below?", f"{R0}.", "of two regions"),
        ("colour_predicate", ABOVE, "Yes.", "category 'colour_predicate'"),
        ("above_guess", ABOVE, "Yes.", "category 'above_guess'"),
        ("width_data", "How wide is Region [2]?", "3 meters", "expected regions that have a box"),
        ("width_data", "How wide is it?", "3 meters", "expected regions that have a box"),
    ],
)
def test_a_truth_that_cannot_be_derived_is_an_error_that_names_the_row(folder, category, question, sentence, says):
    with pytest.raises(UserError, match=r"SpatialRGPT-Bench row qua\w*_3TrgWgKqnf: ") as caught:
        list(items(folder(row(category, question, sentence))))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"bbox": "[[1, 2, 3]]"}, "expected a list of (x1, y1, x2, y2)"),
        ({"bbox": "none"}, "expected a Python literal"),
        ({"bbox": str([[0, 0, 1, 1]] * 9)}, "there are 8 colours"),
        ({"conversations": "[]"}, "expected a question and its answer"),
        ({"image": {"bytes": b"no image", "path": None}}, "cannot be decoded"),
    ],
)
def test_a_row_that_is_damaged_is_named(folder, changed, says):
    with pytest.raises(UserError, match="SpatialRGPT-Bench row quantitative_3TrgWgKqnf: ") as caught:
        list(items(folder(row("width_data", WIDTH, "3 meters", **changed))))
    assert says in str(caught.value)


def only(found: Path) -> Item:
    (item,) = items(found)
    return item


def test_the_prompt_says_which_region_is_which_box_and_only_those_asked_about_are_drawn(folder):
    item = only(folder(row("width_data", f"How wide is {R1}?", "3 meters")))
    assert item.prompt == ("Region [1] is the blue box.\nHow wide is Region [1]?\nAnswer with one length and its unit.")
    (picture,) = item.pictures
    assert isinstance(picture, bytes)
    pixels = cv2.cvtColor(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert tuple(pixels[30, 140]) == (0, 0, 255), "the upper line of the second box"
    assert tuple(pixels[20, 30]) == (128, 128, 128), "no line of the first box"
    assert tuple(pixels[50, 140]) == (128, 128, 128), "inside it is as it was"


def test_meta_holds_what_is_known_of_a_row(folder):
    item = only(folder(row("below_choice", WHICH, f"{R1} is below.")))
    assert item.meta == {
        "type": "qualitative",
        "category": "below_choice",
        "class": ["chair", "table"],
        "answer": f"{R1} is below.",
        "bbox": [[10.0, 20.0, 60.0, 80.0], [100.0, 30.0, 180.0, 70.0]],
    }


def test_drawing_loses_nothing_and_small_boxes_lie_above():
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    image = cv2.imencode(".png", noise)[1].tobytes()
    drawn = cv2.imdecode(np.frombuffer(draw_boxes(image, {}), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(drawn, noise)
    # The small one is region 0, and both share their upper line.
    both = draw_boxes(image, {0: (30.0, 10.0, 50.0, 20.0), 1: (-5.0, 10.0, 500.0, 500.0)})
    pixels = cv2.imdecode(np.frombuffer(both, np.uint8), cv2.IMREAD_COLOR)
    assert tuple(pixels[10, 40]) == (0, 0, 255), "BGR: red"
    assert tuple(pixels[10, 60]) == (255, 0, 0), "BGR: blue"
    assert tuple(pixels[59, 60]) == (255, 0, 0), "boxes that reach out of the picture end at its edge"


def test_answers_to_choices_and_predicates_are_scored_without_a_judge(folder):
    choosing = only(folder(row("below_choice", WHICH, f"{R1} is below.")))
    assert score_item(choosing, "Region [1]").robust.value == 1.0
    assert score_item(choosing, "Region [0].").robust.value == 0.0
    assert score_item(choosing, "Region [0] is above Region [1].").robust.value == 1.0
    assert score_item(choosing, "").robust.value == 0.0
    assert TASK.official is None


def test_an_hour_next_to_the_truth_is_right_and_a_quarter_of_a_length_is_allowed(folder):
    hour, width = items(folder(row("direction", WHERE, "12 o'clock"), row("width_data", WIDTH, "4.0 meters")))
    assert [score_item(hour, said).robust.value for said in ("1 o'clock", "11 o'clock", "2 o'clock")] == [1.0, 1.0, 0.0]
    assert [score_item(width, said).robust.value for said in ("3 m", "500 cm", "2.9 m", "")] == [1.0, 1.0, 0.0, 0.0]


def test_the_figures_are_those_of_relations_and_of_measures(folder):
    root = folder(
        row("above_predicate", ABOVE, "No."), row("direction", WHERE, "3 o'clock"), row("width_data", WIDTH, "1 meter")
    )
    scored = [score_item(item, "no") for item in items(root)]
    assert TASK.figures
    assert TASK.figures(scored, [1.0, 1.0, 0.0]) == {"qualitative": 1.0, "quantitative": 0.5}
    assert TASK.figures(scored[:1], [1.0]) == {"qualitative": 1.0}


@pytest.mark.parametrize(
    "answer",
    [
        R1,
        "region 1",
        "Region (1).",
        "The blue box.",
        "Region 1 is below Region 0.",
        "The red box is above the blue one: Region [1].",
    ],
)
def test_regions_are_read_by_number_and_by_colour(answer):
    reading = AnswerReading(lettered=False, relation=(N0, N1, "below", "above"))
    assert parse_choice(answer, (R0, R1), reading).value == 1
