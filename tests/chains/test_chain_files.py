"""`spatialvlm chains`: a folder that trainers read, whole or absent, the same twice, and read back as equal chains."""

import json

import pytest

from spatialvlm.chains import chain_from_json, read_chains, replay, write_chains
from spatialvlm.dataset import read_dataset
from spatialvlm.engine import build_recipe
from spatialvlm.errors import UserError
from spatialvlm.recipes import recipe_for


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chains") / "dataset"
    build_recipe(recipe_for("shapes:6"), folder)
    return folder


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_row_is_a_conversation_with_its_image_and_its_chain(dataset, tmp_path, run):
    out = tmp_path / "out"
    code, said, err = run("chains", dataset, "--out", out, "--per-scene", 4, "--style", "mixed", "--think", "--seed", 2)
    assert code == 0, err
    rows = [json.loads(line) for line in (out / "data.jsonl").read_text().splitlines()]
    assert said.startswith(f"{len(rows)} chains about ")
    assert len({row["id"] for row in rows}) == len(rows) > 0
    scenes = {scene.frame_id: scene for scene, _ in read_dataset(dataset).scenes()}
    for row in rows:
        chain = chain_from_json(row["chain"])
        user, assistant = row["messages"]
        assert user["content"] == [{"type": "image"}, {"type": "text", "text": chain.question}]
        assert assistant["content"] == [{"type": "text", "text": chain.text}]
        assert chain.text.startswith("<think>")
        assert (out / row["images"][0]).is_file()
        assert row["frame_id"] == chain.frame_id
        assert replay(chain, scenes[chain.frame_id]) == chain.value
    assert [chain_from_json(row["chain"]) for row in rows] == list(read_chains(out))
    note = json.loads((out / "export.json").read_text())
    assert (note["format"], note["chains"], note["think"]) == ("chains", len(rows), True)


def test_the_same_dataset_gives_the_same_bytes_and_may_be_written_again(dataset, tmp_path):
    out = tmp_path / "out"
    write_chains(dataset, out, per_scene=3)
    first = files(out)
    write_chains(dataset, out, per_scene=3)
    assert files(out) == first
    write_chains(dataset, out, per_scene=3, seed=1)
    assert files(out) != first


def test_what_no_export_wrote_is_left_alone(dataset, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UserError, match="left alone"):
        write_chains(dataset, tmp_path / "mine")
    with pytest.raises(UserError, match="lies in the dataset"):
        write_chains(dataset, dataset / "chains")
    with pytest.raises(UserError, match="nothing to write"):
        write_chains(dataset, tmp_path / "none", per_scene=0)
    assert not (tmp_path / "none").exists()


def test_reading_what_is_none(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        list(read_chains(tmp_path))
    (tmp_path / "data.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(UserError, match=r"data\.jsonl line 1"):
        list(read_chains(tmp_path))
