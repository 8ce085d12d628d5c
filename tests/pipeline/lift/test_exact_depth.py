"""Depth without noise, under masks that end where it breaks: the scene says so, and its bars are as narrow and hold."""

import dataclasses

import numpy as np
import pytest

from spatialvlm.audit.corrupt import drifting, noisy, outlined
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.pipeline.lift import EXACT, MEASURED, LiftConfig, lift
from spatialvlm.records import DepthErrors
from spatialvlm.worlds.solids import Body, Cuboid, Cylinder, SceneDescription, Sphere, truth_of

BOX = Body((Cuboid((0.0, 1.6, 0.15), (0.3, 0.3, 0.3), 0.4),))
CAN = Body((Cylinder((0.5, 1.9, 0.2), 0.1, 0.4),))
BALL = Body((Sphere((-0.5, 1.8, 0.12), 0.12),))
SAID = "depth without noise"


@pytest.fixture(scope="module")
def known():
    """The truth of three things on the floor."""
    return truth_of(SceneDescription(bodies=(BOX, CAN, BALL)), "frame")


def made_worse(frame, by, **options):
    """The scene of a frame that was made worse."""
    return lift(by(frame, np.random.default_rng(0), **options)).scene


def test_bars_of_exact_depth_hold_the_truth_and_a_little_noise_widens_all_of_them(known):
    exact, other = lift(known.frame).scene, made_worse(known.frame, noisy, relative=0.002)
    assert (exact.scale_provenance, other.scale_provenance) == (SAID, "sensor")
    assert (exact.errors.scale, other.errors.scale) == (EXACT.scale, MEASURED.scale)
    assert exact.errors.tilt_rad < other.errors.tilt_rad
    truth = TrueQuantities(known).visible(tuple(o.instance.id for o in exact.objects), 0.0)
    for place, (one, two) in enumerate(zip(exact.objects, other.objects, strict=True)):
        assert np.all(one.box.low_error_m < two.box.low_error_m)
        assert np.all(one.box.high_error_m < two.box.high_error_m)
        off = one.box.low_in_world - truth.low[place], one.box.high_in_world - truth.high[place]
        assert np.all(np.abs(off) < 2.0 * np.array([one.box.low_error_m, one.box.high_error_m]) + 1e-4)


def test_masks_that_end_elsewhere_and_depth_that_drifts_are_nobody_s_exact_depth(known):
    for pixels in (2.0, 1.0, -1.0, -2.0):
        assert made_worse(known.frame, outlined, inwards_px=pixels, ragged_px=0.0).scale_provenance == "sensor"
    told = LiftConfig(DepthErrors(0.08, 0.04, 1 / 6))
    drifts = drifting(known.frame, np.random.default_rng(0), relative=0.04, reach=1 / 6)
    assert lift(drifts, told).scene.scale_provenance == "sensor"


def test_one_bad_mask_costs_the_others_nothing(known):
    worse = outlined(known.frame, np.random.default_rng(0), inwards_px=2.0, ragged_px=0.0)
    mixed = dataclasses.replace(known.frame, instances=(worse.instances[0], *known.frame.instances[1:]))
    exact, one_bad = lift(known.frame).scene, lift(mixed).scene
    assert one_bad.scale_provenance == SAID
    assert one_bad.objects[0].box.high_error_m[2] > 2.0 * exact.objects[0].box.high_error_m[2]
    assert one_bad.objects[1].box.high_error_m == pytest.approx(exact.objects[1].box.high_error_m)


def test_an_error_of_scale_that_somebody_states_is_kept_and_rules_1_know_of_nothing(known):
    assert lift(known.frame, LiftConfig(DepthErrors(0.05))).scene.errors.scale == 0.05
    assert lift(known.frame, LiftConfig(rules=1)).scene.scale_provenance == "sensor"
