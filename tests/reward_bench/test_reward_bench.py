"""The whole: the command on a few small episodes, what baselines get, and how a stopped run goes on."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fixtures.evaluate.loopback_server import serving
from fixtures.worlds.fetch_robot import skip_without_robot
from spatialvlm.errors import UserError
from spatialvlm.records import Frame
from spatialvlm.reward_bench import RewardBenchConfig, run_reward_bench
from spatialvlm.reward_bench.measured_sources import (
    AskedDistances,
    ClockDistances,
    FollowedDistances,
    RandomDistances,
    hold,
    open_source_of_distances,
)
from spatialvlm.reward_bench.reward_figures import MeasuredEpisode, figures_of
from spatialvlm.worlds.fetch import CAMERAS, Episode, fetch_episodes

TINY = RewardBenchConfig(episodes=2, frames=5, size=(240, 180))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    skip_without_robot()
    out = tmp_path_factory.mktemp("reward") / "bench"
    return out, run_reward_bench(out, ["geometry", "clock"], TINY)


def test_geometry_measures_and_the_clock_only_counts(measured):
    _, figures = measured
    geometry, clock = figures["geometry"], figures["clock"]
    assert geometry["spearman_success"][0] > 0.95
    assert geometry["mae_m"][0] < 0.02
    assert geometry["pairs_2cm"][0] > 0.9
    assert geometry["voc_reversed"][0] == pytest.approx(-geometry["voc_success"][0], abs=0.1)
    assert geometry["within_2_sigma"][0] > 0.8
    assert clock["voc_success"][0] == clock["voc_failed"][0] == clock["voc_reversed"][0] == 1
    assert clock["voc_gap"][0] == 0
    assert clock["auroc"][0] == 0.5
    assert np.isnan(clock["mae_m"][0])


def test_placing_is_measured_too(measured):
    _, figures = measured
    geometry, clock = figures["geometry, place"], figures["clock, place"]
    assert geometry["spearman_success"][0] > 0.95
    assert geometry["mae_m"][0] < 0.02
    assert geometry["pairs_2cm"][0] > 0.9
    assert geometry["auroc"][0] == 1
    assert clock["auroc"][0] == 0.5
    assert clock["spearman_success"][0] > 0.9  # the block comes nearer all the time


@pytest.fixture(scope="module")
def missed():
    skip_without_robot()
    (one,) = fetch_episodes([("near_miss", 3)], frames=10, size=(240, 180), cameras=["near"])
    return one


def test_what_is_hidden_keeps_its_place_with_a_growing_error(missed):
    """The block is annotated in no frame from the third to the sixth: it stands still, and so is told."""
    hidden = range(2, 6)
    frames = [without(frame, "red block") if place in hidden else frame for place, frame in enumerate(missed.frames)]
    seen = FollowedDistances().measure(missed)
    told = FollowedDistances().measure(replace(missed, frames=tuple(frames)))
    assert [*np.flatnonzero(~told.told)] == [*hidden]
    assert seen.told.all()
    assert np.abs(told.distances - missed.truth_m).max() < 0.02
    assert (np.diff(told.sigmas[1:6] ** 2 - seen.sigmas[1:6] ** 2) > 0).all()  # the block's; the gripper is seen
    alone = FollowedDistances(alone=True).measure(replace(missed, frames=tuple(frames)))
    assert len({*alone.distances[1:6]}) == 1  # held


def test_what_is_never_seen_has_no_distance(missed):
    frames = tuple(without(frame, "red block") for frame in missed.frames)
    told = FollowedDistances().measure(replace(missed, frames=frames))
    assert np.isnan(told.distances).all()
    assert not told.told.any()


def test_rivals_behind_a_server_end_in_figures(tmp_path, run):
    """It says the same of every frame, and lists no likelihood of Yes: nothing is told, and all is counted."""
    skip_without_robot()
    options = ("--episodes", 1, "--frames", 3, "--size", "64x48")
    listed = {"logprobs": {"content": [{"token": "No", "logprob": -0.1, "top_logprobs": []}]}}
    with serving(lambda *_: "Frame 1: 30 %", choose=lambda _: listed) as server:
        model = f"{server.url}#tiny"
        code, printed, _ = run(
            "reward-bench", "--out", tmp_path, *options, "--sources", f"gvl:{model},topreward:{model}"
        )
    assert code == 0
    assert "topreward" in printed
    figures = json.loads((tmp_path / "reward_bench.json").read_text())["figures"]
    assert figures[f"gvl:{model}"]["told"][0] == pytest.approx(1 / 3)
    assert figures[f"gvl:{model}"]["spearman"][0] == 0
    assert figures[f"gvl:{model}"]["mae_m"][0] is None
    assert figures[f"topreward:{model}, place"]["told"][0] == 0


def test_the_folder_holds_every_episode_and_a_run_goes_on(measured):
    out, figures = measured
    written = json.loads((out / "reward_bench.json").read_text())
    assert len(written["episodes"]) == 2 * 2 * 3 * 2  # two tasks
    assert written["figures"]["geometry"]["spearman"] == list(figures["geometry"]["spearman"])
    before = {path: path.stat().st_mtime_ns for path in (out / "episodes").iterdir()}
    lost = sorted(before)[0]
    lost.unlink()
    heard = []
    assert repr(run_reward_bench(out, ["geometry", "clock"], TINY, heard.append)) == repr(figures)
    assert len(heard) == 2  # both cameras
    after = {path: path.stat().st_mtime_ns for path in (out / "episodes").iterdir()}
    kind, seed, _ = lost.stem.split("-")
    assert {path.stem for path in after if after[path] != before[path]} == {f"{kind}-{seed}-{c}" for c in CAMERAS}


def test_another_run_does_not_go_on_there(measured):
    with pytest.raises(UserError, match="another folder"):
        run_reward_bench(measured[0], ["clock"], RewardBenchConfig(episodes=2, frames=6, size=(240, 180)))


def test_the_command_prints_a_row_a_source(measured, run):
    out, _ = measured
    options = ("--episodes", 2, "--frames", 5, "--size", "240x180", "--sources", "geometry,clock")
    code, printed, _ = run("reward-bench", "--out", out, *options)
    assert code == 0
    assert all(word in printed for word in ("geometry", "clock", "Spearman", "AUROC", "reward_bench.json"))


def test_a_clock_knows_nothing_of_what_is_played_backwards():
    d = ClockDistances().measure(episode(8)).distances
    g = np.linspace(0.02, 0.3, 8)  # the gripper leaves
    measured = [MeasuredEpisode("wrong_object", 0, False, True, g, d, np.full(8, np.nan), np.ones(8))]
    assert figures_of(measured, in_metres=False)["pairs_2cm"][0] == 0


def test_who_always_says_the_same_has_told_no_order():
    g, same = np.linspace(0.3, 0.02, 8), np.full(8, 0.15)
    measured = [
        MeasuredEpisode("success", seed, True, seed == 0, g, d, np.full(8, np.nan), np.ones(8))
        for seed, d in enumerate((same, g))
    ]
    figures = figures_of(measured, in_metres=True)
    assert figures["spearman"][0] == figures["voc_success"][0] == figures["pairs_2cm"][0] == pytest.approx(0.5)


def test_chance_is_the_same_for_the_same_seed():
    told = [RandomDistances(seed).measure(episode(6)).distances.tolist() for seed in (0, 0, 1)]
    assert told[0] == told[1] != told[2]


def test_what_is_not_told_is_held_with_a_growing_error():
    held = hold(np.array([np.nan, 0.3, np.nan, np.nan, 0.1]), np.array([np.nan, 0.01, np.nan, np.nan, 0.01]))
    assert held.distances.tolist() == [0.3, 0.3, 0.3, 0.3, 0.1]
    assert held.sigmas == pytest.approx([0.03, 0.01, 0.03, 0.05, 0.01])
    assert held.told.tolist() == [False, True, False, False, True]
    assert np.isnan(hold(np.full(3, np.nan), np.full(3, np.nan)).distances).all()


class Parrot:
    """Answers in turn, and counts what it is asked."""

    name, version = "parrot", "1"

    def __init__(self, *said):
        self.said, self.asked = list(said), []

    def answers(self, asked):
        self.asked += [question for _, question in asked]
        return [self.said.pop(0) for _ in asked]


def test_a_model_is_asked_once_a_picture_and_its_words_are_read():
    parrot = Parrot("30 cm", "I can't tell.", "About 0.1 m.")
    asked = AskedDistances("parrot", parrot)  # type: ignore[arg-type]
    assert asked.measure(episode(3)).distances.tolist() == pytest.approx([0.3, 0.3, 0.1])
    assert asked.measure(episode(3, backwards=True)).distances.tolist() == pytest.approx([0.1, 0.1, 0.3])
    assert parrot.asked == ["How far is the gripper from the red block?"] * 3


@pytest.mark.parametrize("name", ["", "gvl:", "topreward:"])
def test_a_source_has_a_name(name):
    with pytest.raises(UserError, match="expected geometry, clock, random"):
        open_source_of_distances(name, 0)


def test_settings_are_checked():
    with pytest.raises(UserError, match="episodes 0"):
        RewardBenchConfig(episodes=0)
    kinds = {kind for kind, _ in RewardBenchConfig(episodes=8).planned()}
    placing = {"place_success", "place_miss", "place_drop", "place_reversed"}
    assert kinds == {"success", "near_miss", "wrong_object", "drop", "stop_early", "reversed", *placing}


def without(frame: Frame, name: str) -> Frame:
    return replace(frame, instances=tuple(one for one in frame.instances or () if name not in one.captions))


def episode(count: int, *, backwards: bool = False) -> Episode:
    """An episode of black pictures."""
    frames = []
    for number in range(count):
        frame = Frame.of(np.zeros((8, 8, 3), np.uint8), id=f"{number}")
        frames.append(replace(frame, source=replace(frame.source, image_bytes=bytes([number]))))
    if backwards:
        frames.reverse()
    nothing, nowhere = np.zeros(count), np.zeros((count, 3))
    return Episode("e", "success", "near", 0, tuple(frames), nothing, nothing, nowhere, nowhere, True)
