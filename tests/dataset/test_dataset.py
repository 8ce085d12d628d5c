"""A dataset folder: byte-identical however it was built, resumable from any state, clear about damage."""

import errno
import hashlib
import json
import math
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spatialvlm.dataset.read import read_dataset
from spatialvlm.dataset.write import finish, open_for_build, write_shard
from spatialvlm.errors import DatasetError, UserError
from spatialvlm.kinds import KINDS
from spatialvlm.records import Drop, Sample

HEADER = {"config": {"seed": 3, "lift": {"points": 512}}, "source": "s", "fingerprint": "f", "versions": {"a": "1"}}
SHARDS = 3


@pytest.fixture
def shard(make_scene, make_questions, make_sample):
    """Write shard k: two scenes, one dropped frame."""

    def write(folder: Path, k: int) -> dict:
        scenes = [make_scene(2 * k), make_scene(2 * k + 1)]
        refusals = [{("gap", "touching"): 2, ("height", "truncated"): k}, {("gap", "touching"): 1}]
        samples = [
            make_sample(*known, make_questions(known[0]), refusals=refused)
            for known, refused in zip(scenes, refusals, strict=True)
        ]
        dropped = Sample(drops=(Drop("collect", f"bad-{k}", "image_unreadable: 3 bytes"),))
        return write_shard(folder, k, [*samples, dropped])

    return write


@pytest.fixture
def build(shard):
    def run(folder: Path, header: dict = HEADER, stop: int = SHARDS) -> set[int]:
        """Build up to shard `stop`; returns the shards that were made now."""
        with open_for_build(folder, header) as progress:
            todo = [k for k in range(stop) if k not in progress.done]
            for k in todo:
                progress.append(shard(folder, k))
        if stop == SHARDS:
            finish(folder)
        return set(todo)

    return run


def content(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def whole(build, tmp_path):
    build(tmp_path / "whole")
    return content(tmp_path / "whole")


def test_what_is_in_the_folder(build, tmp_path):
    build(tmp_path)
    parts = [f"{name}/part-0000{k}.parquet" for name in ("qa", "scenes") for k in range(SHARDS)]
    assert sorted(content(tmp_path)) == sorted(["dataset.json", "drops.parquet", "manifest.jsonl", *parts])
    info = json.loads((tmp_path / "dataset.json").read_text())
    assert (info["frames"], info["scenes"], info["qa"], info["seed"], info["shards"]) == (
        9,
        6,
        6 * len(KINDS),
        3,
        SHARDS,
    )
    assert info["drops"] == {"collect": {"image_unreadable": 3}}
    assert info["refusals"] == {"gap": {"touching": 9}, "height": {"truncated": 3}}
    assert info["kinds"]["gap"] == 6
    assert sum(info["lengths"]["gap"]) == 6
    assert info["labels"]["left_predicate"] == {"true": 6}
    assert info["config"] == HEADER["config"]
    assert pq.read_table(tmp_path / "drops.parquet").to_pylist()[1] == {
        "stage": "collect",
        "id": "bad-1",
        "reason": "image_unreadable: 3 bytes",
    }


def test_two_builds_are_byte_identical(build, whole, tmp_path):
    build(tmp_path / "again")
    assert content(tmp_path / "again") == whole


def test_a_killed_build_resumes_and_ends_byte_identical(build, whole, tmp_path):
    folder = tmp_path / "killed"
    build(folder, stop=2)
    manifest = folder / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-20])  # torn: shard 1 is not finished
    (folder / "qa/part-00002.parquet.tmp").write_bytes(b"half")
    (folder / "manifest.jsonl.tmp").write_bytes(b"half")
    assert build(folder) == {1, 2}
    assert content(folder) == whole


def test_a_killed_finish_is_done_again(build, whole, tmp_path):
    folder = tmp_path / "killed"
    build(folder, stop=2)
    build(folder)
    (folder / "dataset.json").unlink()
    (folder / "drops.parquet.tmp").write_bytes(b"half")
    assert build(folder) == set()
    assert content(folder) == whole


