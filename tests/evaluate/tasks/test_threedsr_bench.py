"""3DSRBench: the published table with its pictures, VLMEvalKit's rule, the figures over rotations and mirror images."""

import csv

import pytest

from fixtures.evaluate.published import base64_of, cell, png, scored, write_rows
from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.threedsr_bench import TABLE, TASK

COLUMNS = ("index", "qid", "question", "A", "B", "C", "D", "answer", "category", "image", "image_source", "image_url")
HEIGHT = "Consider the real-world 3D locations of the objects. Which object has a higher location?"


def row(index: int, qid: str, options: str, answer: str, **changes: str) -> dict[str, str]:
    """A row with the columns of the hub, in their order."""
    letters = dict(zip("ABCD", [*options.split("|"), "", "", ""]))
    published = {
        "index": str(index),
        "qid": qid,
        "question": HEIGHT,
        **letters,
        "answer": answer,
        "category": "height_higher",
        "image": base64_of(png(index)),
        "image_source": "MS-COCO",
        "image_url": "http://images.cocodataset.org/train2017/000000557944.jpg",
    }
    return published | changes


ROWS = (
    row(0, "VIN6MS3J", "baseball glove|red hat", "B"),
    row(1, "VIN6MS3J-1", "red hat|baseball glove", "A"),
    row(2, "VIN6MS3J-flip", "baseball glove|red hat", "B"),
    row(3, "VIN6MS3J-flip-1", "red hat|baseball glove", "A"),
    row(4, "QQQQ1111", 'left|right|front|the "back"', "D", category="orientation_viewpoint", question="Two\nlines?"),
)


def write_table(file, rows):
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_it_reads_the_hubs_table(tmp_path):
    file = write_table(tmp_path / TABLE, ROWS)
    for place in (tmp_path, file):
        found = list(TASK.items(place))
        assert [one.id for one in found] == [one["qid"] for one in ROWS]
        assert found[0].truth == Choice(("baseball glove", "red hat"), 1)
        assert found[4].truth == Choice(("left", "right", "front", 'the "back"'), 3)
        assert [one.pictures for one in found] == [(png(n),) for n in range(5)]
    assert found[1].prompt == (
        f"Question: {HEIGHT}\nOptions:\nA. red hat\nB. baseball glove\n"
        "Please select the correct answer from the options above."
    )
    assert found[4].question == "Two\nlines?"
    assert found[4].kind == "orientation_viewpoint"


def test_it_reads_parquet_with_the_same_columns(tmp_path):
    ones = [{**one, "image": cell(png(n)), "C": one["C"] or None} for n, one in enumerate(ROWS)]
    write_rows(tmp_path / "3dsr_circular" / "test-00000-of-00001.parquet", ones)
    found = list(TASK.items(tmp_path))
    assert [one.id for one in found] == [one["qid"] for one in ROWS]
    assert found[0].truth == Choice(("baseball glove", "red hat"), 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"qid": "SHORT"}, r"row 1 \(SHORT\): expected a qid of 8 characters"),
        ({"answer": "C"}, r"row 1 \(VIN6MS3J\): answer 'C'; expected a letter of its options, A, B"),
        ({"B": ""}, r"row 1 \(VIN6MS3J\): got the options \['baseball glove'\]"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(tmp_path, changes, said):
    write_table(tmp_path / TABLE, [ROWS[0] | changes])
    with pytest.raises(UserError, match=said):
        list(TASK.items(tmp_path))


def test_a_folder_without_the_table_says_which_one_is_needed(tmp_path):
    write_rows(tmp_path / "3dsrbench_v1-00000-of-00001.parquet", [{"index": "VIN6MS3J", "question": HEIGHT}])
    with pytest.raises(UserError, match=f"found no {TABLE}"):
        list(TASK.items(tmp_path))


def test_a_table_without_the_columns_says_which(tmp_path):
    (tmp_path / TABLE).write_text("index\tquestion\n0\tWhich?\n")
    with pytest.raises(UserError, match="got the columns index, question; expected qid"):
        list(TASK.items(tmp_path))


# Derived by hand from can_infer in matching_util.py without a judge: the marks .()[],:;!*#{} become blanks; exactly one
# of the letters among the words is the answer; else exactly one option whose text, in small letters, is in the answer;
# else wrong. Options (A) car, (B) dog; the right one is B.
GOLDEN = (
    ("B", "B", 1),
    ("(B).", "B", 1),
    ("**B**", "B", 1),
    ("B. dog", "B", 1),
    ("Answer: B", "B", 1),
    ("the dog", "B", 1),  # by its text
    ("The DOG is higher", "B", 1),
    ("b", None, 0),  # small letters are no letters, and no option's text
    ("", None, 0),  # nothing: wrong
    ("A or B", None, 0),  # two letters, and no option's text
    ("A dog is higher", "A", 0),  # fault: the article is read as option A
    ("It is not the dog", "B", 1),  # fault: a denied option counts
    ("The cart is higher", "A", 0),  # fault: "car" is in "cart"
    ("The dog, not the car", None, 0),  # two options named
    ("A or B: the dog", "B", 1),  # two letters, so by text
    ("Cannot determine the answer", "Z", 0),  # a refusal
    ("Failed to obtain answer via API, dog", "B", 1),  # fault: a failed call is still searched for text
    ("Z", "Z", 0),
)


@pytest.mark.parametrize(("answer", "read", "expected"), GOLDEN)
def test_the_official_rule(answer, read, expected):
    assert TASK.official is not None
    item = Item("VIN6MS3J", "height_higher", "", "", (), Choice(("car", "dog"), 1), {"answer": "B"})
    score = TASK.official(item, answer)
    assert (score.value, score.answer) == (expected, read)


def test_figures_over_rotations_and_mirror_images():
    assert TASK.figures is not None
    qids = ["AAAAAAAA", "AAAAAAAA-1", "AAAAAAAA-flip", "AAAAAAAA-flip-1", "BBBBBBBB", "BBBBBBBB-1"]
    items = [Item(qid, "x", "", "", (), Choice(("a", "b"), 0)) for qid in qids]
    # vanilla 5/6; circular: {A, A-1} 1, {A-flip, A-flip-1} 0, {B, B-1} 1; flip: {A, A-flip} 1, {A-1, A-flip-1} 0,
    # {B} 1, {B-1} 1; flip and circular: all of A 0, all of B 1.
    assert TASK.figures(*scored(items, [1, 1, 1, 0, 1, 1])) == {
        "vanilla": pytest.approx(5 / 6),
        "circular": pytest.approx(2 / 3),
        "flip": pytest.approx(3 / 4),
        "flip and circular": pytest.approx(1 / 2),
    }
    assert TASK.figures([], []) == {}
