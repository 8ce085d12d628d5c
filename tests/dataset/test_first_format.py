"""A dataset of format 1: its scenes are read and asked again; of its questions it says what to do."""

import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fixtures.folders.tiny import content
from spatialvlm.annotate.annotation_tasks import open_annotation_source
from spatialvlm.dataset import export, read_dataset, schema, write_report
from spatialvlm.dataset.files import describe_file, to_json
from spatialvlm.dataset.lazy import SceneQuestions
from spatialvlm.engine import ask, build_recipe
from spatialvlm.errors import DatasetError

ADDED = ("given", "names", "asked_unit", "options", "value", "asked_as", "fact")
HINT = "its questions are of format 1, .*spatialvlm ask {0} --out {0}-2 asks again"


@pytest.fixture(scope="module")
def old(stored, tmp_path_factory) -> Path:
    """The stored dataset as format 1 had it. Not to be written to."""
    folder = tmp_path_factory.mktemp("old") / "dataset"
    shutil.copytree(stored, folder)
    for name, older in (("qa", without_added), ("scenes", without_late_columns)):
        for path in (folder / name).iterdir():
            with path.open("rb") as file:
                table = older(pq.read_table(file))
            with path.open("wb") as out:
                schema.write_parquet(table, out)
    header, *shards = map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())
    for shard in shards:
        for name in ("qa", "scenes"):
            shard["files"][name] = describe_file(folder, folder / shard["files"][name]["path"])
    lines = [header | {"format": 1}, *shards]
    (folder / "manifest.jsonl").write_text("".join(to_json(line) + "\n" for line in lines))
    info = json.loads((folder / "dataset.json").read_text()) | {"format": 1}
    (folder / "dataset.json").write_text(to_json(info, indent=1) + "\n")
    return folder


def without_added(table: pa.Table) -> pa.Table:
    column = table.column("qa").combine_chunks()
    fields = [field for field in schema.QUESTION if field.name not in ADDED]
    structs = column.flatten()
    kept = pa.StructArray.from_arrays([structs.field(field.name) for field in fields], fields=fields)
    return pa.table({"frame_id": table.column("frame_id"), "qa": pa.ListArray.from_arrays(column.offsets, kept)})


def without_late_columns(table: pa.Table) -> pa.Table:
    return table.drop_columns(["unlifted", "surfaces"])


def test_the_folder_is_one_of_format_1(old):
    first = json.loads((old / "manifest.jsonl").read_text().splitlines()[0])
    assert first["format"] == json.loads((old / "dataset.json").read_text())["format"] == 1
    part = next((old / "qa").iterdir())
    names = [field.name for field in pq.read_schema(part).field("qa").type.value_type]
    assert names == [field.name for field in schema.QUESTION][: -len(ADDED)]


def test_it_is_opened_and_its_scenes_are_read(stored, old):
    dataset, now = read_dataset(old), read_dataset(stored)
    dataset.verify()
    assert len(dataset) == len(now)
    assert dataset.frame_ids() == now.frame_ids()
    assert [source for _, source in dataset.scenes()] == [source for _, source in now.scenes()]
    assert [scene.frame_id for scene, _ in dataset.scenes(images=False)] == now.frame_ids()
    assert {scene.surfaces for scene, _ in dataset.scenes()} == {None}, "nobody had looked for them"
    assert None not in {scene.surfaces for scene, _ in now.scenes()}
    assert list(dataset.drops()) == list(now.drops())


def test_its_scenes_are_asked_again(stored, old, tmp_path):
    """Everything that decides its questions is in its header, so they are those that a build writes now."""
    ask(old, tmp_path / "again")
    assert list(read_dataset(tmp_path / "again").questions()) == list(read_dataset(stored).questions())
    again, built = content(tmp_path / "again"), content(stored)
    assert {name: again[name] for name in again if name.startswith("qa/")} == {
        name: built[name] for name in built if name.startswith("qa/")
    }
    assert json.loads((tmp_path / "again/dataset.json").read_text())["format"] == 2


def test_its_scenes_are_asked_while_a_model_trains(stored, old):
    lazy, expected = SceneQuestions(old, images=False), dict(read_dataset(stored).questions())
    assert {one.scene.frame_id: list(one.questions) for one in lazy} == expected


def test_its_questions_say_what_to_do(old, tmp_path):
    dataset = read_dataset(old)
    for read in (
        lambda: list(dataset.questions()),
        lambda: dataset.at(0),
        lambda: dataset.frame(dataset.frame_ids()[0]),
        lambda: export(old, tmp_path / "out", to="messages"),
        lambda: write_report(old),
        lambda: open_annotation_source(str(old), 0),
    ):
        with pytest.raises(DatasetError, match=HINT.format(re.escape(str(old)))):
            read()
    assert not (tmp_path / "out").exists()


def test_commands_say_it_in_one_line(old, run, tmp_path):
    frame, out = read_dataset(old).frame_ids()[0], tmp_path / "out"
    for command in (("show", old, frame), ("export", old, "--to", "messages", "--out", out)):
        code, _, err = run(*command)
        assert code == 1
        assert "spatialvlm ask" in " ".join(err.split())
        assert "Traceback" not in err


def test_a_build_does_not_go_on_there(old, stored_recipe, tmp_path):
    shutil.copytree(old, tmp_path / "copy")
    before = content(tmp_path / "copy")
    with pytest.raises(DatasetError, match="format: 1 in the folder, 2 now"):
        build_recipe(stored_recipe, tmp_path / "copy")
    assert content(tmp_path / "copy") == before
