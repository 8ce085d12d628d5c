"""How far each place of a frame is from where something has to go, as colours over the picture (the paper's figure 6).

A lifted frame with depth and the thing of a goal enter, metres for each pixel and a picture as SVG leave.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from spatialvlm.errors import UserError
from spatialvlm.geometry import decode_mask
from spatialvlm.page import Axis, Markup, element, linear
from spatialvlm.records import Frame, Object, Rle, Scene
from spatialvlm.reward.reward_curve import RewardCurve
from spatialvlm.reward.scene_distances import find_thing
from spatialvlm.reward.task_goals import Goal

WIDE_PX, HEAD_PX, BAR_PX, SIDE_PX, FOOT_PX, LEFT_PX = 640, 50, 16, 128, 14, 14
DARKEST, BARS, MOST_DOTS = 0.45, 64, 24
"""What black leaves of the colour, of which white leaves all; steps of the legend; dots of a way."""
STYLE = """
svg { background: #fff; font: 13px system-ui, sans-serif; fill: #1c2330; }
.head { font-size: 15px; font-weight: 600; } .small { fill: #5b6675; font-size: 12px; }
.tick { stroke: #5b6675; } .box { fill: none; stroke: #fff; stroke-width: 1.6; }
.rim { fill: none; stroke: #10121a; stroke-width: 3.4; }
.name { font-size: 13px; font-weight: 600; fill: #fff; stroke: #10121a; stroke-width: 3.5; paint-order: stroke; }
.way { fill: none; stroke: #10121a; stroke-width: 1.2; stroke-dasharray: 3 3; }
.step { stroke: #10121a; stroke-width: 1; }
"""


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Distances (h, w) in metres from each place in a picture to the middle of a thing, NaN where no depth is known.

    `things` are the outlines (h, w) of what the goal names and this frame shows, by their names. `start_m` is the
    distance at which the potential is -1.
    """

    goal: Goal
    image: UInt8[np.ndarray, "h w 3"]
    distances_m: Float32[np.ndarray, "h w"]
    things: dict[str, Bool[np.ndarray, "h w"]]
    start_m: float


@dataclass(frozen=True, slots=True)
class HeatStep:
    """Where what is moved was in the picture, in pixels, and how far that was, in metres."""

    x: float
    y: float
    distance_m: float


def heat_map(frame: Frame, scene: Scene, goal: Goal, start_m: float) -> HeatMap:
    """Measure the distance of every pixel's place to the middle of the goal's second thing.

    `frame` is the one that `scene` was lifted from, with its depth. Raises UserError where the thing is not in view,
    and without depth in metres.
    """
    target = find_thing(scene, goal.b)
    if not isinstance(target, Object):
        raise UserError(
            f"heat map of frame {frame.id!r}: {goal.b}: {target}; choose another frame, as in --heat-map 10"
        )
    if frame.depth_m is None or scene.scale != "metric":
        raise UserError(f"heat map of frame {frame.id!r}: has no depth in metres; give RGB-D frames, or name a recipe")
    at = np.linalg.inv(scene.world_from_camera) @ np.append((target.box.low_in_world + target.box.high_in_world) / 2, 1)
    places = _places(frame.depth_m * _factor(scene, target, frame.depth_m), scene.camera.image_from_camera)
    distances = np.linalg.norm(places - at[:3], axis=2).astype(np.float32)
    found = {name: find_thing(scene, name) for name in (goal.b, goal.a)}
    things = {name: _mask(one) for name, one in found.items() if isinstance(one, Object)}
    return HeatMap(goal, frame.image, distances, things, start_m)


def _places(depth_m: Float32[np.ndarray, "h w"], matrix: Float64[np.ndarray, "3 3"]) -> Float64[np.ndarray, "h w 3"]:
    """Return the place of every pixel in the camera."""
    rows, columns = np.indices(depth_m.shape) + 0.5
    rays = np.stack([columns, rows, np.ones_like(rows)], axis=2) @ np.linalg.inv(matrix).T
    return rays * depth_m[..., None]


def _factor(scene: Scene, thing: Object, depth_m: Float32[np.ndarray, "h w"]) -> float:
    """Return by how much a known length stretched the scene, seen at one thing; 1 where none did."""
    if not scene.scale_provenance.startswith("anchor: "):
        return 1.0
    camera_from_world = np.linalg.inv(scene.world_from_camera)
    deep = thing.points_in_world @ camera_from_world[2, :3] + camera_from_world[2, 3]
    return float(np.median(deep) / np.nanmedian(depth_m[_mask(thing)]))


def _mask(thing: Object) -> Bool[np.ndarray, "h w"]:
    mask = thing.instance.mask
    return decode_mask(mask) if isinstance(mask, Rle) else mask


def way_of(curve: RewardCurve, lines: Sequence[Mapping[str, Any]], stage: int) -> list[HeatStep]:
    """List where the moved thing was in the frames that measured it, while a stage was open, by the lines of a log."""
    name, steps = curve.goals[stage - 1].a, []
    for line, point in zip(lines, curve.points):
        box = line["found"].get("geometry", {}).get("boxes", {}).get(name)
        if box is not None and point.stage == stage and point.is_inference_frame:
            steps.append(HeatStep((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, point.distance_m))
    return steps


def draw_heat_map(told: HeatMap, way: Sequence[HeatStep] = ()) -> Markup:
    """Draw the picture with its legend in metres and potential; `way` are places where the moved thing was."""
    height, width = told.image.shape[:2]
    scale = WIDE_PX / width
    tall = round(height * scale)
    axis = _axis(told, way)
    named = sorted(told.things, key=[told.goal.b, told.goal.a].index)
    boxes = {name: _box(told.things[name], scale) for name in named}
    head = f"How far each place is from the {told.goal.b}"
    small = f"potential 0 where the {told.goal.a} is there, -1 at {told.start_m:.2f} m"
    small += f" · dots: where the {told.goal.a} went" if len(way) > 1 else ""
    small += "" if np.isfinite(told.distances_m).all() else " · grey: depth unknown"
    total = LEFT_PX + WIDE_PX + SIDE_PX, HEAD_PX + tall + FOOT_PX
    picture = base64.b64encode(_encoded(_coloured(told, axis, (WIDE_PX, tall)))).decode()
    return element(
        "svg",
        element("style", Markup(STYLE)),
        element("text", head, css="head", x=LEFT_PX, y=22),
        element("text", small, css="small", x=LEFT_PX, y=40),
        element("image", href=f"data:image/jpeg;base64,{picture}", x=LEFT_PX, y=HEAD_PX, width=WIDE_PX, height=tall),
        element(
            "svg",
            *_things(boxes, told.goal.b, tall),
            *_way(way, axis, scale),
            x=LEFT_PX,
            y=HEAD_PX,
            width=WIDE_PX,
            height=tall,
        ),
        *_legend(told, axis, tall),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {total[0]} {total[1]}",
        width=total[0],
        height=total[1],
    )


def _axis(told: HeatMap, way: Sequence[HeatStep]) -> Axis:
    """Reach from 0 to what nearly all of the picture, and all of the way, is within."""
    known = told.distances_m[np.isfinite(told.distances_m)]
    far = float(np.quantile(known, 0.95)) if known.size else told.start_m
    far = max([min(far, 3 * told.start_m), told.start_m, *(one.distance_m for one in way)])
    return linear(0.0, far, _metres, steps=6)


def _metres(value: float) -> str:
    return f"{value:.3g} m"


def _shade(values: np.ndarray, axis: Axis) -> UInt8[np.ndarray, "_ _ 3"]:
    """Colour distances: yellow near, dark violet far."""
    shares = 1 - np.clip((values - axis.low) / (axis.high - axis.low), 0, 1)
    bytes_ = np.rint(255 * np.nan_to_num(shares)).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(np.atleast_2d(bytes_), cv2.COLORMAP_PLASMA), cv2.COLOR_BGR2RGB)


def _coloured(told: HeatMap, axis: Axis, size: tuple[int, int]) -> UInt8[np.ndarray, "_ _ 3"]:
    """Lay the colours over the picture, as dark as it is there, with a line at every tick of the legend."""
    large = cv2.resize(told.image, size, interpolation=cv2.INTER_CUBIC)
    grey = cv2.cvtColor(cv2.cvtColor(large, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB).astype(np.float64)
    light = grey / max(float(np.quantile(grey, 0.95)), 1.0)
    distances = cv2.resize(told.distances_m, size, interpolation=cv2.INTER_LINEAR)
    known = np.isfinite(distances)
    mixed = _shade(distances, axis) * (DARKEST + (1 - DARKEST) * np.minimum(light, 1.0))
    picture = np.where(known[..., None], np.rint(mixed), grey).astype(np.uint8)
    lined = picture.copy()
    for level, _ in axis.ticks:
        inside = (np.nan_to_num(distances, nan=np.inf) < level).astype(np.uint8)
        outlines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.polylines(lined, [one for one in outlines if len(one) > 40], True, (255, 255, 255), 1, cv2.LINE_AA)
    return cv2.addWeighted(lined, 0.55, picture, 0.45, 0.0)


def _encoded(picture: UInt8[np.ndarray, "_ _ 3"]) -> bytes:
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])
    return data.tobytes()


def _box(mask: Bool[np.ndarray, "h w"], scale: float) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = scale * float(columns[0]), scale * float(rows[0])
    return left, top, scale * float(columns[-1] + 1) - left, scale * float(rows[-1] + 1) - top


def _things(boxes: dict[str, tuple[float, float, float, float]], target: str, tall: int) -> list[Markup]:
    """Frame the things, and write their names: that of the target away from where the other one comes from."""
    parts: list[Markup] = []
    for name, (left, top, width, height) in boxes.items():
        for css in ("rim", "box"):
            parts.append(element("rect", css=css, x=left, y=top, width=width, height=height, rx=2))
        others = [box[1] for other, box in boxes.items() if other != name]
        below = top < 24 or (name == target and all(other <= top for other in others) and top + height < tall - 24)
        half = 4.2 * len(name)
        x = min(max(left + width / 2, half), WIDE_PX - half)
        y = top + height + 18 if below else top - 7
        parts.append(element("text", name, css="name", x=x, y=y, text_anchor="middle"))
    return parts


def _way(way: Sequence[HeatStep], axis: Axis, scale: float) -> list[Markup]:
    if len(way) < 2:
        return []
    line = " L".join(f"{scale * one.x:.1f},{scale * one.y:.1f}" for one in way)
    parts = [element("path", css="way", d=f"M{line}")]
    for one in way[:: -(-len(way) // MOST_DOTS)]:
        red, green, blue = _shade(np.array([one.distance_m]), axis)[0, 0].tolist()
        hint = element("title", _metres(one.distance_m))
        fill = f"#{red:02x}{green:02x}{blue:02x}"
        parts.append(element("circle", hint, css="step", cx=scale * one.x, cy=scale * one.y, r=4.5, fill=fill))
    return parts


def _legend(told: HeatMap, axis: Axis, tall: int) -> list[Markup]:
    """Draw the colours with metres on their left and the potential on their right."""
    x, low, high = LEFT_PX + WIDE_PX + 66, HEAD_PX + 20, HEAD_PX + tall - 6
    step = (high - low) / BARS
    further = float(np.nanmax(told.distances_m, initial=0.0)) > axis.high
    parts = [
        element("text", "distance", css="small", x=x - 6, y=HEAD_PX + 8, text_anchor="end"),
        element("text", "potential", css="small", x=x + 2, y=HEAD_PX + 8),
    ]
    for index in range(BARS):
        value = axis.low + (axis.high - axis.low) * (index + 0.5) / BARS
        red, green, blue = _shade(np.array([value]), axis)[0, 0].tolist()
        fill = f"#{red:02x}{green:02x}{blue:02x}"
        parts.append(element("rect", x=x, y=low + index * step, width=BAR_PX, height=step + 0.6, fill=fill))
    for value, says in axis.ticks:
        y = low + (high - low) * axis.place(value)
        parts.append(element("line", css="tick", x1=x - 4, x2=x + BAR_PX + 4, y1=y, y2=y))
        says = f"≥ {says}" if further and value == axis.high else says
        parts.append(element("text", says, x=x - 8, y=y + 4.5, text_anchor="end"))
        potential = f"{-value / told.start_m:.2g}" if value else "0"
        parts.append(element("text", potential, x=x + BAR_PX + 8, y=y + 4.5))
    return parts
