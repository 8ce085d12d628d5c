"""Q-Spatial Bench: its two splits in the hub's layout, and the official rule with its faults, answer by answer."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatialvlm.answers import Length
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks.qspatial import TASK, items, official

SCHEMA = pa.schema(
    {
        "question": pa.string(),
        "answer_value": pa.float32(),
        "answer_unit": pa.string(),
        "question_type": pa.string(),
        "image_path": pa.string(),
        "image": pa.struct({"bytes": pa.binary(), "path": pa.string()}),
    }
)
PNG = cv2.imencode(".png", np.zeros((4, 6, 3), np.uint8))[1].tobytes()


def plus(**changed: object) -> dict[str, object]:
    return {
        "question": "How far is the mug from the bowl?",
        "answer_value": 96.0,
        "answer_unit": "centimeter",
        "question_type": "horizontal_distance",
        "image_path": "QSpatial_plus/images/1.jpg",
        "image": {"bytes": PNG, "path": "1.jpg"},
    } | changed


def scannet(**changed: object) -> dict[str, object]:
    found = {
        "answer_value": 1.5,
        "answer_unit": "meter",
        "question_type": "object_width",
        "image_path": "QSpatial_scannet/images/scene0015_00/color/0.jpg",
        "image": None,
    }
    return plus(**(found | changed))


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def build(*rows: dict[str, object]) -> Path:
        (tmp_path / "data").mkdir()
        for split in ("QSpatial_plus", "QSpatial_scannet"):
            held = [row for row in rows if str(row["image_path"]).startswith(split)]
            pq.write_table(pa.Table.from_pylist(held, SCHEMA), tmp_path / "data" / f"{split}-00000-of-00001.parquet")
        return tmp_path

    return build


def one(value: float, unit: str = "centimeter") -> Item:
    meta = {"split": "QSpatial_plus", "answer_value": value, "answer_unit": unit}
    return Item("0", "horizontal_distance", "How far?", "How far?", (), Length(value / 100), meta)


def test_rows_become_lengths_in_metres_and_the_prompt_asks_for_both_tags(folder):
    (item,) = items(folder(plus()))
    assert item.id == "QSpatial_plus/0"
    assert item.kind == "horizontal_distance"
    assert item.truth == Length(0.96)
    assert item.pictures == (PNG,)
    assert item.question in item.prompt
    assert r"\scalar{NUMBER} \distance_unit{UNIT}" in item.prompt
    assert item.meta == {
        "split": "QSpatial_plus",
        "answer_value": 96.0,
        "answer_unit": "centimeter",
        "image_path": "QSpatial_plus/images/1.jpg",
    }


def test_the_split_without_images_is_read_where_its_frames_lie(folder):
    root = folder(plus(), scannet())
    assert [item.id for item in items(root)] == ["QSpatial_plus/0"]
    frame = root / "QSpatial_scannet" / "images" / "scene0015_00" / "color" / "0.jpg"
    frame.parent.mkdir(parents=True)
    frame.write_bytes(PNG)
    _, second = items(root)
    assert (second.id, second.truth, second.pictures) == ("QSpatial_scannet/0", Length(1.5), (frame,))


def test_a_frame_that_is_missing_is_named_with_where_to_get_it(folder):
    root = folder(scannet())
    (root / "QSpatial_scannet").mkdir()
    with pytest.raises(UserError, match=r"QSpatial_scannet/0: no image .*ask ScanNet"):
        list(items(root))
    with pytest.raises(UserError, match=r"QSpatial_scannet/0: no image"):
        list(items(root / "data" / "QSpatial_scannet-00000-of-00001.parquet"))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"answer_unit": "cubit"}, r"row QSpatial_plus/1: answer_unit 'cubit'"),
        ({"answer_value": 0.0}, r"row QSpatial_plus/1: answer_value 0\.0"),
        ({"answer_value": None}, r"row QSpatial_plus/1: answer_value None"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(folder, changed, says):
    with pytest.raises(UserError, match=says):
        list(items(folder(plus(), plus(**changed))))


def test_columns_that_are_missing_are_named(tmp_path):
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "QSpatial_plus-00000-of-00001.parquet"
    pq.write_table(pa.table({"question": ["How far?"]}), file)
    with pytest.raises(UserError, match="answer_value"):
        list(items(tmp_path))


def both(scalar: object, unit: object) -> str:
    return rf"I think so. \scalar{{{scalar}}} \distance_unit{{{unit}}}"


GOLDEN = [
    # answer, truth in cm, value
    (both(1, "meter"), 96.0, 1.0),  # 100 / 96 = 1.04
    (both(2, "m"), 100.0, 0.0),  # exactly 2: the code wants less, the paper does not
    (both(50, "cm"), 100.0, 0.0),  # exactly 1/2
    (both(1.99, "Meters"), 100.0, 1.0),  # 1.99, units in any case
    (both(3, "feet"), 100.0, 1.0),  # 91.44
    (both(20, "inches"), 100.0, 1.0),  # 50.8: 1.97
    (both(600, "mm"), 100.0, 1.0),  # 60
    (both(600, "millimeters"), 100.0, 0.0),  # not a unit of the script: 600 cm
    (both(1, "yard"), 1.5, 1.0),  # nor this: 1 cm
    (both(1, " m "), 100.0, 0.0),  # nor this, with blanks: 1 cm
    (both(r"\text{1.2", "m"), 100.0, 1.0),  # the number is found anywhere before the first }
    (both("1-2", "m"), 100.0, 1.0),  # mean of 1 and 2
    (both("1,200", "mm"), 100.0, 0.0),  # mean of 1 and 200 is 100.5 mm, 10.05 cm
    (both("1/2", "m"), 100.0, 1.0),  # mean of 1 and 2, not a half
    (both(".5", "m"), 100.0, 0.0),  # 5 m
    (both("1.2e1", "m"), 100.0, 1.0),  # mean of 1.2 and 1: 1.1 m, not 12
    (both("-1", "m"), 100.0, 1.0),  # the sign is not read
    (both("about one", "m"), 100.0, 0.0),  # no figure
    (both("", "m"), 100.0, 0.0),  # nothing
    (both(0, "m"), 100.0, 0.0),  # 100 / 0
    (both(9, "m") + both(1, "m"), 100.0, 1.0),  # the last pair counts
    (both(1, "m") + both("scalar", "distance unit"), 100.0, 0.0),  # the last holds no number: the prompt repeated
    (r"\scalar{1}", 100.0, 0.0),  # no unit: IndexError in the script
    (r"1 m \distance_unit{m}", 100.0, 0.0),  # no scalar: the same
    ("About 1 m.", 100.0, 0.0),  # no tag: the same
    ("", 100.0, 0.0),  # empty: the same
]


@pytest.mark.parametrize(("answer", "truth", "value"), GOLDEN)
def test_the_official_rule(answer, truth, value):
    assert official(one(truth), answer).value == value


def test_an_answer_that_the_script_fails_on_says_so_and_stays():
    found = official(one(100.0), "About 1 m.")
    assert (found.value, found.answer) == (0.0, None)
    assert "official script fails" in found.explanation


def test_an_unknown_unit_is_told():
    found = official(one(100.0), both(100, "pixels"))
    assert (found.value, found.answer) == (1.0, "100 cm")
    assert "unknown, taken as cm" in found.explanation


def test_truths_in_metres_are_compared_in_centimetres():
    assert official(one(1.5, "meter"), both(150, "cm")).value == 1.0


def test_the_figure_is_the_mean_of_the_splits_not_of_the_questions(folder):
    root = folder(plus(), plus(), plus(), scannet())
    frame = root / "QSpatial_scannet" / "images" / "scene0015_00" / "color" / "0.jpg"
    frame.parent.mkdir(parents=True)
    frame.write_bytes(PNG)
    scored = [score_item(item, both(1, "m"), official) for item in items(root)]
    assert TASK.figures
    assert TASK.figures(scored, [1.0, 1.0, 0.0, 0.0]) == {  # 2/3 and 0: their mean is 1/3, that of the questions 1/2
        "mean of splits": pytest.approx(1 / 3),
        "QSpatial_plus": pytest.approx(2 / 3),
        "QSpatial_scannet": 0.0,
    }
    assert TASK.figures(scored[:3], [1.0, 1.0, 0.0]) == {"QSpatial_plus": pytest.approx(2 / 3)}
    assert TASK.figures([], []) == {}
