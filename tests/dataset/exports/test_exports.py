"""What holds for every export: complete, in order, the same bytes again, whole or absent, and nobody else's folder."""

import json
import re
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fixtures.folders.tiny import content
from fixtures.plain_facts import LENGTHS, plain
from spatialvlm.answers import Angle, Clock, Count, answer_from_text
from spatialvlm.dataset.exports import FORMATS, PER, export
from spatialvlm.dataset.exports import webdataset as webdataset_format
from spatialvlm.dataset.exports.conversations import NO_NUMBER, ExportCounts, conversations_of
from spatialvlm.errors import DatasetError, UserError

SAFE = re.compile(r"[a-z0-9_-]{1,100}\.png")


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def nulls(row: dict) -> list[str]:
    """The names of what a reader of JSON takes no type from."""
    return [name for name, value in row.items() if value is None or value == []]


def texts(turns: list[dict]) -> list[str]:
    """The words of a conversation in any of the formats."""
    if "value" in turns[0]:
        return [turn["value"].removeprefix("<image>\n") for turn in turns]
    return [part["text"] for turn in turns for part in turn["content"] if part["type"] == "text"]


def read(folder: Path, to: str) -> list[tuple[list[str], bytes, list[dict]]]:
    """(words, image, evidence) of every sample, by the simplest means."""
    match to:
        case "messages":
            rows = lines(folder / "data.jsonl")
            return [(texts(r["messages"]), (folder / r["images"][0]).read_bytes(), r["evidence"]) for r in rows]
        case "sharegpt":
            rows = lines(folder / "data.jsonl")
            return [(texts(r["conversations"]), (folder / r["images"][0]).read_bytes(), r["evidence"]) for r in rows]
        case "llava":
            rows = json.loads((folder / "data.json").read_text())
            return [(texts(r["conversations"]), (folder / r["image"]).read_bytes(), r["evidence"]) for r in rows]
        case "webdataset":
            files: list[bytes] = []
            for path in sorted(folder.glob("*.tar")):
                with tarfile.open(path) as tar:
                    files += [tar.extractfile(member).read() for member in tar]
            rows = [json.loads(data) for data in files[1::2]]
            return [(texts(r["messages"]), image, r["evidence"]) for r, image in zip(rows, files[::2], strict=True)]
        case _:
            rows = [r for path in sorted(folder.glob("data/*")) for r in pq.read_table(path).to_pylist()]
            return [(texts(r["messages"]), r["image"]["bytes"], r["evidence"]) for r in rows]


@pytest.mark.parametrize("per", PER)
@pytest.mark.parametrize("to", FORMATS)
def test_nothing_is_lost_and_the_order_is_kept(dataset, tmp_path, to, per):
    done = export(dataset, tmp_path / "out", to=to, per=per)
    wanted = [
        ([qa], source.image_bytes) if per == "question" else (asked, source.image_bytes)
        for (_, source), (_, asked) in zip(dataset.scenes(), dataset.questions())
        if source.image_bytes and asked
        for qa in (asked if per == "question" else asked[:1])
    ]
    found = read(tmp_path / "out", to)
    assert [image for _, image, _ in found] == [image for _, image in wanted]
    for (words, _, evidence), (asked, _) in zip(found, wanted, strict=True):
        assert words == [t.replace("<image>", "image") for qa in asked for t in (qa.question, qa.answer)]
        for qa, row in zip(asked, evidence, strict=True):
            assert (row["kind"], row["family"], row["template"]) == (qa.kind, qa.family, qa.template)
            assert tuple(row["subjects"]) == qa.fact.subjects
            assert row["error"] == qa.fact.error
            assert to == "hf" or nulls(row) == []
            assert (row["number"] == plain(qa.value)) == (
                qa.kind in LENGTHS or isinstance(qa.value, Angle | Count | Clock)
            )
            assert (row["unit"] == "m") == (qa.kind in LENGTHS)
            assert answer_from_text(row["value"]) == qa.value
            none = ("", NO_NUMBER) if to != "hf" else (None, None)
            wanted_too = [known if known is not None else what for known, what in zip((qa.unit, qa.fact.given), none)]
            assert (tuple(row["names"]), [row["asked_unit"], row["given"]]) == (qa.names, wanted_too)
    assert done.samples == len(found)
    assert done.questions == sum(len(evidence) for _, _, evidence in found)
    assert (done.images, done.skipped) == (6, {"no image": 1, "no question": 1})
    note = json.loads((tmp_path / "out/export.json").read_text())
    assert note["format"] == to
    assert (note["samples"], note["questions"], note["skipped"]) == (done.samples, done.questions, done.skipped)


@pytest.mark.parametrize("to", FORMATS)
def test_twice_gives_the_same_bytes_and_leaves_nothing_else(dataset, tmp_path, to):
    for name in ("one", "two"):
        export(dataset, tmp_path / name / "out", to=to)
    once = content(tmp_path / "one")
    assert content(tmp_path / "two") == once
    (tmp_path / "one/out/images").mkdir(exist_ok=True)
    (tmp_path / "one/out/images/stale.png").write_bytes(b"of an earlier export")
    export(dataset, tmp_path / "one" / "out", to=to)
    assert content(tmp_path / "one") == once


