"""Whole episodes with exact truth: distances, hidden frames, success, files, going on, and clear errors."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import spearmanr

from fixtures.folders.tiny import write_rgbd
from fixtures.worlds.robot_episodes import place, reach
from spatialvlm.errors import ModelError, UserError
from spatialvlm.recipes import recipe_for
from spatialvlm.records import Drop, Sample, SequencePosition
from spatialvlm.reward import (
    COLUMNS,
    DistanceReading,
    FrameDistances,
    GoalDistance,
    MeasuredPlace,
    RewardSettings,
    SceneDistances,
    SuccessRule,
    VlmDistances,
    camera_shift,
    curve_of,
    follow,
    fused,
    goals_of,
    judge,
    reward_episode,
)

HIDDEN = range(9, 13)
NEAR = SuccessRule(0.08, 2)


@pytest.fixture(scope="module")
def reached():
    return reach(hidden=HIDDEN)


@pytest.fixture(scope="module")
def folder(reached, tmp_path_factory):
    return write_rgbd(tmp_path_factory.mktemp("reward") / "episode", reached.frames)


@pytest.fixture(scope="module")
def geometry():
    return SceneDistances(recipe_for("", "given"))


def judged(frames, task, teller, **settings):
    goals = goals_of(task)
    times = [0.1 * index for index in range(len(frames))]
    rows = follow(goals, times, {teller.name: [teller(frame, goals) for frame in frames]})
    return curve_of(task, goals, teller.name, times, rows, **settings)


def test_distances_are_true_also_where_the_can_is_hidden(reached, geometry):
    curve = judged(reached.frames, "pick up the red can", geometry)
    truth = reached.truth_m["gripper", "red can"]
    said = np.array([p.distance_m for p in curve.points])
    assert spearmanr(said, truth).statistic >= 0.98
    assert np.mean(np.abs(said - truth)) <= 0.02
    assert np.abs(said - truth)[[*HIDDEN]].max() <= 0.02
    assert [p.index for p in curve.points if not p.is_inference_frame] == [*HIDDEN]
    assert all("red can: not in view" in curve.points[index].note for index in HIDDEN)
    sigma = [curve.points[index].sigma_m for index in HIDDEN]
    assert sigma == sorted(sigma)


def test_pick_and_place_ends_in_success_and_leaving_costs_nothing(geometry):
    drawn = place()
    curve = judged(drawn.frames, "put the red can on the blue box", geometry, rule=NEAR)
    assert curve.succeeded
    assert not any(p.success for p in curve.points[:20])
    assert curve.points[-1].potential == 0.0
    assert sum(p.reward for p in curve.points) == pytest.approx(curve.points[-1].potential - curve.points[0].potential)
    truth = drawn.truth_m["red can", "blue box"]
    second = [(p.distance_m, truth[p.index]) for p in curve.points if p.stage == 2]
    assert len(second) > 10
    assert np.mean([abs(said - true) for said, true in second]) <= 0.02


def test_a_known_pose_of_the_camera_keeps_places(reached, geometry):
    """The camera moves by known steps: the hidden can stays where it is in the world."""
    goals, frames = goals_of("reach the red can"), []
    for index, frame in enumerate(reached.frames):
        pose = np.eye(4)
        pose[0, 3] = 0.01 * index
        frames.append(replace(frame, sequence_from_camera=pose))
    places = [geometry(frame, goals).places["gripper"].at[0] for frame in frames[:2]]
    plain = [geometry(frame, goals).places["gripper"].at[0] for frame in reached.frames[:2]]
    assert places[0] == pytest.approx(plain[0])
    assert places[1] == pytest.approx(plain[1] + 0.01)


def test_a_moving_camera_without_poses_has_no_places(reached):
    goals = goals_of("reach the red can")
    teller = SceneDistances(recipe_for("", "given"), moving_camera=True)
    assert not teller(reached.frames[0], goals).places
    curve = judged(reached.frames, "reach the red can", teller)
    truth = reached.truth_m["gripper", "red can"]
    seen = [abs(p.distance_m - truth[p.index]) for p in curve.points if p.is_inference_frame]
    assert np.mean(seen) < 0.02


def test_among_things_of_one_name_the_one_that_was_there_is_followed(geometry):
    """From the third frame on, the box is called a red can too: the can is the one where it was."""
    drawn, frames = place(16), []
    for index, frame in enumerate(drawn.frames):
        box = next(one for one in frame.instances or () if "blue box" in one.captions)
        renamed = tuple(replace(one, captions=("red can",)) if one is box else one for one in frame.instances or ())
        frames.append(frame if index < 2 else replace(frame, instances=renamed))
    curve = judged(frames[:6], "reach the red can", geometry)
    truth = drawn.truth_m["gripper", "red can"][:6]
    assert [p.distance_m for p in curve.points] == pytest.approx(truth, abs=0.01)
    assert all(p.is_inference_frame for p in curve.points)
    (reading,) = geometry(frames[2], goals_of("reach the red can")).readings
    assert "several are called so" in reading.why


def test_frames_without_a_pose_are_held_where_others_have_one(reached, geometry):
    goals = goals_of("reach the red can")
    pose = np.eye(4)
    pose[:3, 3] = 5.0
    frames = [
        replace(frame, sequence_from_camera=None if index == 3 else pose)
        for index, frame in enumerate(reached.frames[:6])
    ]
    found = [geometry(frame, goals) for frame in frames]
    rows = follow(goals, [0.1 * index for index in range(6)], {"geometry": found})
    assert [row[0].measured for row in rows if row[0]] == [True, True, True, False, True, True]
    assert all(
        abs(row[0].distance_m - reached.truth_m["gripper", "red can"][i]) < 0.05 for i, row in enumerate(rows) if row[0]
    )


def test_a_camera_that_moves_unsaid_is_warned_of():
    def at(x):
        return MeasuredPlace((x, 0.0, 1.0), (0.002, 0.002, 0.002))

    reading = (DistanceReading(0.3, 0.01),)
    still = [FrameDistances(reading, {}, (), False, {"mug": at(0.0), "box": at(0.001 * t)}) for t in range(5)]
    moving = [FrameDistances(reading, {}, (), False, {"mug": at(0.1 * t), "box": at(0.1 * t)}) for t in range(5)]
    one_moved = [FrameDistances(reading, {}, (), False, {"mug": at(0.0), "box": at(0.1 * t)}) for t in range(5)]
    assert camera_shift(still) is None
    assert camera_shift(one_moved) is None
    assert camera_shift([*moving, None]) == pytest.approx(0.4)
    lines = [
        {"time_s": None, "note": "", "found": {"geometry": FrameDistances.to_json(one)}, "id": "a"} for one in moving
    ]
    curve = judge("reach the can", goals_of("reach the can"), lines, ["geometry"], RewardSettings())
    assert "--moving-camera" in curve.warnings[0]


def test_the_gap_is_less_than_the_distance(reached):
    goals = goals_of("reach the red can")
    (gap,) = SceneDistances(recipe_for("", "given"), measured="gap")(reached.frames[0], goals).readings
    assert gap.distance_m is not None
    assert 0.05 < reached.truth_m["gripper", "red can"][0] - gap.distance_m < 0.11


class Seer:
    """Says what it is told to, in turn, or fails."""

    name, version = "seer", "1"

    def __init__(self, *texts):
        self.texts = texts

    def answers(self, asked):
        if not self.texts:
            raise ModelError("out of words")
        assert all(question == "How far is the gripper from the red can?" for _, question in asked)
        return [self.texts[place % len(self.texts)] for place in range(len(asked))]


def test_what_a_model_says_is_averaged_with_its_spread(reached):
    goals = goals_of("reach the red can")
    teller = VlmDistances(Seer("20 cm", "0.3 m", "40 centimeters", "I see a can."), samples=4)  # pyright: ignore
    (one,) = teller(reached.frames[0], goals).readings
    assert one.distance_m == pytest.approx(0.3)
    assert one.sigma_m == pytest.approx(np.hypot(0.1 / np.sqrt(3), 0.09))
    assert one.shared_m == pytest.approx(0.09)
    (none,) = VlmDistances(Seer("It is red."))(reached.frames[0], goals).readings  # pyright: ignore
    assert none.distance_m is None
    assert "no length" in none.why
    (failed,) = VlmDistances(Seer())(reached.frames[0], goals).readings  # pyright: ignore
    assert "out of words" in failed.why


def test_two_sources_are_joined_or_told_apart():
    near, far = GoalDistance(0.30, 0.01, True), GoalDistance(0.36, 0.02, True)
    both = fused(near, far)
    assert both is not None
    assert both.distance_m == pytest.approx((0.30 / 1e-4 + 0.36 / 4e-4) / (1 / 1e-4 + 1 / 4e-4))
    assert both.sigma_m == pytest.approx((1 / 1e-4 + 1 / 4e-4) ** -0.5)
    apart = fused(near, GoalDistance(0.9, 0.02, True))
    assert apart is not None
    assert (apart.distance_m, apart.sigma_m, apart.apart) == (0.30, 0.01, True)
    assert fused(None, far) is far
    assert fused(near, None) is near


def test_disagreements_are_counted():
    goals = goals_of("reach the red can")
    found = {
        "geometry": [FrameDistances((DistanceReading(0.4, 0.01, 0.01),))] * 3,
        "vlm": [FrameDistances((DistanceReading(3.0, 0.1, 0.1),))] * 3,
    }
    times = [0.0, 0.1, 0.2]
    curve = curve_of("reach", goals, "fused", times, follow(goals, times, found))
    assert curve.counts["sources_apart"] == 3
    assert [p.distance_m for p in curve.points] == pytest.approx([0.4] * 3)


def test_frames_before_the_first_sight_are_filled_with_a_larger_error(geometry):
    drawn = reach(8, hidden=(0, 1, 2))
    curve = judged(drawn.frames, "reach the red can", geometry)
    first = curve.points[3]
    assert {p.distance_m for p in curve.points[:3]} == {first.distance_m}
    sigma = [p.sigma_m for p in curve.points[:4]]
    assert sigma == sorted(sigma, reverse=True)
    assert "not seen yet" in curve.points[0].note


def test_the_command_writes_its_files(run, folder, tmp_path):
    out = tmp_path / "out"
    code, told, err = run("reward", folder, "--task", "pick up the red can", "--out", out, "--threshold", "0.08")
    assert code == 0, err
    assert told.startswith("gripper to red can: ")
    assert "done; frames: 20 measured, 4 held" in told
    curve = json.loads((out / "reward.json").read_text())
    assert len(curve["points"]) == 24
    assert curve["succeeded"]
    table = pq.read_table(out / "reward.parquet")
    assert table.schema.equals(COLUMNS)
    assert table.schema.metadata[b"reward_model_path"] == b"spatialvlm/geometry"
    assert b"vlm_name" in table.schema.metadata
    progress = table.column("progress_sparse").to_pylist()
    assert (progress[0], progress[-1]) == (0.0, 1.0)
    assert table.column("frame_index").to_pylist() == [*range(24)]
    assert table.column("reward.spatialvlm.is_inference_frame").to_pylist().count(False) == 4
    picture = (out / "curve.svg").read_text()
    assert picture.startswith("<svg")
    assert "pick up the red can" in picture


def test_a_stopped_run_goes_on_and_ends_the_same(folder, tmp_path):
    whole = reward_episode(str(folder), "pick up the red can", tmp_path / "whole")
    log = (tmp_path / "whole/frames.jsonl").read_bytes()
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "frames.jsonl").write_bytes(log[: len(log) // 2])
    assert reward_episode(str(folder), "pick up the red can", cut) == whole
    for name in ("frames.jsonl", "reward.json", "reward.parquet", "curve.svg"):
        assert (cut / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    again = reward_episode(str(folder), "pick up the red can", cut, settings=RewardSettings(shaping="tanh"))
    assert again.shaping == "tanh"
    assert (cut / "frames.jsonl").read_bytes() == log


def test_another_task_in_the_same_folder_is_refused(run, folder, tmp_path):
    reward_episode(str(folder), "pick up the red can", tmp_path, settings=RewardSettings(every=8))
    code, _, err = run("reward", folder, "--task", "touch the gripper", "--out", tmp_path, "--every", "8")
    assert code == 1
    assert "touch the gripper" in err or "brings 'gripper' to itself" in err
    code, _, err = run("reward", folder, "--task", "grasp the can", "--out", tmp_path, "--every", "8")
    assert code == 1
    assert "was 'pick up the red can', now 'grasp the can'" in err
    assert "--out" in err


def test_an_overlay_has_a_picture_for_every_frame(folder, tmp_path):
    av = pytest.importorskip("av")
    settings = RewardSettings(every=4, overlay=True)
    curve = reward_episode(str(folder), "pick up the red can", tmp_path, settings=settings)
    with av.open(str(tmp_path / "overlay.mp4")) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == len(curve.points)
    assert pictures[0].shape == (386, 480, 3)


def test_a_folder_with_something_else_is_left_alone(folder, tmp_path):
    before = (folder / "frames.jsonl").read_bytes()
    with pytest.raises(UserError, match="no log of a reward"):
        reward_episode(str(folder), "pick up the red can", folder)
    assert (folder / "frames.jsonl").read_bytes() == before


def test_the_command_asks_nano_too(run, folder, tmp_path):
    asked = ("--source", "fused", "--samples", 2, "--every", 12, "--between", "the gripper", "red can")
    code, told, err = run("reward", folder, "--task", "dance", "--out", tmp_path, *asked)
    assert code == 0, err
    assert told.startswith("gripper to red can")
    first = json.loads((tmp_path / "frames.jsonl").read_text().splitlines()[1])
    assert set(first["found"]) == {"geometry", "vlm"}
    assert pq.read_table(tmp_path / "reward.parquet").schema.metadata[b"vlm_name"] != b""


def test_every_so_many_frames_are_measured_and_the_rest_held(folder, reached, tmp_path):
    curve = reward_episode(str(folder), "pick up the red can", tmp_path, settings=RewardSettings(every=3))
    assert [p.index for p in curve.points if p.is_inference_frame] == [0, 3, 6, 15, 18, 21]
    assert len(curve.points) == len(reached.frames)


def test_a_frame_that_cannot_be_read_is_held(reached, tmp_path):
    folder = write_rgbd(tmp_path / "episode", reached.frames[:8])
    (folder / "rgb/frame-004.png").write_bytes(b"broken")
    curve = reward_episode(str(folder), "pick up the red can", tmp_path / "out")
    assert len(curve.points) == 8
    assert not curve.points[4].is_inference_frame
    assert curve.points[4].note.startswith("not read: ")


def test_one_frame_is_a_point_and_warned_of(run, reached, tmp_path):
    folder = write_rgbd(tmp_path / "episode", reached.frames[:1])
    code, told, err = run("reward", folder, "--task", "reach the can", "--out", tmp_path / "out")
    assert code == 0
    assert "warning: one frame" in err
    assert "0.4" in told
    assert len(json.loads((tmp_path / "out/reward.json").read_text())["points"]) == 1


def test_what_is_nowhere_in_sight_is_said_with_what_is(folder, tmp_path):
    with pytest.raises(UserError, match=r"green mug: not in view \(3 frames\).*'gripper' \(3\)"):
        reward_episode(str(folder), "reach the green mug", tmp_path, settings=RewardSettings(every=8))


def test_a_task_that_is_not_read_opens_nothing(run, tmp_path):
    code, _, err = run("reward", tmp_path / "nowhere", "--task", "dance", "--out", tmp_path / "out")
    assert code == 1
    assert "put the mug on the plate" in err
    assert not (tmp_path / "out").exists()


def test_several_sequences_are_no_episode(reached, tmp_path, monkeypatch):
    from spatialvlm.reward import episodes

    frames = [
        replace(frame, sequence=SequencePosition("left" if index % 2 else "right", index, 5 + 0.2 * index))
        for index, frame in enumerate(reached.frames[:6])
    ]
    source = Frames(frames)
    monkeypatch.setattr(episodes, "open_source", lambda *_: source)
    monkeypatch.setattr(episodes, "recipe_for", lambda *_, **__: recipe_for("", "given"))
    with pytest.raises(UserError, match="'right', 'left'"):
        reward_episode("episode", "reach the can", tmp_path / "one")
    curve = reward_episode("episode", "reach the can", tmp_path / "two", settings=RewardSettings(sequence="left"))
    assert [p.time_s for p in curve.points] == pytest.approx([0.0, 0.4, 0.8])
    source.lost = {0: "right/0", 3: "left/3"}
    curve = reward_episode("episode", "reach the can", tmp_path / "three", settings=RewardSettings(sequence="left"))
    assert [p.note[:8] for p in curve.points] == ["", "not read", ""]


class Frames:
    """Frames in memory as a source."""

    name, fingerprint, measured_depth = "frames", "1", True

    def __init__(self, frames):
        self.frames, self.lost = frames, {}

    def __len__(self):
        return len(self.frames)

    def read(self, index):
        if index in self.lost:
            return Sample(index, drops=(Drop("collect", self.lost[index], "broken"),))
        return Sample(index, self.frames[index])


@pytest.mark.parametrize("settings", [{"every": 0}, {"fps": 0.0}, {"gamma": 0.0}])
def test_settings_that_make_no_sense(settings):
    with pytest.raises(UserError, match="expected"):
        RewardSettings(**settings)
