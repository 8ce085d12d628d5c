"""A LeRobot dataset as a whole: every row, every episode in spite of broken ones, resumption, the copy with rewards."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from fixtures.folders.drawn_lerobot import FPS, KEY, METRES_A_PIXEL, ColourSeer, DrawnEpisode, write_lerobot
from fixtures.models.chat_server import chat_server
from fixtures.worlds.robot_episodes import reach
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig, open_lerobot, open_source
from spatialvlm.reward import RewardSettings, SuccessRule, copy_with_rewards, reward_dataset

TASK = "pick up the red can"
LENGTHS = (12, 8, 1)


@pytest.fixture(scope="module")
def pictures():
    return [frame.image for frame in reach(12).frames]


@pytest.fixture(scope="module")
def seer():
    return ColourSeer()


@pytest.fixture(scope="module")
def settings(seer):
    with chat_server(seer) as served:
        yield RewardSettings(vlm=f"{served.url}/v1#colour-seer", samples=1, rule=SuccessRule(0.09, 2))


@pytest.fixture(scope="module")
def episodes(pictures):
    """One that gets there, one that goes away again, one of a single frame."""
    return [
        DrawnEpisode(TASK, pictures),
        DrawnEpisode("Reach the red can.", pictures[::-1][:8]),
        DrawnEpisode(TASK, pictures[5:6]),
    ]


@pytest.fixture(scope="module")
def dataset(episodes, tmp_path_factory):
    return write_lerobot(tmp_path_factory.mktemp("lerobot") / "drawn", episodes)


@pytest.fixture(scope="module")
def judged(dataset, settings, tmp_path_factory):
    out = tmp_path_factory.mktemp("judged")
    return reward_dataset(str(dataset), out, settings=settings), out


class Weights:
    """What lerobot's RABCWeights makes of a sidecar: sarm/rabc.py at 6ef086d, written anew from what it does."""

    def __init__(self, path, chunk):
        table = pd.read_parquet(path)
        assert "progress_sparse" in table.columns
        self.chunk = chunk
        self.progress = {
            int(row["index"]): float(row["progress_sparse"])
            for _, row in table.iterrows()
            if not np.isnan(row["progress_sparse"])
        }
        self.episode = {int(row["index"]): int(row["episode_index"]) for _, row in table.iterrows()}
        self.last = table.groupby("episode_index")["index"].max().to_dict()
        deltas = [one for one in map(self.delta, self.progress) if not np.isnan(one)]
        self.mean, self.std = max(float(np.mean(deltas)), 0.0), max(float(np.std(deltas)), 1e-6)

    def delta(self, index):
        ahead = min(index + self.chunk, self.last[self.episode[index]])
        if index not in self.progress or ahead not in self.progress:
            return np.nan
        return self.progress[ahead] - self.progress[index]

    def weight(self, index):
        delta = self.delta(index)
        if np.isnan(delta):
            return 1.0
        soft = np.clip((delta - (self.mean - 2 * self.std)) / (4 * self.std + 1e-6), 0, 1)
        return 1.0 if delta > 0.01 else float(soft) if delta >= 0 else 0.0


def test_every_row_of_the_dataset_has_a_row_of_the_sidecar(judged, dataset):
    _, out = judged
    rows = pq.read_table(dataset / "data")
    table = pq.read_table(out / "reward.parquet")
    for name in ("index", "episode_index", "frame_index"):
        assert table[name].to_pylist() == rows[name].to_pylist()
    assert table.schema.metadata[b"reward_model_path"] == b"spatialvlm/vlm"
    assert table.schema.metadata[b"vlm_name"] != b""
    own = pq.read_table(out / "episode-000001/reward.parquet")
    assert own["index"].to_pylist() == [*range(12, 20)]
    assert set(own["episode_index"].to_pylist()) == {1}
    assert (out / "episode-000001/curve.svg").is_file()


def test_each_frame_is_the_one_of_its_row(judged, pictures):
    """Distances are those that the very pictures show: no neighbour, no other episode."""
    rewards, out = judged
    seen, seer = [], ColourSeer()
    for picture in [*pictures, *pictures[::-1][:8], pictures[5]]:
        seen.append(float(seer.answer([picture], "gripper red can").split()[0]) / 100)
    lines = [(out / f"episode-{one:06d}/frames.jsonl").read_text().splitlines()[1:] for one in range(3)]
    told = [json.loads(line)["found"]["vlm"]["readings"][0][0] for some in lines for line in some]
    assert told == pytest.approx(seen, abs=METRES_A_PIXEL)  # AV1 moves an edge by less than a pixel
    assert [len(one.curve.points) for one in rewards.episodes if one.curve] == [*LENGTHS]
    points = rewards.episodes[0].curve.points
    assert [one.time_s for one in points] == pytest.approx([index / FPS for index in range(12)])


