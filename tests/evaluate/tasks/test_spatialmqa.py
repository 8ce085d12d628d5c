"""SpatialMQA: the published lines, the eight examples with their pictures, the authors' rule by parts of words."""

import json
from collections import Counter

import pytest
from PIL import Image

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.spatialmqa import TASK

LINE = {
    "image": "000000000933.jpg",
    "question": "Where is the fork located relative to the pizza?",
    "options": ["on/above", "below", "in front of", "behind", "left of", "right of"],
    "answer": "right of",
}


def write_lines(file, *lines):
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_it_reads_the_hubs_test_split(tmp_path):
    odd = {name: value for name, value in LINE.items() if name != "answer"} | {",answer": "below"}
    write_lines(tmp_path / "test.jsonl", LINE, odd)
    write_lines(tmp_path / "dev.jsonl", LINE)
    first, second = TASK.items(tmp_path)
    assert first.truth == Choice(tuple(LINE["options"]), 5)
    assert first.reading.lettered is False
    assert first.prompt == (
        "Question: Where is the fork located relative to the pizza?\n"
        "Options: on/above; below; in front of; behind; left of; right of\n"
        "Answer with one of the options, without a reason.\nAnswer:"
    )
    assert first.pictures == (tmp_path / "images" / "000000000933.jpg",)
    assert first.meta["pictures_from"] == "http://images.cocodataset.org/test2017/000000000933.jpg"
    assert (first.kind, second.kind) == ("x", "y")  # the second by the column that the hub's files misname


def test_an_answer_that_is_no_option_is_named(tmp_path):
    write_lines(tmp_path / "dev.jsonl", LINE, LINE | {"answer": "above"})
    with pytest.raises(UserError, match=r"SpatialMQA row 2 \(000000000933.jpg\): got the answer 'above'; expected one"):
        list(TASK.items(tmp_path))


def test_the_authors_own_lines(assets):
    found = list(TASK.items(assets / "bench-spatialmqa" / "dev.jsonl"))
    assert len(found) == 536
    assert Counter(one.kind for one in found) == {"x": 287, "z": 155, "y": 94}


def test_the_authors_examples_have_their_pictures(assets):
    found = list(TASK.items(assets / "bench-spatialmqa" / "Examples" / "examples.jsonl"))
    assert len(found) == 8
    for item in found:
        with Image.open(item.pictures[0]) as image:
            assert image.format == "JPEG"


# Derived by hand from blip2-opt-2.7b.py: strip, take full stops from the end, "--" where nothing is left, small
# letters; right where it is part of the answer, or has the answer as a part.
GOLDEN = (
    ("left of", "left of", 1),
    ("Left of.", "left of", 1),
    ("left", "left of", 1),
    ("It is left of the sofa", "left of", 1),
    ("right of", "left of", 0),
    ("above", "on/above", 1),
    ("on", "on/above", 1),
    ("on top", "on/above", 0),  # neither is part of the other
    ("", "left of", 0),  # nothing becomes "--"
    (".", "left of", 0),  # the full stop is taken away: nothing
    ("--", "left of", 0),
    ("A", "on/above", 1),  # fault: one letter that is in the answer
    ("on", "in front of", 1),  # fault: "on" is in "front"
    ("of", "left of", 1),  # fault: of either side
    ("left of; right of", "right of", 1),  # fault: a list of options has the answer as a part
    ("not left of", "left of", 1),  # fault: a denial
    ("(E) left", "left of", 0),
)


@pytest.mark.parametrize(("answer", "right", "expected"), GOLDEN)
def test_the_official_rule(answer, right, expected):
    assert TASK.official is not None
    options = tuple(LINE["options"])
    item = Item("1", "x", "", "", (), Choice(options, options.index(right)), {"answer": right})
    assert TASK.official(item, answer).value == expected
