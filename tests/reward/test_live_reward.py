"""A reward step by step is that of the whole episode, and knows nothing of what comes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatialvlm.errors import UserError
from spatialvlm.reward import (
    UNSEEN_M,
    DistanceReading,
    FrameDistances,
    LiveReward,
    MeasuredPlace,
    SuccessRule,
    curve_of,
    follow,
    goals_of,
)
from spatialvlm.reward.distance_sources import seen_together

GOALS = goals_of("put the can into the box")
readings = st.floats(0.01, 1.0)
seen = st.tuples(readings, readings).map(
    lambda row: FrameDistances(tuple(DistanceReading(one, 0.02, 0.01) for one in row))
)
episodes = st.tuples(seen, st.lists(st.one_of(st.none(), seen), max_size=12)).map(lambda both: [both[0], *both[1]])


@given(episodes, st.sampled_from(["shaped", "distance", "tanh"]), st.floats(0.5, 1.0))
def test_it_is_what_the_whole_episode_gives(found, shaping, gamma):
    """A step's reward of `shaped` is for the way to its frame, so it comes one frame later."""
    times, rule = [0.1 * index for index in range(len(found))], SuccessRule(0.3, 2)
    settings = {"shaping": shaping, "gamma": gamma, "rule": rule}
    whole = curve_of("t", GOALS, "geometry", times, follow(GOALS, times, {"geometry": found}), **settings)
    live = LiveReward(GOALS, **settings)
    points = [live.step(0.1, {"geometry": one}) for one in found]
    for point, known in zip(points, whole.points, strict=True):
        assert point.time_s == pytest.approx(known.time_s)
        assert (point.distance_m, point.potential) == pytest.approx((known.distance_m, known.potential))
        assert (point.success, point.is_inference_frame, point.stage) == (
            *(known.success, known.is_inference_frame, known.stage),
        )
    later = [point.reward for point in points[1:]]
    assert later == pytest.approx(
        [known.reward for known in (whole.points[:-1] if shaping == "shaped" else whole.points[1:])]
    )


def test_what_was_never_seen_is_worth_nothing_and_never_done():
    live = LiveReward(goals_of("reach the can"), rule=SuccessRule(2 * UNSEEN_M, 1))
    unseen = [live.step(0.1, {}) for _ in range(3)]
    assert [(p.reward, p.potential, p.success, p.sigma_m) for p in unseen] == [(0.0, -1.0, False, math.inf)] * 3
    first = live.step(0.1, {"geometry": FrameDistances((DistanceReading(3.0, 0.01),))})
    assert (first.reward, first.potential) == (0.0, -1.0)


def test_settings_are_checked():
    with pytest.raises(UserError, match="gamma 0"):
        LiveReward(GOALS, gamma=0.0)
    with pytest.raises(UserError, match="shaping 'sparse'"):
        LiveReward(GOALS, shaping="sparse")  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"step of -0.1 s"):
        LiveReward(GOALS).step(-0.1, {})


def view(at, sigma, reading=None, posed=True):
    place = MeasuredPlace(at, (sigma, sigma, sigma))
    return FrameDistances((DistanceReading(reading, sigma, why="hidden"),), {"can": place}, ("can",), posed)


def test_two_views_tell_more_than_one_and_are_never_surer_than_the_better():
    one, other = view((0.0, 0.0, 0.0), 0.01), view((0.1, 0.0, 0.0), 0.02, 0.5)
    both = seen_together([one, other])
    assert both.places["can"].at == pytest.approx((0.02, 0.0, 0.0))
    assert both.places["can"].sigma == (0.01, 0.01, 0.01)
    assert both.readings[0].distance_m == 0.5
    assert seen_together([one]) == one
    blind = FrameDistances((DistanceReading(None, why="the can: not in view"),), {}, (), True)
    assert seen_together([blind, one]).places == one.places
    with pytest.raises(UserError, match="pose of each camera"):
        seen_together([one, view((0.0, 0.0, 0.0), 0.01, posed=False)])