def test_tasks_are_those_of_the_dataset(judged):
    rewards, _ = judged
    assert [one.task for one in rewards.episodes] == [TASK, "Reach the red can.", TASK]
    assert rewards.episodes[0].curve.succeeded
    assert not rewards.episodes[1].curve.succeeded
    assert not rewards.failed


def test_lerobot_weighs_progress_by_it(judged):
    _, out = judged
    weights = Weights(out / "reward.parquet", 4)
    assert all(weights.weight(index) == 1.0 for index in range(8))
    assert all(weights.weight(index) == 0.0 for index in range(14, 18))  # it goes away
    assert weights.delta(11) == 0.0


def test_a_finished_episode_is_not_measured_again(dataset, settings, seer, tmp_path):
    whole = reward_dataset(str(dataset), tmp_path, settings=settings)
    log = tmp_path / "episode-000001/frames.jsonl"
    before = (tmp_path / "reward.parquet").read_bytes(), log.read_bytes()
    seer.asked = 0
    log.write_bytes(before[1][: len(before[1]) // 2])  # killed in the middle
    shutil.rmtree(tmp_path / "episode-000002")
    again = reward_dataset(str(dataset), tmp_path, settings=settings)
    assert 0 < seer.asked < 8 + 1
    assert again.sidecar.equals(whole.sidecar)
    assert ((tmp_path / "reward.parquet").read_bytes(), log.read_bytes()) == before


def test_another_task_in_the_same_folder_is_refused_as_a_whole(dataset, settings, tmp_path):
    reward_dataset(str(dataset), tmp_path, settings=settings)
    with pytest.raises(UserError, match="of another run"):
        reward_dataset(str(dataset), tmp_path, task="touch the red can", settings=settings)


def test_a_model_that_is_not_there_stops_the_run(dataset, settings, tmp_path):
    with pytest.raises(UserError, match="no-such-model"):
        reward_dataset(str(dataset), tmp_path, settings=replace(settings, vlm=f"{settings.vlm[:-11]}no-such-model"))


def test_broken_episodes_cost_no_other_one(run, episodes, pictures, settings, tmp_path):
    mug = DrawnEpisode("reach the green mug", pictures[:2])
    dance = DrawnEpisode("dance", pictures[:2])
    folder = write_lerobot(tmp_path / "set", [*episodes, mug, dance, episodes[0]], own_videos=True)
    videos = folder / f"videos/{KEY}/chunk-000"
    (videos / "file-005.mp4").write_bytes(b"no video")
    asked = ("--vlm", settings.vlm, "--samples", 1, "--copy", tmp_path / "copy")
    code, told, err = run("reward", folder, "--out", tmp_path / "out", *asked)
    assert code == 1
    assert "6 episodes by observation.images.front: 3 judged" in told
    assert "3 failed (episode 3, 4, 5)" in told
    assert "episode 3: task 'reach the green mug'" in err
    assert "no such thing" in err
    assert "episode 4: task 'dance': what it has to bring together was not read" in err
    assert "episode 5: source 'set/episode-000005': no frame of it can be read" in err
    assert "warning: episode 2: one frame" in err
    assert "16 of 37 rows have no reward" in err
    table = pd.read_parquet(tmp_path / "out/reward.parquet")
    assert table["index"].tolist() == [*range(37)]
    assert table["progress_sparse"].isna().tolist() == [False] * 21 + [True] * 16
    assert Weights(tmp_path / "out/reward.parquet", 4).weight(30) == 1.0
    summary = json.loads((tmp_path / "out/reward.json").read_text())
    assert [one["episode"] for one in summary["episodes"] if "failed" in one] == [3, 4, 5]
    copied = pq.read_table(tmp_path / "copy/data").to_pandas()
    assert copied["next.reward"].isna().tolist() == table["progress_sparse"].isna().tolist()
    shutil.copy(videos / "file-000.mp4", videos / "file-005.mp4")  # mended: the next run has it
    code, told, _ = run("reward", folder, "--out", tmp_path / "out", *asked[:4])
    assert "2 failed (episode 3, 4)" in told


def test_frames_that_are_missing_are_held(episodes, settings, tmp_path):
    folder = write_lerobot(tmp_path / "set", episodes[:1], own_videos=True)
    short = write_lerobot(tmp_path / "short", [DrawnEpisode(TASK, episodes[0].pictures[:7])], own_videos=True)
    video = f"videos/{KEY}/chunk-000/file-000.mp4"
    shutil.copy(short / video, folder / video)
    rewards = reward_dataset(str(folder), tmp_path / "out", settings=settings)
    curve = rewards.episodes[0].curve
    assert [one.is_inference_frame for one in curve.points] == [True] * 7 + [False] * 5
    assert curve.points[8].note.startswith("not read: video_short")
    assert len(rewards.sidecar) == 12


def test_rows_that_cannot_be_read_are_taken_from_the_episodes(dataset, settings, tmp_path):
    folder = shutil.copytree(dataset, tmp_path / "set")
    (folder / "data/chunk-000/file-000.parquet").write_bytes(b"broken")
    rewards = reward_dataset(str(folder), tmp_path / "out", settings=settings)
    assert rewards.sidecar["index"].to_pylist() == [*range(sum(LENGTHS))]
    assert "cannot be read" in rewards.episodes[0].remark
    with pytest.raises(UserError, match=r"file-000.parquet: cannot be read as Parquet"):
        copy_with_rewards(folder, tmp_path / "copy", rewards)
    assert not (tmp_path / "copy").exists()


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_the_copy_has_the_reward_and_the_original_is_as_it_was(judged, dataset, tmp_path):
    rewards, _ = judged
    before = contents(dataset)
    report = copy_with_rewards(dataset, tmp_path / "copy", rewards)
    assert contents(dataset) == before
    assert (report.rows, report.unknown, report.replaced) == (21, 0, ())
    table, original = pq.read_table(tmp_path / "copy/data"), pq.read_table(dataset / "data")
    assert table.select(original.column_names).equals(original)
    assert str(table.schema.field("next.reward").type) == "float"
    assert str(table.schema.field("next.success").type) == "bool"
    told = [one.reward for episode in rewards.episodes for one in episode.curve.points]
    assert table["next.reward"].to_pylist() == pytest.approx(told)
    assert table["next.success"].to_pylist()[11]
    hub = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert hub["next.success"] == {"dtype": "bool", "_type": "Value"}
    info = json.loads((tmp_path / "copy/meta/info.json").read_text())
    assert info["features"]["next.reward"] == {"dtype": "float32", "shape": [1], "names": None}
    assert info["features"]["next.success"]["dtype"] == "bool"
    video = f"videos/{KEY}/chunk-000/file-000.mp4"
    assert os.path.samefile(tmp_path / "copy" / video, dataset / video)
    own = contents(tmp_path / "copy")
    assert set(own) - set(before) == {"meta/spatialvlm_reward.json"}
    assert own["README.md"] == before["README.md"]


def test_statistics_are_those_of_the_columns(judged, dataset, tmp_path):
    rewards, _ = judged
    copy_with_rewards(dataset, tmp_path / "copy", rewards)
    values = pd.concat(pd.read_parquet(one) for one in sorted((tmp_path / "copy/data").rglob("*.parquet")))
    stats = json.loads((tmp_path / "copy/meta/stats.json").read_text())
    assert set(stats["next.reward"]) == set(stats["timestamp"])
    assert stats["next.reward"]["mean"] == pytest.approx([values["next.reward"].mean()], abs=1e-6)
    assert stats["next.reward"]["q50"] == pytest.approx([values["next.reward"].median()], abs=1e-6)
    assert stats["next.success"]["max"] == [True]
    assert stats["next.success"]["count"] == [21]
    rows = pd.read_parquet(tmp_path / "copy/meta/episodes/chunk-000/file-000.parquet")
    for number, own in values.groupby("episode_index"):
        assert rows["stats/next.reward/max"][number][0] == pytest.approx(own["next.reward"].max())
        assert rows["stats/next.success/count"][number][0] == len(own)


def test_our_own_reader_takes_the_copy(judged, dataset, tmp_path):
    rewards, _ = judged
    copy_with_rewards(dataset, tmp_path / "copy", rewards)
    source = open_source(str(tmp_path / "copy"), CollectConfig(every_s=1 / FPS))
    assert len(source) == 21
    assert source.read(3).frame.sequence.id == "episode-000000/front"
    assert [len(one) for one in open_lerobot(tmp_path / "copy").episodes] == [*LENGTHS]


def test_the_library_of_the_hub_takes_the_copy(judged, dataset, tmp_path):
    """LeRobot reads rows by `datasets`, which goes by the features that the file names."""
    hub = pytest.importorskip("datasets")
    rewards, _ = judged
    copy_with_rewards(dataset, tmp_path / "copy", rewards)
    file = tmp_path / "copy/data/chunk-000/file-000.parquet"
    read = hub.Dataset.from_parquet(str(file), cache_dir=str(tmp_path / "cache"))
    assert read.features["next.reward"] == hub.Value("float32")
    assert read.features["next.success"] == hub.Value("bool")
    assert read["next.reward"] == pytest.approx(rewards.rewards.tolist())


def test_lerobot_itself_reads_the_copy_and_the_sidecar(judged, dataset, tmp_path):
    pytest.importorskip("lerobot", reason="lerobot is not installed: it needs Python 3.12")
    from lerobot.datasets.lerobot_dataset import LeRobotDataset  # pyright: ignore
    from lerobot.rewards.sarm.rabc import RABCWeights  # pyright: ignore

    rewards, out = judged
    copy_with_rewards(dataset, tmp_path / "copy", rewards)
    read = LeRobotDataset("drawn/copy", root=tmp_path / "copy", video_backend="pyav")
    assert [float(read[index]["next.reward"]) for index in range(21)] == pytest.approx(rewards.rewards.tolist())
    assert read[13]["task"] == "Reach the red can."
    lerobot = open_lerobot(dataset)
    ours = [lerobot.frames_of(one, KEY) for one in lerobot.episodes]
    pictures = [frames.read(index).frame.image for frames in ours for index in range(len(frames))]
    for index, picture in enumerate(pictures):
        theirs = 255 * read[index][KEY].permute(1, 2, 0).numpy()
        assert np.abs(theirs - picture).mean() < 3  # JPEG lies between
    own, again = Weights(out / "reward.parquet", 4), RABCWeights(out / "reward.parquet", chunk_size=4)
    told = again._compute_weights(np.array([again._compute_delta(index) for index in range(21)]))
    assert [own.weight(index) for index in range(21)] == pytest.approx(told.tolist(), abs=1e-5)


def test_a_second_copy_is_right_too_and_columns_are_replaced(judged, dataset, tmp_path):
    rewards, _ = judged
    copy_with_rewards(dataset, tmp_path / "copy", rewards)
    (tmp_path / "copy.tmp/meta").mkdir(parents=True)  # a run that was killed left it
    shutil.copy(tmp_path / "copy/meta/spatialvlm_reward.json", tmp_path / "copy.tmp/meta")
    first = contents(tmp_path / "copy")
    copy_with_rewards(dataset, tmp_path / "copy", rewards)
    assert contents(tmp_path / "copy") == first
    assert not (tmp_path / "copy.tmp").exists()
    report = copy_with_rewards(tmp_path / "copy", tmp_path / "copy-2", rewards)
    assert report.replaced == ("next.reward", "next.success")
    assert contents(tmp_path / "copy-2") == first


def test_a_folder_with_something_else_is_no_place_for_a_copy(judged, dataset, tmp_path):
    rewards, _ = judged
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="no copy of this command"):
        copy_with_rewards(dataset, tmp_path / "full", rewards)
    for inside in (dataset, dataset / "copy", dataset.parent):
        with pytest.raises(UserError, match="lies in the dataset or around it"):
            copy_with_rewards(dataset, inside, rewards)


def test_a_link_out_of_the_dataset_is_not_copied(judged, dataset, tmp_path):
    rewards, _ = judged
    folder = shutil.copytree(dataset, tmp_path / "set")
    (tmp_path / "secret").write_text("secret")
    (folder / "notes.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="link that leaves the folder"):
        copy_with_rewards(folder, tmp_path / "copy", rewards)


def test_what_is_no_use_is_said(run, dataset, tmp_path):
    code, _, err = run("reward", dataset, "--out", tmp_path / "out", "--camera", "wrist")
    assert code == 1
    assert "camera 'wrist': no such camera in 'drawn'; choose one of front" in err
    code, _, err = run("reward", dataset, "--out", tmp_path / "out", "--task", "dance")
    assert code == 1
    assert "task 'dance'" in err
    code, _, err = run("reward", dataset / f"videos/{KEY}/chunk-000/file-000.mp4", "--out", tmp_path / "out")
    assert code == 1
    assert "--task: is missing" in err
    assert not (tmp_path / "out").exists()
