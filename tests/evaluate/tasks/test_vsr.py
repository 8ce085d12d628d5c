"""VSR: the published lines with and without their pictures, the class of an answer, the families of relations."""

import json
from collections import Counter

import pytest

from fixtures.evaluate.published import png
from spatialvlm.answers import YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.vsr import FAMILY_OF, TASK

LINE = {
    "image": "000000372029.jpg",
    "image_link": "http://images.cocodataset.org/train2017/000000372029.jpg",
    "caption": "The dog is on the surfboard.",
    "label": 1,
    "relation": "on",
    "subj": "dog",
    "obj": "surfboard",
    "annotator_id": 4,
    "vote_true_validator_id": "[19, 2, 51]",
    "vote_false_validator_id": "[]",
}


def write_lines(file, *lines):
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_it_reads_the_hubs_test_split(tmp_path):
    write_lines(tmp_path / "test.jsonl", LINE, LINE | {"label": 0, "relation": "facing"})
    write_lines(tmp_path / "dev.jsonl", LINE)
    first, second = TASK.items(tmp_path)
    assert first.prompt == 'Is this true of the image? "The dog is on the surfboard."\nAnswer with one word: yes or no.'
    assert (first.truth, second.truth) == (YesNo(True), YesNo(False))
    assert (first.kind, second.kind) == ("Topological", "Orientation")
    assert first.meta["pictures_from"] == LINE["image_link"]


@pytest.mark.parametrize("place", ["", "images", "trainval2017"])
def test_pictures_are_found_where_the_authors_unpack_them(tmp_path, place):
    picture = tmp_path / place / LINE["image"]
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(png())
    file = write_lines(tmp_path / "dev.jsonl", LINE)
    assert [one.pictures for one in TASK.items(tmp_path)] == [(picture,)]
    assert [one.pictures for one in TASK.items(file)] == [(picture,)]


def test_items_can_be_had_without_pictures(tmp_path):
    write_lines(tmp_path / "dev.jsonl", LINE)
    (item,) = TASK.items(tmp_path)
    assert item.pictures == (tmp_path / "images" / LINE["image"],)


def test_a_label_that_is_no_label_is_named(tmp_path):
    write_lines(tmp_path / "dev.jsonl", LINE, LINE | {"label": 2})
    with pytest.raises(UserError, match=r"VSR row 2 \(000000372029.jpg\): got the label 2; expected 0 or 1"):
        list(TASK.items(tmp_path))


def test_the_authors_own_lines(assets):
    found = list(TASK.items(assets / "bench-vsr" / "dev.jsonl"))
    assert len(found) == len({one.id for one in found}) == 340
    assert Counter(one.truth.yes for one in found if isinstance(one.truth, YesNo)) == {False: 173, True: 167}
    assert Counter(one.kind for one in found)["Projective"] == 155


def test_families_are_the_authors(assets):
    expected = {}
    for line in (assets / "bench-vsr" / "rel_meta_category_dict.txt").read_text().splitlines():
        family, relations = line.strip().split(": ")
        expected |= {relation.strip(): family for relation in relations.split(",")}
    assert expected == FAMILY_OF


# The authors score a classifier: class 1 or 0, right where it is the label. Derived by hand: the class of a text is its
# first word, if that is true, yes or 1 (class 1), or false, no or 0 (class 0); anything else names no class: wrong.
GOLDEN = (
    ("yes", True, 1),
    ("Yes.", True, 1),
    ("True", True, 1),
    ("**Yes**, it is.", True, 1),
    ("1", True, 1),
    ("no", True, 0),
    ("False", False, 1),
    ("No, the dog is beside it.", False, 1),
    ("0", False, 1),
    ("", False, 0),  # empty is wrong, whatever the label
    ("", True, 0),
    ("It is true.", True, 0),  # the first word is "it"
    ("Not true", False, 0),  # "not" is no class
    ("nope", False, 0),  # a part of a word is no word
    ("10", True, 0),
)


@pytest.mark.parametrize(("answer", "label", "expected"), GOLDEN)
def test_the_official_rule(answer, label, expected):
    assert TASK.official is not None
    assert TASK.official(Item("1", "Topological", "", "", (), YesNo(label)), answer).value == expected