@pytest.mark.parametrize("to", ["messages", "sharegpt", "llava"])
def test_names_are_safe_and_every_image_is_one_file(dataset, tmp_path, to):
    export(dataset, tmp_path / "out", to=to, per="question")
    names = [path.name for path in (tmp_path / "out/images").rglob("*") if path.is_file()]
    assert len(names) == len({name.lower() for name in names}) == 6
    assert all(SAFE.fullmatch(name) for name in names)
    assert "desk.png" in names


def test_a_placeholder_stands_once_before_the_first_question(dataset, tmp_path):
    export(dataset, tmp_path / "m", to="messages")
    for row in lines(tmp_path / "m/data.jsonl"):
        kinds = [[part["type"] for part in turn["content"]] for turn in row["messages"]]
        assert kinds == [["image", "text"]] + [["text"]] * (len(kinds) - 1)
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"] * (len(kinds) // 2)
    export(dataset, tmp_path / "s", to="sharegpt")
    for row in lines(tmp_path / "s/data.jsonl"):
        assert [turn["value"].count("<image>") for turn in row["conversations"]] == [1] + [0] * (
            len(row["conversations"]) - 1
        )
        assert row["conversations"][0]["value"].startswith("<image>\n")


def test_shards_of_webdataset_are_cut_by_size(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(webdataset_format, "SHARD_BYTES", 30_000)
    export(dataset, tmp_path / "out", to="webdataset", per="question")
    shards = sorted((tmp_path / "out").glob("*.tar"))
    assert len(shards) > 3
    assert len(read(tmp_path / "out", "webdataset")) == len(
        list(conversations_of(dataset, "question", ExportCounts(), print))
    )
    with tarfile.open(shards[0]) as tar:
        assert {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in tar} == {(0, 0, 0, "", "")}


# -- folders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("foreign", ["out", "out.tmp"])
def test_a_foreign_folder_is_left_alone(dataset, tmp_path, foreign):
    (tmp_path / foreign).mkdir()
    (tmp_path / foreign / "thesis.txt").write_text("years of work")
    (tmp_path / foreign / "export.json").write_text("[]")
    with pytest.raises(UserError, match="left alone; choose another --out"):
        export(dataset, tmp_path / "out", to="messages")
    assert (tmp_path / foreign / "thesis.txt").read_text() == "years of work"


def test_other_places_that_make_no_sense(dataset, tmp_path):
    (tmp_path / "file").write_text("a file")
    for out, message in (
        (dataset.folder, "lies in the dataset"),
        (dataset.folder / "qa", "lies in the dataset"),
        (tmp_path, "holds something"),
        (tmp_path / "file", "is a file"),
        (tmp_path / "file" / "out", "cannot write"),
        (Path("/"), "no name for a new folder"),
    ):
        with pytest.raises(UserError, match=message):
            export(dataset, out, to="hf")


def test_an_empty_folder_and_what_a_killed_export_left_are_used(dataset, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out.tmp/images").mkdir(parents=True)
    (tmp_path / "out.tmp/export.json").write_text('{"spatialvlm": "0"}')
    (tmp_path / "out.tmp/images/half.png").write_bytes(b"\x89PNG")
    export(dataset, tmp_path / "out", to="messages")
    assert not (tmp_path / "out.tmp").exists()
    assert not list((tmp_path / "out").rglob("half.png"))


def test_a_fault_leaves_the_earlier_export_and_no_rubbish(dataset, tmp_path):
    export(dataset, tmp_path / "out", to="messages")
    before = content(tmp_path / "out")
    part = dataset.folder / "qa/part-00001.parquet"
    data = bytearray(part.read_bytes())
    data[40:200] = bytes(160)
    part.write_bytes(bytes(data))
    with pytest.raises(DatasetError, match=r"part-00001\.parquet"):
        export(dataset, tmp_path / "out", to="llava")
    assert content(tmp_path / "out") == before
    assert not (tmp_path / "out.tmp").exists()


def test_two_at_once_into_one_folder(dataset, tmp_path):
    def second(_):
        with pytest.raises(UserError, match="another process is exporting"):
            export(dataset, tmp_path / "out", to="hf")

    export(dataset, tmp_path / "out", to="messages", report=second)
    assert (tmp_path / "out/data.jsonl").exists()


# -- datasets that cannot be exported ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("ids", "reason"), [((), "it has no frames"), (("no-image",), "no image in 1 frames")])
def test_nothing_to_export(make_dataset, tmp_path, ids, reason):
    dataset = make_dataset(tmp_path / "empty", ids)
    for to in FORMATS:
        with pytest.raises(UserError, match=reason):
            export(dataset, tmp_path / "out", to=to)
    assert not (tmp_path / "out").exists()


def test_an_unfinished_dataset(dataset, tmp_path):
    from spatialvlm.dataset.read import read_dataset

    (dataset.folder / "dataset.json").unlink()
    with pytest.raises(DatasetError, match="run the same build again, then export"):
        export(read_dataset(dataset.folder), tmp_path / "out", to="hf")


def test_unknown_names(dataset, tmp_path):
    with pytest.raises(UserError, match=r"format 'alpaca': unknown; choose one of messages, llava"):
        export(dataset, tmp_path / "out", to="alpaca")
    with pytest.raises(UserError, match="per 'scene': unknown; choose one of image, question"):
        export(dataset, tmp_path / "out", to="hf", per="scene")


def test_memory_does_not_grow_with_the_dataset(dataset):
    samples = conversations_of(dataset, "question", ExportCounts(), print)
    first, second = next(samples), next(samples)
    assert first.image_bytes is second.image_bytes, "one image in memory, not one per question"
