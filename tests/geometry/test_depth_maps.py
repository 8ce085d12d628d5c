"""What a depth map says about itself."""

import numpy as np
import pytest

from spatialvlm.geometry import NOISE_FLOOR, middle, relative_noise, smooth_inverse


def slanted(height=120, width=160):
    """Inverse depth of a plane at some slant: affine in the pixel."""
    v, u = np.mgrid[0:height, 0:width]
    return 0.4 + 0.002 * u + 0.003 * v


def ball(height=120, width=160):
    """Depth of a ball that fills the middle, on a far wall."""
    v, u = np.mgrid[0:height, 0:width]
    inside = np.maximum(50.0**2 - (u - 80) ** 2 - (v - 60) ** 2, 0)
    return 2.0 - 0.01 * np.sqrt(inside)


@pytest.mark.parametrize(("shape", "within"), [(1.0 / slanted(), 0.1), (ball(), 0.25)], ids=["slant", "ball"])
@pytest.mark.parametrize("noise", [0.001, 0.003, 0.01])
def test_noise_is_measured_whatever_the_shape(shape, within, noise):
    rng = np.random.default_rng(1)
    depth_m = (shape * (1 + noise * rng.standard_normal(shape.shape))).astype(np.float32)
    assert relative_noise(depth_m) == pytest.approx(noise, rel=within)


def test_exact_depth_has_the_floor_of_noise():
    assert relative_noise((1.0 / slanted()).astype(np.float32)) == NOISE_FLOOR


def test_unknown_depth_is_no_noise():
    assert relative_noise(np.full((50, 50), np.nan, np.float32)) == NOISE_FLOOR


def test_fit_is_exact_on_a_plane_even_beyond_the_rim():
    inverse_m = slanted()
    where = np.zeros(inverse_m.shape, bool)
    where[30:60, 40:90] = True
    fit = smooth_inverse(np.where(where, inverse_m, np.nan), where, 3)
    reached = np.isfinite(fit.inverse_m)
    assert reached[28, 50]
    assert not reached[20, 50]
    # The ridge that keeps thin shapes solvable costs at most this much, at the corners.
    np.testing.assert_allclose(fit.inverse_m[reached], inverse_m[reached], rtol=2e-2)
    np.testing.assert_allclose(fit.inverse_m[35:55, 45:85], inverse_m[35:55, 45:85], rtol=1e-12)


def test_fit_averages_noise_as_it_says():
    rng = np.random.default_rng(2)
    inverse_m = slanted() + 0.01 * rng.standard_normal((120, 160))
    fit = smooth_inverse(inverse_m, np.ones(inverse_m.shape, bool), 2)
    left = (fit.inverse_m - slanted())[5:-5, 5:-5]
    assert left.std() == pytest.approx(0.01 * fit.noise_factor[60, 80], rel=0.1)


def test_middle_is_the_upper_median():
    assert middle(np.array([3.0, 1.0, 2.0, 9.0])) == 3.0
