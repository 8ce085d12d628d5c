"""Scenes measured together: each has the facts, to the bit, that it has alone."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialvlm.pipeline.measure as stage
from fixtures.plain_facts import MEASURED, PAPER, rows_of
from fixtures.worlds.boxes import made_up, random_boxes, scene_of
from spatialvlm.pipeline.measure import MeasureConfig, measure, measure_all
from spatialvlm.records import Facts, Scene, SceneErrors, Support

ARRAYS = ("kind", "subjects", "number", "error", "outcome", "given")


def thinned(scene: Scene, count: int) -> Scene:
    """The objects with fewer points, each another number."""
    objects = (
        dataclasses.replace(o, points_in_world=o.points_in_world[: count + k]) for k, o in enumerate(scene.objects)
    )
    return dataclasses.replace(scene, objects=tuple(objects))


def flagged(scene: Scene) -> Scene:
    """Cut, hidden and standing objects."""
    objects = [
        dataclasses.replace(o, truncated=k == 0, occluded=k == 1, bottom=("hidden", "support", "seen")[k % 3])
        for k, o in enumerate(scene.objects)
    ]
    return dataclasses.replace(scene, objects=tuple(objects))


def with_errors(scene: Scene, local_reach_px: float) -> Scene:
    return dataclasses.replace(scene, errors=SceneErrors(0.03, 0.01, 0.004, 0.03, local_reach_px))


def all_sorts() -> list[Scene]:
    """Scenes of every sort that a batch may hold."""
    return [
        random_boxes(0, 8),
        random_boxes(1, 0),
        random_boxes(2, 1),
        dataclasses.replace(random_boxes(3, 6), gravity=None, support=Support(None, "no_gravity: none")),
        dataclasses.replace(random_boxes(4, 7), scale="relative"),
        dataclasses.replace(random_boxes(5, 5), support=Support(None, "no_plane: none")),
        with_errors(random_boxes(6, 8), 50.0),
        with_errors(random_boxes(7, 3), 0.0),
        thinned(random_boxes(8, 4), 1),
        thinned(random_boxes(9, 6), 150),
        flagged(random_boxes(10, 9)),
        random_boxes(11, 0),
        random_boxes(12, 2),
        random_boxes(13, 24),
    ]


SCENES = all_sorts()
ALONE = [measure(scene, kinds=MEASURED) for scene in SCENES]


def check_same(together, alone) -> None:
    assert [f.object_ids for f in together] == [f.object_ids for f in alone]
    for one, other in zip(together, alone, strict=True):
        assert (one.kinds, one.in_frame) == (other.kinds, other.in_frame)
        assert list(one.refusals.items()) == list(other.refusals.items())
        for name in ARRAYS:
            first, second = getattr(one, name), getattr(other, name)
            assert first.dtype == second.dtype
            np.testing.assert_array_equal(first, second, err_msg=name)


@given(st.lists(st.integers(0, len(SCENES) - 1), max_size=30))
@settings(max_examples=25)
def test_a_scene_has_the_same_facts_alone_and_in_any_batch(places):
    check_same(measure_all([SCENES[k] for k in places], kinds=MEASURED), [ALONE[k] for k in places])


@pytest.mark.parametrize("most", [1, 100, 1 << 20])
def test_wherever_a_batch_is_cut(monkeypatch, most):
    monkeypatch.setattr(stage, "PAIRS_TOGETHER", most)
    check_same(measure_all(SCENES, kinds=MEASURED), ALONE)


def test_nothing_is_measured_of_nothing():
    assert measure_all([], kinds=MEASURED) == []
    for facts in measure_all([random_boxes(0, 0), random_boxes(1, 0)], kinds=PAPER):
        assert (len(facts), facts.refusals, facts.object_ids) == (0, {}, ())


def clouds(rng: np.random.Generator, sort: str) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of points: apart, one within the other, in a grid (where many are equally near), the same, or few."""
    first, second = rng.uniform(-0.2, 0.2, (300, 3)), rng.uniform(-0.2, 0.2, (120, 3))
    match sort:
        case "apart":
            return first + [2, 9, 1], second + rng.uniform(-1, 1, 3) + [2, 9, 1]
        case "within":
            return 3 * first, second
        case "grid":
            return np.round(first, 1), np.round(second, 1) + [0.5, 0.25, 0]
        case "same":
            return first, first.copy()
    return first[:1], second[:2]


@pytest.mark.parametrize("sort", ["apart", "within", "grid", "same", "few"])
def test_the_gap_is_that_of_the_nearest_two_points(sort):
    rng = random.Random(sort)
    for _ in range(10):
        first, second = (c.astype(np.float32) for c in clouds(np.random.default_rng(rng.randrange(1 << 30)), sort))
        far = np.random.default_rng(1).uniform(5, 6, (700, 3)).astype(np.float32)
        objects = [made_up(str(k), c.min(0), c.max(0) + 0.01, c) for k, c in enumerate((first, second, far))]
        easy = MeasureConfig(min_length_m=-1.0, max_relative_error=1e9)
        two, three = (gap_of(measure(scene_of(some), easy, ["gap"])) for some in (objects[:2], objects))
        nearest = float(np.sqrt(((first[:, None] - second) ** 2).sum(-1, dtype=np.float64).min()))
        assert two == three, "a larger cloud beside them changes nothing"
        assert two[0] == pytest.approx(max(nearest - sideways(first, second, nearest), 0.0), abs=1e-5)


def sideways(first: np.ndarray, second: np.ndarray, nearest: float) -> float:
    """How much longer the way between samples is than that between the surfaces."""
    x, y, z = np.stack([np.ptp(cloud, axis=0).astype(float) for cloud in (first, second)], axis=1)
    step = float(np.sqrt((x * y + y * z + z * x) / (2 * np.array([len(first), len(second)]))).mean())
    return step**2 / (8 * max(nearest, step, 1e-9))


def gap_of(facts: Facts) -> tuple[float, float]:
    """Gap and error of the first two objects; of what touches the error is more than any share, so it is refused."""
    row = rows_of(facts, "gap", 0, 1)
    return (float(facts.number[row[0]]), float(facts.error[row[0]])) if len(row) else (0.0, 0.0)
