"""Fetch environments as they are: what their Frames show is where the simulator has it."""

import pickle

import numpy as np
import pytest

from fixtures.worlds.fetch_robot import skip_without_robot
from spatialvlm.errors import UserError
from spatialvlm.worlds import FreeView, MujocoFrames
from spatialvlm.worlds.fetch import FETCH_TASKS, fetch_env, fetch_frames


@pytest.fixture(scope="module", params=list(FETCH_TASKS))
def shown(request):
    skip_without_robot()
    env = fetch_env(request.param)
    env.reset(seed=1)
    yield request.param, env
    env.close()


def centre(frame, name):
    """Where the middle of what is seen of a thing is, in the simulator's world."""
    mask = next(one.mask for one in frame.instances if name in one.captions)
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    points = np.linalg.inv(frame.camera.image_from_camera) @ pixels * frame.depth_m[mask]
    return (frame.sequence_from_camera @ np.append(points.mean(axis=1), 1))[:3]


def test_the_goal_is_seen_where_it_is_and_nothing_is_moved_by_looking(shown):
    task, env = shown
    before = env.unwrapped.data.qpos.copy()
    for frames in fetch_frames(task, size=(160, 120)):
        frame = frames(env)
        assert np.linalg.norm(centre(frame, "red ball") - env.unwrapped.goal) < 0.02  # its radius
        again = frames(env)
        assert np.array_equal(frame.image, again.image)
        assert frame.id != again.id
        frames.close()
    assert np.array_equal(env.unwrapped.data.qpos, before)


def test_without_colour_depth_and_masks_are_the_same(shown):
    task, env = shown
    (full,), (plain,) = (fetch_frames(task, size=(80, 60), cameras=[VIEW], colour=one) for one in (True, False))
    one, other = full(env), plain(env)
    assert np.array_equal(one.depth_m, other.depth_m, equal_nan=True)
    assert [i.captions for i in one.instances] == [i.captions for i in other.instances]
    assert all(np.array_equal(i.mask, j.mask) for i, j in zip(one.instances, other.instances))
    assert one.image.any()
    assert not other.image.any()
    full.close(), plain.close()


VIEW = FreeView((1.34, 0.75, 0.53), 0.75, 180.0, -20.0)


def test_a_camera_of_the_model_is_used_by_its_name(shown):
    task, env = shown
    (frames,) = fetch_frames(task, size=(32, 24), cameras=["external_camera_0"])
    camera = env.unwrapped.data.camera("external_camera_0")
    assert frames(env).sequence_from_camera[:3, 3] == pytest.approx(camera.xpos, abs=1e-5)
    frames.close()
    assert pickle.loads(pickle.dumps(fetch_frames(task)))


def test_wrong_names_are_told(shown):
    _, env = shown
    with pytest.raises(UserError, match="'head': the model has"):
        MujocoFrames({"table": ("table0",)}, camera="head")(env)
    with pytest.raises(UserError, match=r"'teapot': the model has no geom.*and \d+ more"):
        MujocoFrames({"teapot": ("teapot",)}, camera=VIEW)(env)
    with pytest.raises(UserError, match="size 4x4"):
        MujocoFrames({}, camera=VIEW, size=(4, 4))
    with pytest.raises(UserError, match="expected one of reach, pick_and_place"):
        fetch_env("slide")


def test_an_environment_without_mujoco_is_no_picture():
    class Other:
        unwrapped = None

    with pytest.raises(UserError, match="has no `model` and `data`"):
        MujocoFrames({}, camera=VIEW)(Other())