def test_a_deleted_manifest_line_is_the_repair(build, whole, tmp_path):
    folder = tmp_path / "repaired"
    build(folder)
    (folder / "scenes/part-00000.parquet").unlink()
    with pytest.raises(DatasetError, match=r"part-00000.parquet: missing; delete the line of shard 0 from .*manifest"):
        build(folder)
    lines = (folder / "manifest.jsonl").read_text().splitlines(keepends=True)
    (folder / "manifest.jsonl").write_text("".join(lines[:1] + lines[2:]))
    assert build(folder) == {0}
    assert content(folder) == whole


def test_a_cut_off_part_is_named(build, tmp_path):
    build(tmp_path)
    path = tmp_path / "qa/part-00001.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    for open_it in (lambda: build(tmp_path), lambda: read_dataset(tmp_path)):
        with pytest.raises(DatasetError, match=r"qa/part-00001.parquet: damaged, got \d+ bytes, expected \d+"):
            open_it()


def test_other_settings_are_named_with_both_values(build, tmp_path):
    build(tmp_path, stop=1)
    other = {**HEADER, "config": {"seed": 4, "lift": {"points": 512}, "new": None}, "fingerprint": "g"}
    with pytest.raises(DatasetError) as caught:
        build(tmp_path, header=other)
    message = str(caught.value)
    assert "config.seed: 3 in the folder, 4 now" in message
    assert "config.new: absent in the folder, null now" in message
    assert 'fingerprint: "f" in the folder, "g" now' in message
    assert "points" not in message


OLD = {"lift": {"points": 512}, "measure": {"least_m": 0.5}, "sense": {"fov_rad": 1.0}, "shard_size": 128}
OF_OLD = {"config": {"seed": 3, **OLD, "old": 1}, "versions": {"a": "0"}}
"""What an earlier version wrote: it had another default size of shards, and a setting that is gone."""
NOW = {"lift": {"points": 512}, "measure": {"min_length_m": 0.5}, "estimate": {"fov_rad": 1.0}, "shard_size": None}
OF_NOW = {"config": {"seed": 3, **NOW, "new": 1}, "versions": {"a": "1"}}


def test_a_finished_dataset_is_taken_from_any_version(build, tmp_path):
    build(tmp_path, header=HEADER | OF_OLD)
    before = content(tmp_path)
    with open_for_build(tmp_path, HEADER | OF_NOW, HEADER | OF_NOW) as progress:
        assert progress.info == json.loads((tmp_path / "dataset.json").read_text())
        assert sorted(progress.done) == [0, 1, 2]
    assert content(tmp_path) == before


def test_a_setting_that_nobody_had_chosen_is_still_nobodys_choice(build, tmp_path):
    unchosen = {"config": {"estimate": {"fov_rad": math.radians(55.0)}}, "versions": {"a": "0"}}
    build(tmp_path, header=HEADER | unchosen)
    now = HEADER | {"config": {"estimate": {"fov_rad": None}}, "versions": {"a": "1"}}
    open_for_build(tmp_path, now, now).close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 4}, r"config\.seed: 3 in the folder, 4 now"),
        ({"measure": {"min_length_m": 0.1}}, r"config\.measure\.min_length_m: 0\.5 in the folder, 0\.1 now"),
        ({"estimate": {"fov_rad": 1.5}}, r"config\.estimate\.fov_rad: 1\.0 in the folder, 1\.5 now"),
        ({"new": 2}, r"config\.new: absent in the folder, 2 now"),
        ({"inserted": [{"after": "lift"}]}, r"config\.inserted: absent in the folder"),
    ],
)
def test_of_any_version_other_settings_are_refused(build, tmp_path, change, message):
    build(tmp_path, header=HEADER | OF_OLD)
    wanted = {**HEADER, **OF_NOW, "config": OF_NOW["config"] | change}
    with pytest.raises(DatasetError, match=rf"made with other settings:\n  {message}"):
        open_for_build(tmp_path, wanted, HEADER | OF_NOW)


def test_only_the_same_version_goes_on_with_half_a_dataset(build, tmp_path):
    build(tmp_path, stop=1)
    with pytest.raises(DatasetError, match=r'other versions:\n  versions\.a: "1" in the folder, "2" now\nrun'):
        open_for_build(tmp_path, {**HEADER, "versions": {"a": "2"}})


