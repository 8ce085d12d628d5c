"""BLINK: the published rows, the authors' rule, and what they read from 534 answers of GPT-4o."""

import json

import pytest

from fixtures.evaluate.published import cell, png, scored, write_rows
from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.tasks.blink_spatial import TASK, decided, subtask


def row(idx: str, images: int = 1, **changes: object) -> dict[str, object]:
    """A row with the columns of the hub, in their order."""
    pictures = {f"image_{n}": cell(png(n)) if n <= images else None for n in range(1, 5)}
    published = {
        "idx": idx,
        "question": "Is the car beneath the cat?",
        "sub_task": subtask(idx),
        **pictures,
        "choices": ["yes", "no"],
        "answer": "(B)",
        "prompt": "Is the car beneath the cat?\nSelect from the following choices.\n(A) yes\n(B) no",
        "explanation": "",
    }
    return published | changes


def test_it_reads_the_hubs_validation_files_subtask_after_subtask(tmp_path):
    write_rows(tmp_path / "Spatial_Relation" / "val-00000-of-00001.parquet", [row("val_Spatial_Relation_1")])
    write_rows(tmp_path / "Relative_Depth" / "val-00000-of-00001.parquet", [row("val_Relative_Depth_1", images=2)])
    write_rows(
        tmp_path / "Multi-view_Reasoning" / "val-00000-of-00001.parquet", [row("val_Multi-view_Reasoning_1", images=2)]
    )
    write_rows(tmp_path / "Relative_Depth" / "test-00000-of-00001.parquet", [row("test_Relative_Depth_1")])
    write_rows(tmp_path / "Counting" / "val-00000-of-00001.parquet", [row("val_Counting_1")])
    found = list(TASK.items(tmp_path))
    assert [one.kind for one in found] == ["Relative_Depth", "Spatial_Relation"]
    assert [one.pictures for one in found] == [(png(1), png(2)), (png(1),)]
    assert found[1].truth == Choice(("yes", "no"), 1)
    assert found[1].prompt.endswith("Select from the following choices.\n(A) yes\n(B) no")


def test_hidden_answers_are_refused(tmp_path):
    file = write_rows(tmp_path / "test-0.parquet", [row("test_Relative_Depth_1", answer="hidden")])
    with pytest.raises(UserError, match=r"row 1 \(test_Relative_Depth_1\): its answer is hidden.*expected the val"):
        list(TASK.items(file))


def test_an_idx_that_names_no_subtask_is_refused():
    with pytest.raises(UserError, match="idx 'nonsense'"):
        subtask("nonsense")


# Derived by hand from analyze_answer in test_benchmark.py, two options: a lone letter; a lone mark; else the marks
# among the words between blanks, of the last paragraph if it has exactly one, else of all if there is exactly one;
# else a judge, which is wrong here. The right one is (B).
GOLDEN = (
    ("B", "(B)", 1),
    ("(B)", "(B)", 1),
    ("(B) no", "(B)", 1),
    ("(A) yes", "(A)", 0),
    ("The answer is (B) because (B) fits", "(B)", 1),  # twice the same
    ("(A) is near.\n\nSo the answer is\n\n(B) no", "(B)", 1),  # the last paragraph decides
    ("(A) or (B)", None, 0),  # two, in one paragraph
    ("(B) no\n\nThe cat sits on top of the car.", "(B)", 1),  # none at the end, one in all
    ("", None, 0),  # nothing: the judge, so wrong
    ("no", None, 0),  # the option's words go to the judge
    ("The answer is (B).", None, 0),  # fault: "(B)." is another word than "(B)"
    ("b", None, 0),  # fault: capitals only
    ("B ", None, 0),  # fault: a blank makes it no lone letter, and it has no brackets
    ("C", "(C)", 0),  # fault: a letter that is no option is read
    ("(C) maybe", None, 0),  # among words, only the two options count
)


@pytest.mark.parametrize(("answer", "read", "expected"), GOLDEN)
def test_the_official_rule(answer, read, expected):
    assert TASK.official is not None
    item = Item("val_Spatial_Relation_1", "Spatial_Relation", "", "", (), Choice(("yes", "no"), 1), {"answer": "(B)"})
    score = TASK.official(item, answer)
    assert (score.value, score.answer) == (expected, read)
    if read is None:
        assert "judge" in score.explanation


@pytest.mark.parametrize("name", ["Relative_Depth", "Spatial_Relation"])
def test_every_published_reading_of_gpt4os_answers_is_reproduced(assets, name):
    published = json.loads((assets / "bench-blink-outputs" / f"{name}.json").read_text())
    answers = [one for split in ("val", "test") for one in published[split]]
    assert len(answers) == {"Relative_Depth": 248, "Spatial_Relation": 286}[name]
    assert [decided(one["full_prediction"], 2) for one in answers] == [one["prediction"] for one in answers]


def test_the_total_is_the_mean_of_the_subtasks():
    assert TASK.figures is not None
    choice = Choice(("yes", "no"), 0)
    items = [Item(f"{n}", kind, "", "", (), choice) for n, kind in enumerate(["depth", "depth", "depth", "relation"])]
    # depth 1/3, relation 1: their mean is 2/3, where the plain mean is 1/2.
    assert TASK.figures(*scored(items, [1, 0, 0, 1])) == {"mean of subtasks": pytest.approx(2 / 3)}
    assert TASK.figures([], []) == {}
