"""Episodes of the simulated robot: what is true of them, and that camera, depth and masks agree with it."""

import sys

import cv2
import numpy as np
import pytest

from fixtures.worlds.fetch_robot import skip_without_robot
from spatialvlm.errors import UserError
from spatialvlm.worlds.fetch import EPISODE_KINDS, Episode, fetch_episodes, load_mujoco

FRAMES = 5
SIZE = 240, 180
HALF_M = 0.025  # of the block's edge


@pytest.fixture(scope="module")
def episodes() -> dict[tuple[str, str], Episode]:
    skip_without_robot()
    asked = [(kind, 3) for kind in EPISODE_KINDS]
    return {(one.kind, one.camera): one for one in fetch_episodes(asked, frames=FRAMES, size=SIZE)}


def test_each_kind_ends_where_it_should(episodes):
    for (kind, _), one in episodes.items():
        far = one.gripper_to_object_m
        assert len(one) == len(far) == len(one.object_to_goal_m) == FRAMES
        assert one.success == (kind in ("success", "place_success"))
        if kind == "success":
            assert 0.015 < far[-1] < 0.04 < far[0]
        elif kind in ("near_miss", "stop_early"):
            assert 0.06 < far[-1] < 0.6 * far[0] + 0.03
        elif kind == "drop":
            assert far.min() < 0.04
            assert far[-1] > 0.06


def test_placing_begins_in_the_hand_and_ends_on_the_stand_or_beside_it(episodes):
    for (kind, _), one in episodes.items():
        if one.task != "place":
            continue
        left, words = one.truth_m, ("red block", "green stand")
        assert left is one.object_to_goal_m
        assert one.between == words
        if kind == "place_reversed":
            left = left[::-1]
        assert one.gripper_to_object_m[0 if kind != "place_reversed" else -1] < 0.04
        assert left[0] > 0.15
        end = {"place_success": (0.04, 0.055), "place_reversed": (0.04, 0.055), "place_miss": (0.06, 0.105)}
        low, high = end.get(kind, (0.06, 0.7 * left[0]))
        assert low < left[-1] < high
    near = episodes["place_success", "near"]
    assert mask_of(near.frames[0], "green stand") is not None
    assert mask_of(episodes["success", "near"].frames[0], "green stand") is None


def test_reversed_is_the_success_played_backwards(episodes):
    there, back = episodes["success", "near"], episodes["reversed", "near"]
    assert back.gripper_to_object_m.tolist() == there.gripper_to_object_m[::-1].tolist()
    assert np.array_equal(back.frames[0].image, there.frames[-1].image)
    times = [one.sequence.time_s for one in back if one.sequence]
    assert times == sorted(times)
    assert times[0] == 0


def test_the_true_places_are_where_the_picture_has_them(episodes):
    """The corners of the block, projected, are the ends of its mask, within a pixel, where nothing cuts it."""
    tried = 0
    for frame, block in untouched(episodes):
        mask = mask_of(frame, "red block")
        corners = np.array([in_camera(frame, block + HALF_M * (2 * np.array(way) - 1)) for way in np.ndindex(2, 2, 2)])
        pixels = corners @ frame.camera.image_from_camera.T
        outline = cv2.convexHull((pixels[:, :2] / pixels[:, 2:]).astype(np.float32))
        if mask is None or mask.sum() < 0.93 * cv2.contourArea(outline):
            continue
        rows, columns = np.nonzero(mask)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        assert np.abs(np.concatenate([outline.min(axis=(0, 1)), outline.max(axis=(0, 1))]) - seen).max() < 1
        tried += 1
    assert tried > 8


def test_lifted_masks_are_on_the_surface_of_the_block(episodes):
    for frame, block in untouched(episodes):
        mask = mask_of(frame, "red block")
        if mask is None:
            continue
        points = np.c_[lifted(frame, mask), np.ones(mask.sum())] @ frame.sequence_from_camera.T
        depth_in_block = HALF_M - np.abs(points[:, :3] - block).max(axis=1)
        assert np.abs(depth_in_block).max() < 0.002


def test_lifted_fingers_are_around_their_middle(episodes):
    for one in episodes.values():
        for frame, gripper in zip(one, one.gripper_in_sim):
            mask = mask_of(frame, one.gripper)
            if mask is not None:
                assert np.linalg.norm(lifted(frame, mask) - in_camera(frame, gripper), axis=1).max() < 0.08


def test_gravity_points_to_the_table(episodes):
    for one in episodes.values():
        frame = one.frames[0]
        assert frame.gravity_in_camera is not None
        assert frame.sequence_from_camera is not None
        assert frame.sequence_from_camera[:3, :3] @ frame.gravity_in_camera == pytest.approx([0, 0, -1], abs=1e-6)


def test_the_same_seed_gives_the_same_episode(episodes):
    known = episodes["near_miss", "external"]
    (again,) = fetch_episodes([("near_miss", 3)], frames=FRAMES, size=SIZE, cameras=["external"])
    (other,) = fetch_episodes([("near_miss", 4)], frames=FRAMES, size=(32, 24), cameras=["external"])
    assert again.gripper_to_object_m.tolist() == known.gripper_to_object_m.tolist()
    assert all(np.array_equal(one.image, two.image) for one, two in zip(again, known))
    for one, two in zip(again, known):
        assert np.array_equal(depth_of(one), depth_of(two), equal_nan=True)
    assert other.gripper_to_object_m[0] != known.gripper_to_object_m[0]


def test_what_is_asked_for_is_checked():
    with pytest.raises(UserError, match="near_miss"):
        fetch_episodes([("hop", 0)])
    with pytest.raises(UserError, match="external"):
        fetch_episodes([("success", 0)], cameras=["head"])
    with pytest.raises(UserError, match="2 or more"):
        fetch_episodes([("success", 0)], frames=1)


def test_without_mujoco_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mujoco", None)
    load_mujoco.cache_clear()
    with pytest.raises(UserError, match=r"pip install 'spatialvlm\[robot\]'"):
        list(fetch_episodes([("success", 0)]))
    load_mujoco.cache_clear()


def untouched(episodes):
    """Frames in which the block lies as it was put: square to the axes of the simulator."""
    for (kind, _), one in episodes.items():
        if kind in ("near_miss", "wrong_object", "stop_early"):
            yield from zip(one, one.object_in_sim)


def depth_of(frame):
    assert frame.depth_m is not None
    return frame.depth_m


def in_camera(frame, place):
    return (np.linalg.inv(frame.sequence_from_camera) @ np.append(place, 1))[:3]


def mask_of(frame, name):
    return next((one.mask for one in frame.instances if name in one.captions), None)


def lifted(frame, mask):
    rows, columns = np.nonzero(mask)
    rays = np.linalg.inv(frame.camera.image_from_camera) @ np.stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    return (rays * frame.depth_m[mask]).T
