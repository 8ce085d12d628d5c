"""Laws of the a_from_b algebra."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm import geometry as g

angles = st.floats(-math.pi, math.pi)
metres = st.floats(-20, 20)


def rotation(yaw, pitch, roll):
    """Any rotation, as a product of three."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (math.cos, math.sin))
    z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    return z @ y @ x


@st.composite
def rigid(draw):
    a_from_b = np.eye(4)
    a_from_b[:3, :3] = rotation(draw(angles), draw(angles), draw(angles))
    a_from_b[:3, 3] = [draw(metres), draw(metres), draw(metres)]
    return a_from_b


points = st.lists(st.tuples(metres, metres, metres), min_size=1, max_size=5).map(np.array)


@given(rigid(), points)
def test_invert_undoes_transform(a_from_b, points_in_b):
    there_and_back = g.transform(g.invert(a_from_b), g.transform(a_from_b, points_in_b))
    np.testing.assert_allclose(there_and_back, points_in_b, atol=1e-9)


@given(rigid(), rigid(), points)
def test_transforms_compose(a_from_b, b_from_c, points_in_c):
    one_by_one = g.transform(a_from_b, g.transform(b_from_c, points_in_c))
    np.testing.assert_allclose(g.transform(a_from_b @ b_from_c, points_in_c), one_by_one, atol=1e-9)


@given(rigid(), points)
def test_rigid_motion_keeps_distances(a_from_b, points_in_b):
    def spread(p):
        return np.linalg.norm(p[:, None] - p, axis=-1)

    np.testing.assert_allclose(spread(g.transform(a_from_b, points_in_b)), spread(points_in_b), atol=1e-8)


def test_project_undoes_unproject():
    rng = np.random.default_rng(0)
    depth_m = rng.uniform(0.3, 9.0, (6, 8))
    depth_m[2, 3] = np.nan
    k = g.intrinsics(500.0, 510.0, 4.2, 3.1)
    pixels = g.project(k, g.unproject(depth_m, k))
    rows, columns = np.nonzero(np.isfinite(depth_m))
    np.testing.assert_allclose(pixels, np.stack([columns + 0.5, rows + 0.5], axis=1), atol=1e-9)
    assert len(pixels) == depth_m.size - 1


def test_points_behind_the_camera_project_to_nan():
    assert np.isnan(g.project(g.intrinsics(500.0, 500.0, 4.0, 3.0), np.array([[0.0, 0.0, -1.0]]))).all()


@given(st.floats(-math.pi / 2, math.pi / 2), st.floats(-0.5, 0.5), st.floats(0.1, 5))
def test_world_frame_of_any_camera(pitch, roll, height_m):
    up = np.array([-math.sin(roll) * math.cos(pitch), -math.cos(roll) * math.cos(pitch), -math.sin(pitch)])
    world_from_camera = g.world_from_camera(up, height_m)
    np.testing.assert_allclose(world_from_camera[:3, :3] @ world_from_camera[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(world_from_camera[:3, :3]) == pytest.approx(1.0)
    np.testing.assert_allclose(world_from_camera[:3, :3] @ up, [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(world_from_camera[:3, 3], [0, 0, height_m])
    if abs(pitch) < 1.5:
        forward = world_from_camera[:3, :3] @ [0, 0, 1]
        assert forward[0] == pytest.approx(0.0, abs=1e-9), "the heading is straight ahead"
        assert forward[1] > 0


def test_a_level_camera_sees_right_as_plus_x():
    world_from_camera = g.world_from_camera(np.array([0.0, -1.0, 0.0]), 1.5)
    np.testing.assert_allclose(
        g.transform(world_from_camera, np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 2.0]])), [[1, 2, 1.5], [0, 2, 0.5]]
    )


@pytest.mark.parametrize("angle", [0.0, 1e-9, 0.3, math.pi / 2, math.pi - 1e-7, math.pi])
def test_angle_between_is_exact_everywhere(angle):
    assert g.angle_between(
        np.array([1.0, 0.0, 0.0]), np.array([math.cos(angle), math.sin(angle), 0.0])
    ) == pytest.approx(angle, abs=1e-12)