def test_a_folder_of_something_else_is_left_alone(build, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(DatasetError, match=r"not a dataset .* it holds thesis.tex; choose another --out"):
        build(tmp_path)
    assert list(content(tmp_path)) == ["thesis.tex"]


def test_a_foreign_or_broken_manifest(build, tmp_path):
    path = tmp_path / "manifest.jsonl"
    for text, message in [
        ("", "has no header"),
        ('{"format": 2', "has no header"),
        ('{"format": 9}\n', "got format 9, expected 2"),
        ("[]\n", "line 1: not a JSON object"),
        ('{"format": 2}\n{"shard"\n', "line 2: not a JSON object"),
        ('{"format": 2}\n{}\n', "line 2: names no counts, drops, .* shard; delete this line and run"),
    ]:
        path.write_text(text)
        with pytest.raises(DatasetError, match=message):
            build(tmp_path)


def test_a_file_in_place_of_the_folder(build, tmp_path):
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(UserError, match=r"cannot write .*file.*; make the folder writable or choose another"):
            build(folder)


def test_two_builds_in_one_folder(tmp_path):
    with open_for_build(tmp_path, HEADER), pytest.raises(UserError, match="another process is building this dataset"):
        open_for_build(tmp_path, HEADER)
    open_for_build(tmp_path, HEADER).close()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_said_and_nothing_half_is_left(build, whole, tmp_path, monkeypatch, call):
    folder = tmp_path / "full"
    build(folder, stop=2)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(UserError, match=r"disk full writing .*: free space and run the same command again"):
            build(folder)
    assert not list(folder.rglob("*.tmp"))
    assert build(folder) == {2}
    assert content(folder) == whole


def test_reading(build, make_scene, make_questions, tmp_path):
    build(tmp_path)
    dataset = read_dataset(tmp_path)
    expected = [make_scene(i) for i in range(2 * SHARDS)]
    assert len(dataset) == len(expected)
    assert dataset.frame_ids() == [scene.frame_id for scene, _ in expected]
    assert [source for _, source in dataset.scenes()] == [source for _, source in expected]
    assert all(source.image_bytes == b"" for _, source in dataset.scenes(images=False))
    assert list(dataset.questions()) == [(scene.frame_id, make_questions(scene)) for scene, _ in expected]
    assert next(dataset.drops()).id == "bad-0"
    for index, (scene, source) in enumerate(expected):
        found, origin, questions = dataset.frame(scene.frame_id)
        assert (found.frame_id, origin, questions) == (scene.frame_id, source, make_questions(scene))
        assert dataset.at(index)[0].frame_id == scene.frame_id
    with pytest.raises(DatasetError, match="no frame 'nope'"):
        dataset.frame("nope")
    with pytest.raises(IndexError):
        dataset.at(len(dataset))


def test_an_unfinished_dataset_can_be_read(build, tmp_path):
    build(tmp_path, stop=2)
    dataset = read_dataset(tmp_path)
    assert dataset.info is None
    assert len(list(dataset.questions())) == 4


def test_a_flipped_byte_is_found(build, tmp_path):
    build(tmp_path)
    path = tmp_path / "qa/part-00001.parquet"
    data = bytearray(path.read_bytes())
    data[300] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=r"qa/part-00001.parquet: cannot be read, the file is damaged"):
        list(read_dataset(tmp_path).questions())


def test_reading_what_is_no_dataset(build, tmp_path):
    with pytest.raises(DatasetError, match="no dataset here"):
        read_dataset(tmp_path / "nowhere")
    build(tmp_path)
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(DatasetError, match=r"dataset.json: not a JSON object"):
        read_dataset(tmp_path)


def test_doubts_are_counted_and_listed(tmp_path):
    doubts = [Drop("lift", f"f{place}", f"size_odd: frame 'f{place}': odd") for place in range(3)]
    samples = [Sample(place, doubts=(doubt,)) for place, doubt in enumerate(doubts)]
    with open_for_build(tmp_path, HEADER) as progress:
        progress.append(write_shard(tmp_path, 0, samples[:2]))
        progress.append(write_shard(tmp_path, 1, samples[2:]))
    assert finish(tmp_path)["doubts"] == {"size_odd": {"count": 3, "first": "frame 'f0': odd"}}
    assert list(read_dataset(tmp_path).doubts()) == doubts
