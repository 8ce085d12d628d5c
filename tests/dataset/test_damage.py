"""Damaged datasets: whoever opens one says which file it is and what to do, touches nothing, and doing it repairs."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fixtures.folders.tiny import content
from spatialvlm.dataset.lazy import SceneQuestions
from spatialvlm.dataset.read import read_dataset
from spatialvlm.engine import build_recipe
from spatialvlm.engine.ask_stored import ask
from spatialvlm.errors import DatasetError

SCENES, QA = "scenes/part-00001.parquet", "qa/part-00001.parquet"
MANIFEST, INFO = "manifest.jsonl", "dataset.json"


def truncate(folder: Path) -> None:
    path = folder / SCENES
    path.write_bytes(path.read_bytes()[:-100])


def truncate_qa(folder: Path) -> None:
    path = folder / QA
    path.write_bytes(path.read_bytes()[:10])


def empty(folder: Path) -> None:
    (folder / SCENES).write_bytes(b"")


def remove(folder: Path) -> None:
    (folder / SCENES).unlink()


def remove_all(folder: Path) -> None:
    shutil.rmtree(folder / "scenes")


def a_folder_instead(folder: Path) -> None:
    (folder / SCENES).unlink()
    (folder / SCENES).mkdir()


def swap(folder: Path) -> None:
    one, other = folder / SCENES, folder / "scenes/part-00000.parquet"
    one.rename(folder / "x")
    other.rename(one)
    (folder / "x").rename(other)


def cut_lines(folder: Path) -> None:
    path = folder / MANIFEST
    path.write_bytes(path.read_bytes()[:-20])


def lose_a_line(folder: Path) -> None:
    lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
    (folder / MANIFEST).write_bytes(b"".join(lines[:2] + lines[3:]))


def garble_a_line(folder: Path) -> None:
    lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
    (folder / MANIFEST).write_bytes(b"".join([*lines[:2], lines[2][:50] + b"\n", *lines[3:]]))


def zeros_in_a_line(folder: Path) -> None:
    lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
    (folder / MANIFEST).write_bytes(b"".join([*lines[:2], bytes(50) + b"\n", *lines[3:]]))


def no_json(folder: Path) -> None:
    (folder / INFO).write_bytes(b'{"counts": \xff')


def no_object(folder: Path) -> None:
    (folder / INFO).write_text("[]")


def other_info(folder: Path) -> None:
    info = json.loads((folder / INFO).read_text())
    (folder / INFO).write_text(json.dumps({**info, "fingerprint": "of another dataset"}))


def garbage(folder: Path) -> None:
    """As long as it was: found only when it is read."""
    path = folder / SCENES
    path.write_bytes(b"\0" * path.stat().st_size)


def flip(folder: Path) -> None:
    """One byte, in the points of the objects."""
    row_group = pq.ParquetFile(folder / SCENES).metadata.row_group(0)
    columns = [row_group.column(index) for index in range(row_group.num_columns)]
    (points,) = [column for column in columns if "points_in_world" in column.path_in_schema]
    data = bytearray((folder / SCENES).read_bytes())
    data[points.data_page_offset + points.total_compressed_size // 2] ^= 0xFF
    (folder / SCENES).write_bytes(data)


def other_part(folder: Path) -> None:
    """Another part, as long as the one that it replaces."""
    size = (folder / SCENES).stat().st_size
    data = (folder / "scenes/part-00000.parquet").read_bytes()
    lines = (folder / MANIFEST).read_text().replace(f'"bytes": {size}', f'"bytes": {len(data)}')
    (folder / MANIFEST).write_text(lines)
    (folder / SCENES).write_bytes(data)


PART = (
    r"scenes/part-00001.parquet: {}.*; delete the line of shard 1 from .*manifest.jsonl and run the command that made"
)
CUT = r"manifest.jsonl: got 2 finished shards, expected 3 as in dataset.json, lines are lost; run the command that made"
LINE = r"manifest.jsonl line 3: not a JSON object, the file is damaged; delete this line and run the command that made"
JSON = r"dataset.json: not a JSON object, the file is damaged; run the command that made it again"
OTHER = r"dataset.json: made with other settings than manifest.jsonl says; run the command that made it again"
DAMAGES = [
    (truncate, PART.format(r"damaged, got \d+ bytes, expected \d+")),
    (truncate_qa, PART.replace("scenes/", "qa/").format(r"damaged, got 10 bytes, expected \d+")),
    (empty, PART.format(r"damaged, got 0 bytes, expected \d+")),
    (remove, PART.format("missing")),
    (a_folder_instead, PART.format("missing")),
    (
        remove_all,
        r"scenes/part-00000.parquet: missing \(and 2 more files\); delete the lines of shards 0-2 from .*manifest",
    ),
    (
        swap,
        r"scenes/part-00000.parquet: damaged, got \d+ .* \(and 1 more files\); delete the lines of shards 0-1 from",
    ),
    (garble_a_line, LINE),
    (zeros_in_a_line, LINE),
    (cut_lines, CUT),
    (lose_a_line, CUT),
    (no_json, JSON),
    (no_object, JSON),
    (other_info, OTHER),
]
MENDED_BY_BUILD = (cut_lines, lose_a_line, no_json, no_object, other_info)
"""A build that goes on needs no help here: it makes again what has no line, and dataset.json always."""

READERS: dict[str, Callable[[Path], object]] = {
    "read": read_dataset,
    "lazy": SceneQuestions,
    "ask": lambda folder: ask(folder, folder.parent / "questions"),
}


@pytest.fixture
def folder(stored, tmp_path) -> Path:
    """A copy of the small dataset, to be damaged."""
    return shutil.copytree(stored, tmp_path / "dataset")


def follow(message: str, folder: Path) -> None:
    """Do what the message says, save for the command."""
    lines = (folder / MANIFEST).read_bytes().splitlines(keepends=True)
    drop: set[int] = set()
    if found := re.search(r"delete the lines? of shards? ([\d, -]+) from", message):
        for run in found[1].split(", "):
            first, _, last = run.partition("-")
            drop |= set(range(int(first), int(last or first) + 1))
        lines = [line for line in lines if b'"shard"' not in line or json.loads(line)["shard"] not in drop]
    elif found := re.search(r"line (\d+): .*; delete this line", message):
        del lines[int(found[1]) - 1]
    if (folder / SCENES).is_dir():
        (folder / SCENES).rmdir()
    (folder / MANIFEST).write_bytes(b"".join(lines))


@pytest.mark.parametrize(("damage", "message"), DAMAGES, ids=lambda value: getattr(value, "__name__", ""))
def test_damage_is_said_and_its_repair_repairs(folder, stored, stored_recipe, damage, message):
    damage(folder)
    before, said = content(folder), set()
    for reader in READERS.values():
        with pytest.raises(DatasetError, match=message) as caught:
            reader(folder)
        said.add(str(caught.value))
    if damage not in MENDED_BY_BUILD:
        with pytest.raises(DatasetError, match=message) as caught:
            build_recipe(stored_recipe, folder)
        said.add(str(caught.value))
    assert content(folder) == before, "nothing is overwritten"
    assert not (folder.parent / "questions").exists()
    assert len(said) == 1, "all say the same"
    follow(said.pop(), folder)
    build_recipe(stored_recipe, folder)
    assert content(folder) == content(stored)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (garbage, PART.format("cannot be read, the file is damaged")),
        (flip, PART.format("cannot be read, the file is damaged")),
        (other_part, PART.format("got 2 rows, expected 1")),
    ],
)
def test_damage_that_keeps_the_size_is_found_on_reading(folder, stored, stored_recipe, damage, message):
    damage(folder)
    before, said = content(folder), set()
    for use in (
        lambda: list(read_dataset(folder).scenes()),
        lambda: list(SceneQuestions(folder)),
        lambda: read_dataset(folder).at(2),
    ):
        with pytest.raises(DatasetError, match=message) as caught:
            use()
        said.add(re.sub(r"\(.*\)", "", str(caught.value)))
    with pytest.raises(DatasetError, match=message):
        ask(folder, folder.parent / "questions")
    assert content(folder) == before
    assert len(said) == 1
    follow(said.pop(), folder)
    build_recipe(stored_recipe, folder)
    assert content(folder) == content(stored)


def test_every_byte_is_verified_on_demand(folder, stored, stored_recipe):
    read_dataset(folder).verify()
    data = bytearray((folder / QA).read_bytes())
    data[-20] ^= 1  # in the footer, where no page has its checksum
    (folder / QA).write_bytes(data)
    with pytest.raises(
        DatasetError, match=r"qa/part-00001.parquet: damaged, its sha256 .*; delete the line of shard 1"
    ):
        read_dataset(folder).verify()


def test_what_is_made_of_the_parts_is_made_again(folder, stored, stored_recipe):
    for name in ("drops.parquet", "report.html", INFO):
        (folder / name).unlink()
    build_recipe(stored_recipe, folder)
    assert content(folder) == content(stored)
    for number, line in enumerate((folder / MANIFEST).read_text().splitlines()[1:]):
        assert line.endswith(f'"shard": {number}}}'), "docs/dataset.md finds the line of a shard by its end"


def test_parts_of_two_builds_are_told_by_their_frames(folder):
    data = (folder / "qa/part-00002.parquet").read_bytes()
    size = (folder / "qa/part-00000.parquet").stat().st_size
    lines = (folder / MANIFEST).read_text().replace(f'"bytes": {size}', f'"bytes": {len(data)}')
    (folder / MANIFEST).write_text(lines)
    (folder / "qa/part-00000.parquet").write_bytes(data)
    with pytest.raises(
        DatasetError, match=r"qa/part-00000.parquet row 0: of frame .*0002', expected .*0000' as in scenes"
    ):
        read_dataset(folder).at(0)


def test_a_manifest_without_its_header(folder, stored, stored_recipe):
    """Nothing tells what the parts are: they are left alone, and the folder has to be made anew."""
    for text in (b"", b'{"config": {'):
        (folder / MANIFEST).write_bytes(text)
        before = content(folder)
        for use in (*READERS.values(), lambda folder: build_recipe(stored_recipe, folder)):
            with pytest.raises(
                DatasetError, match=r"manifest.jsonl: has no header; .* remove the folder and build again"
            ):
                use(folder)
        assert {**content(folder), MANIFEST: ""} == {**before, MANIFEST: ""}
    (folder / MANIFEST).unlink()
    with pytest.raises(DatasetError, match=r"no dataset here \(no manifest.jsonl\)"):
        read_dataset(folder)
    with pytest.raises(DatasetError, match=r"not a dataset \(no manifest.jsonl\) but not empty either"):
        build_recipe(stored_recipe, folder)


@pytest.mark.parametrize("damage", [truncate_qa, garble_a_line, cut_lines, no_json], ids=lambda value: value.__name__)
def test_questions_alone_are_repaired_by_asking_again(stored, tmp_path, damage):
    ask(stored, tmp_path / "whole", epochs=2)
    folder = shutil.copytree(tmp_path / "whole", tmp_path / "damaged")
    damage(folder)
    before = content(folder)
    with pytest.raises(DatasetError) as caught:
        read_dataset(folder)
    assert content(folder) == before
    follow(str(caught.value), folder)
    ask(stored, folder, epochs=2)
    assert content(folder) == content(tmp_path / "whole")
