"""Recorded answers go to the item that they were given to, or to none: never to the one that stands at their place."""

import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from spatialvlm.answers import Choice
from spatialvlm.errors import UserError
from spatialvlm.evaluate.items import Item
from spatialvlm.evaluate.models.answer_file import AnswerFile

ITEMS = [
    Item(
        f"item/{n}",
        "kind",
        f"Which is wider, thing {n}?",
        f"Which is wider, thing {n}? (A) a (B) b",
        (),
        Choice(("a", "b"), 0),
    )
    for n in range(5)
]
SAME = [Item(f"same/{n}", "kind", "Which is wider?", "Which is wider?", (), Choice(("a", "b"), 0)) for n in range(5)]


def told(path: Path, rows: list[dict], items: list[Item] = ITEMS) -> list[str | None]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [one.text for one in AnswerFile(path).answers("folder", items)]


def workbook(path: Path, rows: list[list[object]]) -> Path:
    """Write a sheet as spreadsheets do, the texts once and shared."""
    shared = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))
    cells = [
        "".join(
            f'<c r="{chr(65 + column)}{number}"'
            + (f' t="s"><v>{shared.index(cell)}' if isinstance(cell, str) else f"><v>{cell}")
            + "</v></c>"
            for column, cell in enumerate(row)
            if cell is not None
        )
        for number, row in enumerate(rows, 1)
    ]
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(path, "w") as file:
        texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        file.writestr("xl/sharedStrings.xml", f"<sst {main}>{texts}</sst>")
        lines = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, 1))
        file.writestr("xl/worksheets/sheet1.xml", f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>")
    return path


@pytest.mark.parametrize("first", [0, 1])
def test_an_index_counts_from_where_the_questions_say(tmp_path, first):
    rows = [{"index": n + first, "question": ITEMS[n].question, "prediction": f"p{n}"} for n in range(5)]
    assert told(tmp_path / "a.jsonl", rows) == [f"p{n}" for n in range(5)]
    assert told(tmp_path / "b.jsonl", rows[2:]) == [None, None, "p2", "p3", "p4"]
    path = tmp_path / "kit.tsv"
    path.write_text(
        "index\tquestion\tanswer\tprediction\n"
        + "".join(f"{r['index']}\t{r['question']}\tA\t{r['prediction']}\n" for r in rows)
    )
    assert [one.text for one in AnswerFile(path).answers("folder", ITEMS)] == [f"p{n}" for n in range(5)]
    sheet = [["index", "question", "prediction"], *([r["index"], r["question"], r["prediction"]] for r in rows)]
    found = AnswerFile(workbook(tmp_path / "kit.xlsx", sheet)).answers("folder", ITEMS)
    assert [one.text for one in found] == [f"p{n}" for n in range(5)]


@pytest.mark.parametrize("first", [0, 1])
def test_an_index_counts_from_where_it_begins_where_all_questions_are_one(tmp_path, first):
    for extra in ({}, {"question": "Which is wider?"}):
        rows = [{"index": n + first, "prediction": f"p{n}", **extra} for n in range(5)]
        assert told(tmp_path / "a.jsonl", rows, SAME) == [f"p{n}" for n in range(5)]
        assert told(tmp_path / "b.jsonl", rows, SAME[:3]) == ["p0", "p1", "p2"], "fewer items than rows"
    if first:
        with pytest.raises(
            UserError, match=r"'index' begins at 2 .* may count from 0 or from 1; give each row the 'id'"
        ):
            told(tmp_path / "c.jsonl", [{"index": n, "prediction": "p"} for n in (2, 3)], SAME)


def test_a_log_in_another_order_is_matched_by_its_documents(tmp_path):
    order = (4, 0, 3, 1, 2)
    for doc in ("id", "question"):
        rows = [
            {"doc_id": place, "doc": {doc: ITEMS[n].id if doc == "id" else ITEMS[n].question}, "resps": [[f"p{n}"]]}
            for place, n in enumerate(order)
        ]
        assert told(tmp_path / f"{doc}.jsonl", rows) == [f"p{n}" for n in range(5)]


def test_what_harnesses_put_around_a_question_does_no_harm(tmp_path):
    rows = [{"doc_id": n, "input": f"<image>\n {ITEMS[n].prompt.upper()}\nAnswer:", "resps": f"p{n}"} for n in range(5)]
    assert told(tmp_path / "a.jsonl", rows) == [f"p{n}" for n in range(5)]


def test_where_questions_and_places_disagree_nothing_is_scored_by_place(tmp_path):
    for asked in ("Something else?", "Which is wider?"):
        rows = [{"doc_id": n, "question": asked, "resps": "p"} for n in range(5)]
        with pytest.raises(
            UserError, match="which no items ask, and the places are of another order; give each row the 'id'"
        ):
            told(tmp_path / "a.jsonl", rows)
    mixed = [ITEMS[0], *SAME]
    rows = [{"doc_id": n, "question": one.question, "resps": "p"} for n, one in enumerate([*SAME, ITEMS[0]])]
    with pytest.raises(UserError, match="which 5 items ask"):
        told(tmp_path / "b.jsonl", rows, mixed)


def test_rows_about_items_that_are_not_asked_are_left_out(tmp_path):
    rows = [{"doc_id": n, "question": ITEMS[n].question, "resps": f"p{n}"} for n in range(5)]
    assert told(tmp_path / "a.jsonl", rows, ITEMS[:2]) == ["p0", "p1"]


def test_a_broken_workbook_is_refused(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 rubbish")
    with pytest.raises(UserError, match=r"a.xlsx: no .xlsx workbook"):
        AnswerFile(tmp_path / "a.xlsx")
