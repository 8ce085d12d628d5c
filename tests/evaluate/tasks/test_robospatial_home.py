"""RoboSpatial-Home: yes or no and points; the official rule with its faults, answer by answer."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spatialvlm.answers import Region, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.scoring import score_item
from spatialvlm.evaluate.tasks.robospatial_home import TASK, items, official

PNG = cv2.imencode(".png", np.zeros((40, 60, 3), np.uint8))[1].tobytes()
IMAGE = {"bytes": PNG, "path": None}
SQUARE = "[(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)]"


def row(category: str, answer: str, /, **changed: object) -> dict[str, object]:
    question = "Is the pot above the stove? Answer yes or no."
    held = {"category": category, "question": question, "answer": answer, "img": IMAGE}
    return held | {"depth_image": IMAGE, "mask": IMAGE if category == "context" else None} | changed


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def build(*rows: dict[str, object]) -> Path:
        (tmp_path / "data").mkdir()
        for category in {str(one["category"]) for one in rows}:
            held = [one for one in rows if one["category"] == category]
            pq.write_table(pa.Table.from_pylist(held), tmp_path / "data" / f"{category}-00000-of-00001.parquet")
        return tmp_path

    return build


def test_rows_become_yes_or_no_and_places_and_the_question_is_the_prompt(folder):
    root = folder(row("context", SQUARE), row("compatibility", "Yes"), row("configuration", "no"))
    fits, relation, place = items(root)
    assert [item.id for item in (fits, relation, place)] == ["compatibility/0", "configuration/0", "context/0"]
    assert (fits.truth, relation.truth) == (YesNo(True), YesNo(False))
    assert isinstance(place.truth, Region)
    assert set(place.truth.polygon) == {(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)}
    assert place.kind == place.meta["category"] == "context"
    assert place.meta["polygon"] == [[0.2, 0.2], [0.6, 0.2], [0.6, 0.6], [0.2, 0.6]]
    assert place.meta["size"] == [60, 40]
    assert fits.prompt == fits.question == "Is the pot above the stove? Answer yes or no."
    assert fits.pictures == (PNG,)


def test_the_place_is_the_hull_of_the_points_in_whatever_order(folder):
    points = (
        "[(0.2, 0.2), (0.6, 0.2), (0.4, 0.3), (0.2, 0.6), (0.6, 0.6), (0.4, 0.2)]"  # row by row, two are no corners
    )
    (item,) = items(folder(row("context", points)))
    assert isinstance(item.truth, Region)
    assert set(item.truth.polygon) == {(0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6)}
    assert len(item.truth.polygon) == 4
    assert len(item.meta["polygon"]) == 6


def test_the_official_rule_keeps_a_polygon_that_crosses_itself(folder):
    corners = "[(0.2, 0.2), (0.6, 0.2), (0.2, 0.6), (0.6, 0.6)]"
    (item,) = items(folder(row("context", corners)))
    # Its edges cross in the middle: to the right of that the script's polygon is empty, the hull is not.
    found = score_item(item, "[(0.55, 0.4)]", official)
    assert found.official
    assert (found.robust.value, found.official.value) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"answer": "maybe"}, "answer 'maybe'"),
        ({"answer": "[(0.1, 0.2), (0.3, 0.4)]"}, "3 or more"),
        ({"answer": "[(10, 20), (30, 40), (30, 20)]"}, "as shares"),
        ({"answer": "[(0.1, 0.1), (0.2, 0.2), (0.3, 0.3)]"}, "on one line"),
        ({"img": {"bytes": b"no image", "path": None}}, "is no image"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(folder, changed, says):
    with pytest.raises(UserError, match=r"RoboSpatial-Home row context/1: ") as caught:
        list(items(folder(row("context", SQUARE), row("context", SQUARE, **changed))))
    assert says in str(caught.value)


def test_a_category_that_is_unknown_is_named(folder):
    root = folder(row("context", SQUARE))
    pq.write_table(
        pa.Table.from_pylist([row("grasping", "Yes")]), root / "data" / "configuration-00000-of-00001.parquet"
    )
    with pytest.raises(UserError, match="category 'grasping'"):
        list(items(root))


WORDS = [
    # answer, value where the truth is yes, where it is no
    ("Yes", 1.0, 0.0),
    ("no.", 0.0, 1.0),
    ("  YES, it is", 1.0, 0.0),  # blanks are cut, any case
    ("Not sure", 0.0, 1.0),  # begins with "no"
    ("None of them", 0.0, 1.0),  # so does this
    ("Yesterday", 1.0, 0.0),  # begins with "yes"
    ("The answer is yes", 0.0, 0.0),  # begins with neither
    ("**Yes**", 0.0, 0.0),  # nor does this
    ("Answer: no", 0.0, 0.0),  # nor this
    ("It is.", 0.0, 0.0),
    ("(no)", 0.0, 0.0),
    ("", 0.0, 0.0),  # empty
]


@pytest.mark.parametrize(("answer", "if_yes", "if_no"), WORDS)
def test_the_official_rule_of_words(answer, if_yes, if_no):
    for right, value in ((True, if_yes), (False, if_no)):
        item = Item("0", "configuration", "Is it?", "Is it?", (), YesNo(right), {"category": "configuration"})
        assert official(item, answer).value == value


POINTS = [
    # answer, value: the place is the square from 0.2 to 0.6
    ("[(0.4, 0.4)]", 1.0),
    ("(0.4,0.4)", 1.0),  # without a list
    ("[0.4, 0.4]", 1.0),  # in brackets
    ("[(0.4, 0.4), (0.9, 0.9)]", 1.0),  # the first counts alone
    ("[(0.9, 0.9), (0.4, 0.4)]", 0.0),  # any other does not
    ("[0.9, 0.9] or (0.4, 0.4)", 1.0),  # round brackets go before square ones, wherever they stand
    ("(-0.4, 0.4), (0.5, 0.5)", 1.0),  # a sign is not read: the second is the first
    ("[-0.4, 0.4]", 0.0),  # in square brackets alone it is: outside
    ("(0.4, 0.4, 0.1)", 0.0),  # no pair, and no list to fall back on
    ("[(0.4, 0.4, 0.1)]", 0.0),  # in the list, no pair either
    ("(.4, .4)", 0.0),  # numbers have to begin with a digit
    ("[(.4, .4)]", 1.0),  # but not in a list, which Python reads
    ("[.4, .4]", 1.0),  # nor as one
    ("[(.4, .4),]", 1.0),  # a comma at the end is cut
    ("[('.4', '.4')]", 1.0),  # Python's float reads text
    ("[[.4, .4]]", 0.0),  # up to the first ] it is "[[.4, .4", which is no list
    ("[4e-1, 4e-1]", 1.0),  # Python reads exponents
    ("[0.3, 0.3, 0.5, 0.5]", 0.0),  # a box is no point
    ("(40, 40)", 0.0),  # percent are shares: outside
    ('{"x": 0.4, "y": 0.4}', 0.0),  # neither brackets
    ("[]", 0.0),
    ("[see below]", 0.0),  # no Python
    ("[1and 2]", 0.0),  # hardly Python: a warning of it is none of ours
    ("[" + "9" * 400 + ".0e999, 1]", 0.0),  # beyond any float
    ("To the left of it.", 0.0),
    ("", 0.0),
    ("(0.2, 0.4)", 1.0),  # on the left edge: x < 0.2 fails for it, x < 0.6 holds for the right one: crossed once
    ("(0.6, 0.4)", 0.0),  # on the right edge: neither holds
    ("(0.4, 0.2)", 1.0),  # on the upper edge: both sides reach below it
    ("(0.4, 0.6)", 0.0),  # on the lower edge: none does
]


@pytest.mark.parametrize(("answer", "value"), POINTS)
def test_the_official_rule_of_points(answer, value):
    corners = ((0.2, 0.2), (0.6, 0.2), (0.6, 0.6), (0.2, 0.6))
    meta = {"category": "context", "polygon": [list(corner) for corner in corners]}
    item = Item("0", "context", "Where?", "Where?", (), Region(corners), meta)
    assert official(item, answer).value == value


def test_the_figures_are_means_of_categories(folder):
    root = folder(
        row("context", SQUARE), row("compatibility", "Yes"), row("compatibility", "No"), row("configuration", "no")
    )
    scored = [score_item(item, "yes", official) for item in items(root)]
    values = [one.official.value for one in scored if one.official]
    assert values == [1.0, 0.0, 0.0, 0.0]  # compatibility 1/2, configuration 0, context 0
    assert TASK.figures
    assert TASK.figures(scored, values) == {
        "mean of categories": pytest.approx(1 / 6),
        "mean of yes-no categories": pytest.approx(1 / 4),
    }
    assert TASK.figures(scored[:3], values[:3]) == {"mean of yes-no categories": pytest.approx(1 / 4)}
    assert TASK.figures([], []) == {}
