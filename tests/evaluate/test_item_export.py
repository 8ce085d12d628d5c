"""Items written for other harnesses are read back as those harnesses read them."""

import ast
import base64
import io
import os

import pandas
import pytest
from datasets import Image as ImageFeature
from datasets import List, load_dataset
from PIL import Image

from spatialvlm.answers import Angle, Area, BoundingBox, CannotTell, Choice, Clock, Count, Length, Order, Region, YesNo
from spatialvlm.errors import UserError
from spatialvlm.evaluate.item_export import PARQUET, item_from_row, truth_text, write_parquet, write_tsv
from spatialvlm.evaluate.items import AnswerReading, Item
from spatialvlm.evaluate.tasks.data import rows


def png(shade: int, size: tuple[int, int] = (6, 4)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade, 100, 50)).save(buffer, "PNG")
    return buffer.getvalue()


def item(name, truth, *pictures, question="Which?", **meta) -> Item:
    return Item(name, "kind", question, f"{question}\nAsked in full.", pictures or (png(0),), truth, meta)


def as_vlmevalkit_reads(path):
    """The rows with their decoded images, by the steps of `ImageBaseDataset.__init__` and `dump_image`."""
    table = pandas.read_csv(path, sep="\t")
    table["index"] = [str(one) for one in table["index"]]
    cells = {index: str(cell) for index, cell in zip(table["index"], table["image"])}
    for index, cell in cells.items():
        if len(cell) <= 64:  # so short a cell names another row
            assert len(cells[cell]) > 64
            cells[index] = cells[cell]

    def many(cell: str) -> list[str]:
        return ast.literal_eval(cell) if cell[0] == "[" and cell[-1] == "]" else [cell]

    found = []
    for row in table.to_dict("records"):
        images = [base64.b64decode(one) for one in many(cells[row["index"]])]
        assert len(many(row["image_path"])) == len(images)
        options = {c: row[c] for c in "ABCDEF" if c in row and not pandas.isna(row[c])}
        found.append((row, images, options))
    return found


def test_choices_become_a_table_of_vlmevalkit(tmp_path):
    items = [
        item("a", Choice(("car", "dog"), 1), png(1), question='Is "this"\n\tit?'),
        item("b", Choice(("left", "right", "front"), 0), png(2), png(3)),
        item("c", YesNo(False), png(1)),
    ]
    assert write_tsv(iter(items), tmp_path / "x.tsv") == 3
    assert os.listdir(tmp_path) == ["x.tsv"]
    first, second, third = as_vlmevalkit_reads(tmp_path / "x.tsv")
    assert first[0]["question"] == 'Is "this"\n\tit?'
    assert (first[0]["answer"], first[0]["category"], first[0]["id"]) == ("B", "kind", "a")
    assert first[2] == {"A": "car", "B": "dog"}
    assert second[1] == [png(2), png(3)]
    assert second[2] == {"A": "left", "B": "right", "C": "front"}
    assert third[1] == [png(1)]
    assert (third[2], third[0]["answer"]) == ({"A": "Yes", "B": "No"}, "B")


def test_a_picture_is_written_once(tmp_path):
    large = png(5, (400, 300))
    write_tsv([item(str(n), YesNo(True), large) for n in range(3)], tmp_path / "x.tsv")
    assert list(pandas.read_csv(tmp_path / "x.tsv", sep="\t", dtype=str)["image"])[1:] == ["0", "0"]


def test_open_questions_are_asked_as_they_are(tmp_path):
    write_tsv([item("a", Length(1.25)), item("b", Count(3))], tmp_path / "x.tsv")
    rows = [row for row, _, _ in as_vlmevalkit_reads(tmp_path / "x.tsv")]
    assert "A" not in rows[0]  # or VLMEvalKit would take it for multiple choice
    assert [row["question"] for row in rows] == ["Which?\nAsked in full."] * 2
    assert [row["answer"] for row in rows] == ["1.25 m", "3"]


def test_where_one_item_has_no_options_all_are_asked_in_full(tmp_path):
    mixed = [item("a", Choice(("left", "right"), 1)), item("b", Length(1.25))]
    assert write_tsv(mixed, tmp_path / "x.tsv") == 2
    rows = [row for row, _, _ in as_vlmevalkit_reads(tmp_path / "x.tsv")]
    assert "A" not in rows[0]
    assert [row["question"] for row in rows] == ["Which?\nAsked in full."] * 2
    assert [row["answer"] for row in rows] == ["B", "1.25 m"]


@pytest.mark.parametrize("text", ["None", "NA", "", "null"])
def test_options_that_pandas_takes_for_none_are_refused(tmp_path, text):
    with pytest.raises(UserError, match=r"item 'a': option .* is read as missing by VLMEvalKit"):
        write_tsv([item("a", Choice(("one", text), 0))], tmp_path / "x.tsv")


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ([("3", "2"), ("4", "5")], True),  # whole numbers in every row
        ([("3", "2", "1"), ("4", "5")], False),  # C is 1 and nothing: 1.0
        ([("3", "02"), ("4", "05")], False),
        ([("0.5", "2.5"), ("1.25", "4.5")], True),
        ([("0.50", "2.5"), ("1.25", "4.5")], False),
        ([("3", "2", "1"), ("left", "right")], False),  # C alone is a column of numbers
        ([("3", "2", "1"), ("left", "right", "front"), ("4", "5")], True),  # a word in each
    ],
)
def test_options_that_pandas_would_show_otherwise_are_refused(tmp_path, options, kept):
    items = [item(str(n), Choice(one, 0)) for n, one in enumerate(options)]
    if kept:
        write_tsv(items, tmp_path / "x.tsv")
        found = [tuple(str(text) for text in shown.values()) for _, _, shown in as_vlmevalkit_reads(tmp_path / "x.tsv")]
        assert found == options
    else:
        with pytest.raises(UserError, match="all are numbers, and VLMEvalKit would show"):
            write_tsv(items, tmp_path / "x.tsv")


