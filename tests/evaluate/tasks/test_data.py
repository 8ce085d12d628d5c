"""The rows of files as people save them, image cells, and the fingerprint of some data."""

import json
import os
import shutil
from pathlib import Path

import pytest

from spatialvlm.errors import UserError
from spatialvlm.evaluate.tasks import data
from spatialvlm.evaluate.tasks.cells import read_picture
from spatialvlm.evaluate.tasks.data import fingerprint, rows

BOM = "\ufeff".encode()


def test_a_mark_at_the_beginning_of_a_file_is_no_part_of_its_first_row(tmp_path: Path):
    contents = {"a.jsonl": '{"id": "é"}\n', "a.json": '[{"id": "é"}]', "a.tsv": "id\tof\né\t2\n"}
    for name, text in contents.items():
        (tmp_path / name).write_bytes(BOM + text.encode())
        assert [row["id"] for row in rows(tmp_path / name, needs=("id",))] == ["é"]


def test_only_a_line_feed_ends_a_line(tmp_path: Path):
    said = "one\u2028two\u0085three\x1cfour\u2029"
    lines = [json.dumps({"said": said}, ensure_ascii=False), "", json.dumps({"said": "five"})]
    for end in ("\n", "\r\n"):
        (tmp_path / "a.jsonl").write_bytes(end.join(lines).encode())
        assert [row["said"] for row in rows(tmp_path / "a.jsonl")] == [said, "five"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b'{"id": 1}\n{"id": "caf\xe9"}\n', r"a.jsonl line 2: got the byte 0xe9; expected UTF-8"),
        ("a.jsonl", '{"id": 1}'.encode("utf-16"), r"a.jsonl line 1: got the byte 0xff; expected UTF-8"),
        ("a.json", b'[\n\n"\xff"]', r"a.json line 3: got the byte 0xff; expected UTF-8"),
        ("a.tsv", b"id\tb\xff\n1\t2\n", r"a.tsv line 1: got the byte 0xff; expected UTF-8"),
        ("a.tsv", b"id\tb\n1\t\xff\n", r"a.tsv: cannot be read .*UTF8"),
        ("a.tsv", b"", r"a.tsv: cannot be read"),
        ("a.tsv", b"id\tb\n1\t2\t3\n", r"a.tsv: cannot be read .*Expected 2 columns, got 3"),
        ("a.jsonl", b'{"id": 1}\n{"id": ', r"a.jsonl line 2: no JSON"),
        ("a.jsonl", b"\n[1]\n", r"a.jsonl line 2: got list; expected a JSON object"),
        ("a.json", b'[{"id": 1}, 2]', r"a.json row 2: got int; expected a JSON object"),
        ("a.json", b'"words"', r"a.json row 1: got str; expected a JSON object"),
        ("a.json", b"[" * 200_000, r"a.json: no JSON"),
        ("a.parquet", b"PAR1", r"a.parquet: cannot be read"),
        ("a.txt", b"", r"a.txt: got a file .txt; expected .parquet, .jsonl, .json, .tsv or .xlsx"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, name: str, content: bytes, says: str):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=says):
        list(rows(tmp_path / name))


def test_cells_of_a_table_are_texts(tmp_path: Path):
    (tmp_path / "a.tsv").write_text('id\t"of"\n007\t"two\nlines"\n\tNA\n')
    assert list(rows(tmp_path, "*.tsv")) == [{"id": "007", "of": "two\nlines"}, {"id": "", "of": "NA"}]


@pytest.mark.parametrize("cell", ["café.png", "x" * 601, "a b.png", "\0.png", 3, None, {"bytes": None, "path": None}])
def test_an_image_that_is_nowhere_is_a_clear_error(tmp_path: Path, cell: object):
    with pytest.raises(UserError, match=r"^image"):
        read_picture(cell, tmp_path)


def test_short_base64_is_no_name_of_a_file(tmp_path: Path):
    assert read_picture("QUJD" * 200, tmp_path) == b"ABC" * 200


def test_a_fingerprint_is_of_names_and_contents_and_of_nothing_else(tmp_path: Path):
    one = tmp_path / "one"
    (one / "deep").mkdir(parents=True)
    (one / "a.jsonl").write_text("12")
    (one / "deep" / "b.png").write_bytes(b"34")
    found = fingerprint(one)
    assert found.startswith("files:")
    copy = tmp_path / "copy"
    shutil.copytree(one, copy)
    os.utime(copy / "a.jsonl", (1, 1))
    (copy / ".cache").mkdir()
    (copy / ".cache" / "dates").write_text("today")
    assert fingerprint(copy) == found

    (copy / "a.jsonl").write_text("21")  # as long as before
    changed = fingerprint(copy)
    (copy / "a.jsonl").rename(copy / "c.jsonl")
    renamed = fingerprint(copy)
    (copy / "c.jsonl").write_text("2")
    (copy / "deep" / "b.png").write_bytes(b"134")  # the same bytes, otherwise cut
    moved = fingerprint(copy)
    assert len({found, changed, renamed, moved}) == 4


def test_a_lone_file_has_its_contents_fingerprint_whatever_its_name(tmp_path: Path):
    for name, text in (("a.jsonl", "1"), ("b.jsonl", "1"), ("c.jsonl", "2")):
        (tmp_path / name).write_text(text)
    a, b, c = (fingerprint(tmp_path / f"{name}.jsonl") for name in "abc")
    assert a == b != c


def test_of_a_large_file_both_ends_and_the_size_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(data, "WHOLE_BYTES", 8)
    monkeypatch.setattr(data, "END_BYTES", 2)
    contents = (b"ab......yz", b"ab..!!..yz", b"a!......yz", b"ab......!z", b"ab.....yz")
    found = []
    for content in contents:
        (tmp_path / "film.mp4").write_bytes(content)
        found.append(fingerprint(tmp_path))
    assert found[0] == found[1]
    assert len(set(found)) == 4
