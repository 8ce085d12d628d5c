"""CV-Bench: the published rows, the authors' two rules for an answer, the overall figure."""

import json

import pytest

from fixtures.evaluate.published import cell, png, scored, write_rows
from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks import load_task
from spatialvlm.evaluate.tasks.cv_bench import TASK


def row(idx: int, **changes: object) -> dict[str, object]:
    """A row with the columns of the hub, in their order; the first as published."""
    published = {
        "idx": idx,
        "type": "2D",
        "task": "Count",
        "image": cell(png(idx)),
        "question": "How many organs are in the image?",
        "choices": ["3", "2", "1", "0"],
        "answer": "(C)",
        "prompt": "How many organs are in the image? Select from the following choices.\n(A) 3\n(B) 2\n(C) 1\n(D) 0",
        "filename": f"img/2D/count/ade20k_{idx}.png",
        "source": "ADE20K",
        "source_dataset": "ADE20K Validation Set",
        "source_filename": "ADE_val_00000248.jpg",
        "target_class": None,
        "target_size": None,
        "bbox": None,
    }
    return published | changes


OMNI = {"type": "3D", "task": "Depth", "source": "Omni3D", "choices": ["books", "car"], "answer": "(B)"}


def test_it_reads_the_hubs_parquet_in_the_order_of_the_data(tmp_path):
    write_rows(tmp_path / "test_2d.parquet", [row(0), row(1, task="Relation", source="COCO")])
    write_rows(tmp_path / "test_3d.parquet", [row(2, **OMNI)])
    found = list(TASK.items(tmp_path))
    assert [one.id for one in found] == ["0", "1", "2"]
    assert [one.kind for one in found] == ["Count", "Relation", "Depth"]
    first = found[0]
    assert first.truth == Choice(("3", "2", "1", "0"), 2)
    assert first.prompt.endswith("(D) 0\nAnswer with the option's letter from the given choices directly.")
    assert first.pictures == (png(0),)
    assert first.meta == {"type": "2D", "source": "ADE20K", "answer": "(C)"}
    assert found[2].truth == Choice(("books", "car"), 1)


def test_it_reads_a_lone_file_of_rows_beside_its_pictures(tmp_path):
    bare = {name: value for name, value in row(7).items() if name != "image"}
    (tmp_path / "test_2d.jsonl").write_text(json.dumps(bare) + "\n")
    picture = tmp_path / str(bare["filename"])
    picture.parent.mkdir(parents=True)
    picture.write_bytes(png())
    for place in (tmp_path, tmp_path / "test_2d.jsonl"):
        assert [one.pictures for one in TASK.items(place)] == [(picture,)]


def test_it_yields_before_it_has_read_all(tmp_path):
    write_rows(tmp_path / "test.parquet", [row(0), row(1, answer="(Z)")])
    found = TASK.items(tmp_path)
    assert next(found).id == "0"
    with pytest.raises(UserError, match=r"CV-Bench row 2 \(idx 1\): answer '\(Z\)'; expected a letter of its options"):
        next(found)


def test_a_row_without_options_is_named(tmp_path):
    write_rows(tmp_path / "test.parquet", [row(0, choices=["3"], answer="(A)")])
    with pytest.raises(UserError, match=r"row 1 \(idx 0\): got the options \['3'\]; expected a list of two or more"):
        list(TASK.items(tmp_path))


# Derived by hand from coco_test.py (2D) and omni_test.py (3D): lower case and strip; split at "answer is", then
# "answer is:", then "answer:"; strip; take full stops (3D: also colons and commas) from the end, "(" from the start,
# ")" from the end; the first character. The right one is "c" in 2D and "b" in 3D.
GOLDEN = (
    ("2D", "C", 1),
    ("2D", "(C)", 1),
    ("2D", "c.", 1),
    ("2D", "(C) 1", 1),  # the first character after the bracket
    ("2D", "The answer is (C).", 1),
    ("2D", "Answer: B. No, the answer is C", 1),  # the last one counts
    ("2D", "", 0),  # nothing equals "c"
    ("2D", "1", 0),  # the option's text is not asked for
    ("2D", "Counting them gives two, so B", 1),  # fault: "Counting" begins with c
    ("2D", "**C**", 0),  # fault: the first character is an asterisk
    ("2D", "The answer is: C", 0),  # fault: split at "answer is", the colon stays first
    ("2D", "I think it is C", 0),  # fault: no lead-in, so "i"
    ("3D", "B,", 1),
    ("3D", "B:", 1),
    ("3D", "Answer: (B) car", 1),
    ("3D", "Books are closer", 1),  # fault: "books" is option A, but begins with b
    ("3D", "car", 0),  # the whole option; its first character "c" is compared with "car"
    ("3D", "", 0),
)


@pytest.mark.parametrize(("part", "answer", "expected"), GOLDEN)
def test_the_official_rule(part, answer, expected):
    source = "Omni3D" if part == "3D" else "COCO"
    options, right = (("books", "car"), 1) if part == "3D" else (("3", "2", "1", "0"), 2)
    item = Item("1", "x", "", "", (), Choice(options, right), {"source": source, "answer": "(B)(C)"[right * 3 - 3 :]})
    assert official(item, answer).value == expected


def official(item, answer):
    assert TASK.official is not None
    return TASK.official(item, answer)


def test_an_option_of_one_character_counts_by_its_text_in_3d_alone():
    for source, expected in (("Omni3D", 1.0), ("ADE20K", 0.0)):
        item = Item("1", "x", "", "", (), Choice(("4", "5"), 1), {"source": source, "answer": "(B)"})
        assert official(item, "5").value == expected


def of_source(*sources: str) -> list[Item]:
    return [Item(str(place), "x", "", "", (), Choice(("a", "b"), 0), {"source": s}) for place, s in enumerate(sources)]


def test_the_overall_figure_is_no_plain_mean():
    assert TASK.figures is not None
    # ADE20K 1/2, COCO 1/4, Omni3D 1: 2D = 3/8, overall = (3/8 + 1) / 2 = 11/16, where the plain mean is 3/7.
    found = TASK.figures(*scored(of_source("ADE20K", "ADE20K", *["COCO"] * 4, "Omni3D"), [1, 0, 0, 0, 1, 0, 1]))
    assert found == {"2D": pytest.approx(3 / 8), "3D": 1.0, "overall": pytest.approx(11 / 16)}


def test_figures_whose_sources_are_missing_are_left_out():
    assert TASK.figures is not None
    assert TASK.figures(*scored(of_source("ADE20K", "Omni3D"), [1, 0])) == {"3D": 0.0}
    assert TASK.figures([], []) == {}


def test_it_has_its_place():
    assert load_task("cv_bench") is TASK
