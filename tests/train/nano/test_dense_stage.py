"""Stage 0: patches that say what is true, a loss that falls, and a run that goes on as if it had never stopped."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import open_views
from spatialvlm.train.nano import dense_stage, nano_model
from spatialvlm.train.nano.dense_pictures import GRID, draw_pictures, patch_depth, read_pictures, words_of
from spatialvlm.train.nano.dense_stage import DenseBatches, DenseConfig, train_dense
from spatialvlm.train.nano.nano_optimizers import Muon, orthogonal, share_of_rate
from spatialvlm.train.nano.nano_run import read_tower, read_words
from spatialvlm.train.nano.other_light import in_other_light

TINY = {
    **nano_model.VISION,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
FAST = {"batch_size": 4, "measure_every": 4, "measured": 4}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setattr(nano_model, "VISION", TINY)
    monkeypatch.setattr(dense_stage, "VISION", TINY)


def test_patches_say_what_is_true_of_the_view(pictures):
    read, truth = read_pictures(pictures), open_views(4, seed=3, size=(64, 48)).truth(2)
    logs = np.log(truth.frame.depth_m)
    assert np.array_equal(read.picture(2).shape, (48, 64, 3))
    assert read.depth[2, 5, 7] == pytest.approx(logs[15:18, 28:32].mean(), abs=1e-5)
    for instance in truth.frame.instances:
        whole = instance.mask.reshape(GRID, 3, GRID, 4).all((1, 3))
        named = {int(thing) for thing in read.thing[2][whole]}
        assert len(named) <= 1
        for thing in named:
            low, high = truth.boxes[instance.id]
            assert read.words[thing] == words_of(instance.captions)
            assert np.exp(read.height[thing]) == pytest.approx(high[2] - low[2], rel=1e-4)


def test_depth_is_unknown_where_most_of_a_patch_is():
    depth = np.full((48, 64), 2.0, np.float32)
    depth[:3, :4] = np.nan
    made = patch_depth(depth)
    assert np.isnan(made[0, 0])
    assert made[1:] == pytest.approx(np.log(2.0))


def test_words_of_a_thing():
    assert words_of(("mug", "tall red mug on the table", "red mug")) == "red mug"


def test_a_folder_of_other_pictures_is_refused(pictures):
    with pytest.raises(UserError, match="other settings"):
        draw_pictures(4, pictures, seed=4)


def test_pictures_of_table_tops_are_other_ones_and_old_folders_hold_views(pictures, tmp_path):
    told = json.loads((pictures / "pictures.json").read_text())
    assert told.pop("source") == "views"
    (tmp_path / "pictures.json").write_text(json.dumps(told))
    with pytest.raises(UserError, match="other settings"):
        draw_pictures(1, tmp_path, seed=3, size=(64, 48), source="tabletops")
    draw_pictures(1, tmp_path, seed=3, size=(64, 48))
    draw_pictures(1, tmp_path / "tables", seed=3, size=(64, 48), source="tabletops")
    assert any(words.endswith("gripper") for words in read_pictures(tmp_path / "tables").words)
    both, rooms = read_pictures(pictures, tmp_path / "tables"), read_pictures(pictures)
    assert len(both) > len(rooms)
    for place in range(len(rooms)):
        assert np.array_equal(both.picture(place), rooms.picture(place))
    tables = read_pictures(tmp_path / "tables")
    assert np.array_equal(both.picture(len(both) - 1), tables.picture(len(tables) - 1))
    assert both.words[int(both.thing[-1].max())] == tables.words[int(tables.thing[-1].max())]


def test_mirrored_pictures_have_mirrored_truth(pictures):
    batches = DenseBatches(read_pictures(pictures), DenseConfig(**FAST))
    plain = batches.plain(range(1))
    turned = batches._made([0], mirrored=np.ones(1, bool))
    assert torch.allclose(plain[0].flip(-1), turned[0], atol=0.05)
    assert torch.equal(plain[2].view(GRID, GRID).flip(1), turned[2].view(GRID, GRID))


def test_the_loss_falls_and_a_stopped_run_goes_on_exactly(pictures, tmp_path, tiny):
    said: list[str] = []
    train_dense([pictures], pictures, tmp_path / "whole", DenseConfig(steps=16, **FAST), said.append)
    lines = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.85 * lines[0]["loss"]
    assert lines[-1]["depth_error"] < lines[0]["depth_error"]

    def stop(line: str) -> None:
        if line.startswith("step 8 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_dense([pictures], pictures, tmp_path / "parts", DenseConfig(steps=16, **FAST), stop)
    train_dense([pictures], pictures, tmp_path / "parts", DenseConfig(steps=16, **FAST), said.append)
    states = [torch.load(tmp_path / name / "checkpoint.pt")["parts"]["tower"] for name in ("whole", "parts")]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_a_run_begins_with_the_tower_of_another(pictures, tmp_path, tiny):
    few = DenseConfig(steps=1, seed=1, **FAST)
    train_dense([pictures], pictures, tmp_path / "first", DenseConfig(steps=1, **FAST), [].append)
    train_dense([pictures], pictures, tmp_path / "fresh", few, [].append)
    train_dense([pictures], pictures, tmp_path / "second", few, [].append, tmp_path / "first" / "tower.safetensors")
    towers = {name: read_tower(tmp_path / name) for name in ("first", "fresh", "second")}
    far = {
        name: sum(float((towers["second"][key] - towers[name][key]).norm()) for key in towers[name]) for name in towers
    }
    assert 0 < far["first"] < 0.1 * far["fresh"]
    looks = read_words(tmp_path / "second")
    assert "nothing" in looks
    assert {look.shape for look in looks.values()} == {(64,)}
    with pytest.raises(UserError, match="neither a file of weights nor a folder of stage 0"):
        read_tower(tmp_path / "nowhere")


def test_the_tower_of_this_repository_is_one_of_nano():
    kept = Path(__file__).parents[3] / "checkpoints" / "nano_tower.safetensors"
    tower = nano_model.new_tower()
    fresh = tower.state_dict()["encoder.layers.0.mlp.fc1.weight"].clone()
    tower.load_state_dict(read_tower(kept))
    assert (tower.encoder.layers[0].mlp.fc1.weight - fresh).norm() > fresh.norm()
    assert len(read_words(kept)) > 100
    assert kept.stat().st_size < 24 << 20


def test_another_run_is_not_gone_on_with(pictures, tmp_path, tiny):
    train_dense([pictures], pictures, tmp_path, DenseConfig(steps=1, **FAST), [].append)
    with pytest.raises(UserError, match="seed 0, this one has 1"):
        train_dense([pictures], pictures, tmp_path, DenseConfig(steps=2, seed=1, **FAST), [].append)


def test_muon_moves_along_all_directions_alike():
    matrices = torch.randn(2, 24, 16, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert ((values > 0.6) & (values < 1.3)).all()
    weight = torch.nn.Parameter(torch.zeros(16, 24))
    weight.grad = matrices[0].T.clone()
    Muon([weight], lr=0.1).step()
    assert (weight * matrices[0].T).sum() < 0


def test_the_rate_climbs_stays_and_falls():
    shares = [share_of_rate(step, 1000) for step in range(1000)]
    assert shares[0] == pytest.approx(0.02)
    assert shares[100] == shares[700] == 1.0
    assert shares[900] == pytest.approx(0.5)


def test_another_light_is_the_same_for_a_seed_and_leaves_no_number_out_of_range():
    pixels = torch.rand(3, 3, 32, 48) * 2 - 1
    lit = in_other_light(pixels, (0, 7))
    assert torch.equal(lit, in_other_light(pixels, (0, 7)))
    assert not torch.equal(lit, in_other_light(pixels, (0, 8)))
    assert lit.shape == pixels.shape
    assert lit.min() >= -1
    assert lit.max() <= 1
