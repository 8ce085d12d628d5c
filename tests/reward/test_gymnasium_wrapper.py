"""Environments whose reward is measured in their pictures: what gymnasium asks of them, and laws of the reward."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.stats import spearmanr

pytest.importorskip("gymnasium")
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv

from fixtures.worlds.fetch_robot import skip_without_robot
from fixtures.worlds.table_robot import NEAR_M, STEPS, TableRobot, table_frame, to_the_can, wrapped_table
from spatialvlm.errors import UserError
from spatialvlm.reward import SpatialRewardWrapper, SuccessRule
from spatialvlm.worlds.fetch import FETCH_TASKS, fetch_env, fetch_frames

NEAR = SuccessRule(NEAR_M, 2)


def played(env, act, *, seed=0):
    """An episode: the info of its reset, and of each step its reward, ends and info."""
    observed, first = env.reset(seed=seed)
    rows, ended = [], False
    while not ended:
        observed, reward, terminated, truncated, info = env.step(act(observed))
        rows.append((reward, terminated, truncated, info))
        ended = terminated or truncated
    return first, rows


def test_rewards_telescope_and_the_true_reward_is_kept():
    env = wrapped_table(rule=NEAR)
    first, rows = played(env, to_the_can)
    last = rows[-1][3]
    assert sum(row[0] for row in rows) == pytest.approx(last["potential"] - first["potential"])
    assert [row[3]["true_reward"] for row in rows] == [-1.0] * len(rows)
    assert last["told_success"]
    assert last["potential"] == 0
    assert last["measured"]
    assert not any(row[1] for row in rows)  # it goes on where it is done


def test_it_ends_where_it_is_done_if_it_is_asked_to():
    rows = played(wrapped_table(rule=NEAR, terminate_on_success=True), to_the_can)[1]
    assert [row[1] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert [row[3]["told_success"] for row in rows] == [row[1] for row in rows]


def test_the_own_reward_can_be_added():
    plain, both = (played(wrapped_table(true_weight=weight), to_the_can)[1] for weight in (0.0, 0.5))
    assert [row[0] for row in both] == pytest.approx([row[0] - 0.5 for row in plain])


def test_a_reset_forgets():
    env = wrapped_table()
    known = played(wrapped_table(), to_the_can, seed=1)
    played(env, lambda _: np.float32([1, 0, 0.5]), seed=0)
    assert played(env, to_the_can, seed=1) == known
    env.reset(seed=0)
    env.step(np.float32([1, 1, 1]))
    assert played(env, to_the_can, seed=1) == known


def test_other_frames_are_held_and_the_last_one_is_measured():
    rows = played(wrapped_table(every=3), lambda _: np.float32([0.2, 0, 0]))[1]
    measured = [row[3]["measured"] for row in rows]
    assert measured == [(step % 3 == 0 or step == STEPS) for step in range(1, STEPS + 1)]
    held = [row[3] for row in rows[:2]]
    assert held[0]["distance_m"] == held[1]["distance_m"]
    assert held[0]["sigma_m"] < held[1]["sigma_m"]
    assert rows[0][0] == rows[1][0] == 0


def test_without_a_picture_nothing_is_known():
    env = SpatialRewardWrapper(TableRobot(), "reach the red can", frames=lambda _: None)
    first, rows = played(env, to_the_can)
    assert first["sigma_m"] == np.inf
    assert {row[0] for row in rows} == {0.0}


def test_what_gymnasium_checks():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*different from the unwrapped version|.*not having a spec")
        check_env(wrapped_table())


def test_settings_are_checked():
    with pytest.raises(UserError, match="every 0"):
        wrapped_table(every=0)
    with pytest.raises(UserError, match="step_s 0"):
        wrapped_table(step_s=0.0)
    with pytest.raises(UserError, match="gamma 2"):
        wrapped_table(gamma=2.0)
    with pytest.raises(UserError, match="sources none"):
        wrapped_table(source=[])
    silent = TableRobot()
    silent.metadata = {}
    with pytest.raises(UserError, match=r"step_s=0\.04"):
        SpatialRewardWrapper(silent, "reach the red can", frames=table_frame)


def test_the_reward_is_there_without_gymnasium():
    program = (
        "import sys; sys.modules['gymnasium'] = None; import spatialvlm.reward as reward\n"
        "from spatialvlm.errors import UserError\n"
        "try: reward.SpatialRewardWrapper\n"
        "except UserError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "pip install 'spatialvlm[robot]'" in done.stdout


@pytest.mark.parametrize("vector", [SyncVectorEnv, lambda made: AsyncVectorEnv(made, context="spawn")])
def test_a_vector_of_environments_gives_what_single_ones_give(vector):
    """Also behind the end of an episode, where the next step resets."""
    steps = STEPS + 3
    alone = []
    for seed in (3, 4):
        env = wrapped_table()
        env.reset(seed=seed)
        rewards, ended = [], False
        for _ in range(steps):
            if ended:
                env.reset()
                rewards.append(0.0)
                ended = False
                continue
            _, reward, terminated, truncated, _ = env.step(np.float32([0.5, 0.1, -0.2]))
            rewards.append(reward)
            ended = terminated or truncated
        alone.append(rewards)
    envs = vector([wrapped_table] * 2)
    _, info = envs.reset(seed=[3, 4])
    assert info["_distance_m"].tolist() == [True, True]
    rows = [envs.step(np.float32([[0.5, 0.1, -0.2]] * 2)) for _ in range(steps)]
    together = np.array([row[1] for row in rows]).T
    assert together == pytest.approx(np.array(alone))
    assert rows[0][4]["true_reward"].tolist() == [-1, -1]
    envs.close()


@pytest.fixture(scope="module")
def fetch():
    skip_without_robot()
    env = fetch_env("reach", reward_type="dense", max_episode_steps=16)
    wrapped = SpatialRewardWrapper(env, FETCH_TASKS["reach"].words, frames=fetch_frames("reach", colour=False))
    yield wrapped
    wrapped.close()


def test_the_reward_of_a_simulated_robot_follows_the_true_distance(fetch):
    """There and back again: the fingers stop short of the ball, since nothing keeps them from going into it."""
    was_near = [False]

    def act(observed):
        way = observed["desired_goal"] - observed["achieved_goal"]
        was_near[0] = was_near[0] or np.linalg.norm(way) < 0.05
        return np.append((-0.4 if was_near[0] else 0.4) * way / np.linalg.norm(way), 0).astype(np.float32)

    first, rows = played(fetch, act, seed=2)
    told, true = (np.array([row[3][name] for row in rows]) for name in ("distance_m", "true_reward"))
    assert sum(row[0] for row in rows) == pytest.approx(rows[-1][3]["potential"] - first["potential"])
    assert spearmanr(told, -true).statistic >= 0.98
    assert np.abs(told + true).max() < 0.02
    assert all(row[3]["measured"] for row in rows)


def test_a_robot_in_a_vector_is_the_robot_alone(fetch):
    def made():
        env = fetch_env("reach", reward_type="dense", max_episode_steps=2)
        return SpatialRewardWrapper(env, "reach the red ball", frames=fetch_frames("reach", colour=False))

    envs = SyncVectorEnv([made, made])
    envs.reset(seed=[5, 6])
    together = np.array([envs.step(np.float32([[0.5, -0.3, 0.1, 0]] * 2))[1] for _ in range(2)])
    envs.close()
    for place, seed in enumerate((5, 6)):
        fetch.reset(seed=seed)
        alone = [fetch.step(np.float32([0.5, -0.3, 0.1, 0]))[1] for _ in range(2)]
        assert together[:, place] == pytest.approx(alone)