TRUTHS = (
    (Choice(("car", "dog"), 1), "B"),
    (YesNo(True), "yes"),
    (Length(0.61), "0.61 m"),
    (Angle(-0.5), "-28.6479 degrees"),
    (Count(3), "3"),
    (Area(2.5), "2.5"),
    (Order(("the mug", "the bowl")), "the mug, the bowl"),
    (CannotTell("truncated"), "cannot tell"),
    (Clock(11), "11 o'clock"),
    (Region(((0.1, 0.2), (0.3, 0.2), (0.3, 0.4))), "[[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]"),
    (BoundingBox(0.1, 0.0, 0.3, 1.0), "[0.1000, 0.0000, 0.3000, 1.0000]"),
)


@pytest.mark.parametrize(("truth", "text"), TRUTHS)
def test_answers_as_texts(truth, text):
    assert truth_text(item("a", truth)) == text


def test_an_option_without_a_letter_is_written_in_its_words():
    reading = AnswerReading(lettered=False)
    assert truth_text(Item("a", "k", "?", "?", (), Choice(("left of", "right of"), 1), {}, reading)) == "right of"


def test_rows_of_an_older_format_say_so():
    row = {"id": "7", "kind": "k", "question": "?", "prompt": "?", "meta": "{}"}
    row |= {"truth": '{"form": "number", "value": 3}'}
    with pytest.raises(UserError, match="row '7': of an older format; write the items again"):
        item_from_row(row)


def test_items_come_back_from_parquet(tmp_path):
    picture = tmp_path / "picture.png"
    picture.write_bytes(png(9))
    items = [item(str(n), truth, png(n), picture, source="ADE20K", size=[6, 4]) for n, (truth, _) in enumerate(TRUTHS)]
    assert write_parquet(iter(items), tmp_path / "out", "cv_bench") == len(TRUTHS)
    assert os.listdir(tmp_path / "out") == [PARQUET]
    for place in (tmp_path / "out", tmp_path / "out" / PARQUET):
        for one, back in zip(items, map(item_from_row, rows(place, "*.parquet")), strict=True):
            assert (back.id, back.kind, back.question, back.prompt) == (one.id, one.kind, one.question, one.prompt)
            assert (back.truth, back.meta, back.reading) == (one.truth, one.meta, one.reading)
            assert back.pictures == (one.pictures[0], png(9))


def test_datasets_decodes_the_images(tmp_path):
    write_parquet([item("a", YesNo(True), png(1), png(2)), item("b", YesNo(False))], tmp_path / "out", "vsr")
    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))["test"]
    assert loaded.features["images"] == List(ImageFeature())
    assert [[image.size for image in row["images"]] for row in loaded] == [[(6, 4), (6, 4)], [(6, 4)]]
    assert loaded[0]["images"][1].getpixel((0, 0)) == (2, 100, 50)
    assert loaded["task"][:] == ["vsr", "vsr"]
    back = item_from_row(loaded[0])
    assert (back.id, back.truth, back.pictures) == ("a", YesNo(True), ())


def test_a_missing_picture_says_where_it_is_had_from(tmp_path):
    lacking = item("a", YesNo(True), tmp_path / "images" / "1.jpg", pictures_from="http://example.org/1.jpg")
    for write in (write_parquet, write_tsv):
        with pytest.raises(UserError, match=r"item 'a': its picture .*1.jpg; get it from http://example.org/1.jpg"):
            write([lacking], tmp_path / write.__name__)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_no_items_are_an_error(tmp_path):
    for write in (write_parquet, write_tsv):
        with pytest.raises(UserError, match="got none"):
            write([], tmp_path / write.__name__)


def test_a_row_that_is_no_item_is_named():
    with pytest.raises(UserError, match="row 'a': no item"):
        item_from_row({"id": "a", "truth": "{}", "reading": "{}"})


def test_the_folder_to_write_into_is_made(tmp_path):
    items = [item("a", YesNo(True))]
    assert write_tsv(items, tmp_path / "new" / "folder" / "x.tsv") == 1
    assert write_parquet(items, tmp_path / "other" / "folder") == 1


def test_a_file_in_place_of_a_folder_and_a_folder_in_place_of_a_file_are_refused(tmp_path):
    file, items = tmp_path / "file", [item("a", YesNo(True))]
    file.write_text("mine")
    for out in (file, file / "deeper"):
        with pytest.raises(UserError, match=r"--out .*file: .*file is a file|--out .*deeper: .*file is a file"):
            write_parquet(items, out)
    with pytest.raises(UserError, match=r"file is a file, expected a folder; choose another --out"):
        write_tsv(items, file / "x.tsv")
    with pytest.raises(UserError, match=r"is a folder; a table is one file: name one, as .*items.tsv"):
        write_tsv(items, tmp_path)
    assert file.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_the_disk_refuses_is_a_clear_error(tmp_path):
    (tmp_path / "x.tsv.tmp").mkdir()
    with pytest.raises(UserError, match=r"cannot write .*x.tsv: .*; make the folder writable"):
        write_tsv([item("a", YesNo(True))], tmp_path / "x.tsv")
