"""A RewardCurve -> a picture as SVG: distance with its 1-sigma band over the frames, the reward below it."""

from collections.abc import Sequence

from spatialvlm.page import WIDE, Axis, Curve, Dots, Markup, element, linear, plot
from spatialvlm.reward.reward_curve import RewardCurve, RewardPoint

HEIGHT, HEAD, APART = 290, 44, 10
STYLE = """
svg { background: #fff; font: 12px system-ui, sans-serif; fill: #1c2330; }
.grid { stroke: #e4e8ee; } .axis { stroke: #98a2b3; } .tick { fill: #5b6675; font-size: 12px; }
.head { font-size: 15px; font-weight: 600; } .small { fill: #5b6675; }
.spread { fill: #2563eb; fill-opacity: .16; stroke: none; } .distance { fill: none; stroke: #2563eb; stroke-width: 2; }
.reward { fill: none; stroke: #c2410c; stroke-width: 2; } .limit { fill: none; stroke: #15803d; stroke-dasharray: 5 4; }
.dots.held circle { fill: #fff; stroke: #2563eb; } .dots.done circle { fill: #15803d; }
"""


def draw_curve(curve: RewardCurve) -> Markup:
    """Draw an episode; hollow dots are frames in which nothing was measured, green ones those where it is done."""
    points = curve.points
    across = linear(0, max(points[-1].index, 1), lambda value: f"{value:g}", steps=10, finest=1.0, label="frame")
    ended = "done" if curve.succeeded else "not done"
    said = f"{', then '.join(map(str, curve.goals))} · {curve.source} · {len(points)} frames · {ended} at the end"
    height = HEAD + 2 * HEIGHT + APART
    return element(
        "svg",
        element("style", Markup(STYLE)),
        element("text", curve.task, css="head", x=14, y=20),
        element("text", said, css="small", x=14, y=38),
        _placed(_distances(points, across, curve.threshold_m), HEAD),
        _placed(_rewards(points, across, curve.shaping), HEAD + HEIGHT + APART),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDE} {height}",
        width=WIDE,
        height=height,
    )


def _placed(chart: Markup, y: float) -> Markup:
    return element("svg", chart, x=0, y=y, width=WIDE, height=HEIGHT)


def _distances(points: Sequence[RewardPoint], across: Axis, threshold_m: float) -> Markup:
    upper = [(float(one.index), one.distance_m + one.sigma_m) for one in points]
    lower = [(float(one.index), max(one.distance_m - one.sigma_m, 0.0)) for one in points]
    most = max([*(value for _, value in upper), threshold_m])
    up = linear(0.0, most, lambda value: f"{value:g} m", steps=5, label="distance, 1 sigma")
    held = [(float(one.index), one.distance_m) for one in points if not one.is_inference_frame]
    done = [(float(one.index), one.distance_m) for one in points if one.success]
    layers = [
        Curve([*upper, *reversed(lower)], "spread"),
        Curve([(across.low, threshold_m), (across.high, threshold_m)], "limit"),
        Curve([(float(one.index), one.distance_m) for one in points], "distance"),
        Dots(held, "held"),
        Dots(done, "done"),
    ]
    return plot(across, up, layers, width=WIDE, height=HEIGHT)


def _rewards(points: Sequence[RewardPoint], across: Axis, shaping: str) -> Markup:
    values = [one.reward for one in points]
    low, high = min([*values, 0.0]), max([*values, 0.0])
    up = linear(
        low, high if high > low else low + 1.0, lambda value: f"{value:.3g}", steps=5, label=f"reward, {shaping}"
    )
    curve = Curve([(float(one.index), one.reward) for one in points], "reward")
    return plot(across, up, [curve], width=WIDE, height=HEIGHT)
