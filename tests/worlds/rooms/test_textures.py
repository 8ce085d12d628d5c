"""Patterns of surfaces: the same for the same material, of its colours, without a seam."""

from typing import get_args

import numpy as np
import pytest

from spatialvlm.worlds.rooms.room import Material, Texture
from spatialvlm.worlds.rooms.textures import SHOWN_ONCE, VARIETIES, bitmap, linear

PATTERNS = [name for name in get_args(Texture) if name != "plain"]
REPEATED = [name for name in PATTERNS if name not in SHOWN_ONCE]


@pytest.mark.parametrize("texture", PATTERNS)
def test_every_variety_is_a_small_picture(texture):
    for seed in range(VARIETIES):
        colours, covered = bitmap(Material((170, 120, 70), texture=texture, seed=seed))
        assert max(colours.shape) <= 512
        assert colours.std() > 1
        assert all(0.05 < metres < 4 for metres in covered) or (texture in SHOWN_ONCE and covered == (0.0, 0.0))


@pytest.mark.parametrize("texture", REPEATED)
def test_patterns_keep_to_their_colours(texture):
    for rgb, other in (((190, 40, 40), (60, 20, 20)), ((40, 90, 180), (235, 235, 230))):
        colours = bitmap(Material(rgb, texture=texture, other_rgb=other))[0].reshape(-1, 3).astype(float)
        low, high = np.minimum(rgb, other), np.maximum(rgb, other)
        strays = (colours < 0.4 * low) | (colours > 1.35 * high + 5)
        assert strays.mean() < 0.02
        assert np.abs(colours.mean(axis=0) - rgb).sum() < np.abs(np.subtract(rgb, other)).sum()


@pytest.mark.parametrize("texture", ["wood", "weave", "marble", "leaf"])
def test_patterns_have_no_seam(texture):
    colours = bitmap(Material((170, 120, 70), texture=texture))[0].astype(float)
    for axis in (0, 1):
        steps = np.abs(np.diff(colours, axis=axis, append=np.take(colours, [0], axis))).mean(axis=(1 - axis, 2))
        assert steps[-1] < 3 * np.median(steps) + 3


def test_the_same_material_looks_the_same():
    one, two = (bitmap.__wrapped__(Material((1, 2, 3), texture="picture", seed=4))[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_a_landscape_has_its_sky_above():
    colours = bitmap(Material((60, 90, 50), texture="picture", other_rgb=(90, 80, 40), seed=0))[0].astype(float)
    assert colours[:30].mean() > colours[-30:].mean() + 30


def test_light_of_a_colour():
    assert linear((0, 255, 255))[:2] == (0.0, 1.0)
    assert linear((188, 188, 188))[0] == pytest.approx(0.5, abs=0.01)
