"""A RewardCurve -> a picture as SVG: distance with its 1-sigma band over the frames, the reward below it."""

from itertools import groupby

from spatialvlm.page import WIDE, Axis, Curve, Dots, Label, Layer, Markup, element, linear, plot
from spatialvlm.reward.reward_curve import RewardCurve, RewardPoint

HEIGHT, HEAD, APART = 290, 44, 10
STYLE = """
svg { background: #fff; font: 12px system-ui, sans-serif; fill: #1c2330; }
.grid { stroke: #e4e8ee; } .axis { stroke: #98a2b3; } .tick { fill: #5b6675; font-size: 12px; }
.head { font-size: 15px; font-weight: 600; } .small { fill: #5b6675; }
.spread { fill: #2563eb; fill-opacity: .16; stroke: none; } .distance { fill: none; stroke: #2563eb; stroke-width: 2; }
.reward { fill: none; stroke: #c2410c; stroke-width: 2; } .limit { fill: none; stroke: #15803d; stroke-dasharray: 5 4; }
.done { fill: #15803d; } .stage { fill: #2563eb; }
.dots.held circle { fill: #fff; stroke: #2563eb; } .dots.done circle { fill: #15803d; }
"""


def draw_curve(curve: RewardCurve) -> Markup:
    """Draw an episode; hollow dots are frames in which nothing was measured, green ones those where it is done."""
    points = curve.points
    across = linear(0, max(points[-1].index, 1), _plain, steps=10, finest=1.0, label="frame")
    ended = "done" if curve.succeeded else "not done"
    said = f"{', then '.join(map(str, curve.goals))} · {curve.source} · {len(points)} frames · {ended} at the end"
    height = HEAD + 2 * HEIGHT + APART
    far, worth = _distances(curve), _rewards(curve)
    gained = Curve([(float(one.index), one.reward) for one in points], "reward")
    upper = plot(across, far, _layers(curve, across), width=WIDE, height=HEIGHT, like=[worth])
    lower = plot(across, worth, [gained], width=WIDE, height=HEIGHT, like=[far])
    return element(
        "svg",
        element("style", Markup(STYLE)),
        element("text", curve.task, css="head", x=14, y=20),
        element("text", said, css="small", x=14, y=38),
        _placed(upper, HEAD),
        _placed(lower, HEAD + HEIGHT + APART),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDE} {height}",
        width=WIDE,
        height=height,
    )


def _placed(chart: Markup, y: float) -> Markup:
    return element("svg", chart, x=0, y=y, width=WIDE, height=HEIGHT)


def _distances(curve: RewardCurve) -> Axis:
    most = max([*(one.distance_m + one.sigma_m for one in curve.points), curve.threshold_m])
    return linear(0.0, most, _metres, steps=5, label="distance, 1 sigma")


def _metres(value: float) -> str:
    return f"{value:g} m"


def _plain(value: float) -> str:
    return f"{value:.3g}"


def _layers(curve: RewardCurve, across: Axis) -> list[Layer]:
    """Draw each stage by itself: what its distance begins with is no jump of the one before."""
    points, limit = curve.points, curve.threshold_m
    stages = [list(run) for _, run in groupby(points, _stage)]
    layers: list[Layer] = []
    for run in stages:
        upper = [(float(one.index), one.distance_m + one.sigma_m) for one in run]
        lower = [(float(one.index), max(one.distance_m - one.sigma_m, 0.0)) for one in run]
        layers.append(Curve([*upper, *reversed(lower)], "spread"))
    layers.append(Curve([(across.low, limit), (across.high, limit)], "limit"))
    layers += [Curve([(float(one.index), one.distance_m) for one in run], "distance") for run in stages]
    layers.append(Dots([_at(one) for one in points if not one.is_inference_frame], "held"))
    layers.append(Dots([_at(one) for one in points if one.success], "done"))
    named = f"done within {limit:g} m for {curve.hold} frames"
    layers.append(Label((across.low, limit), named, "tick done"))
    for number, goal in enumerate(curve.goals, 1) if len(curve.goals) > 1 else ():
        run = next((run for run in stages if run[0].stage == number), None)
        if run is not None:
            at = run[len(run) // 4]
            layers.append(Label((float(at.index), at.distance_m + at.sigma_m), str(goal), "tick stage"))
    return layers


def _stage(point: RewardPoint) -> int:
    return point.stage


def _at(point: RewardPoint) -> tuple[float, float]:
    return float(point.index), point.distance_m


def _rewards(curve: RewardCurve) -> Axis:
    values = [one.reward for one in curve.points]
    low, high = min([*values, 0.0]), max([*values, 0.0])
    return linear(low, high if high > low else low + 1.0, _plain, steps=5, label=f"reward, {curve.shaping}")
