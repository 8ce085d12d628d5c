"""Random scenes of solids that stand on a floor or a table, as somebody would lay them out for a picture.

A Generator enters, a SceneDescription leaves. Bodies don't touch, and each is seen: nothing is wholly hidden, though
some are cut by the image border or by something nearer.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from spatialvlm.worlds.solids.primitives import Cuboid, Cylinder, HalfSpace, Solid, Sphere, levels
from spatialvlm.worlds.solids.scene import Body, SceneDescription, ray_cast, table

COLOURS = {
    "red": (203, 68, 62),
    "orange": (232, 138, 62),
    "yellow": (240, 198, 82),
    "green": (96, 158, 98),
    "light green": (164, 200, 128),
    "blue": (62, 108, 178),
    "light blue": (134, 184, 216),
    "purple": (128, 96, 164),
    "pink": (232, 148, 160),
    "teal": (52, 142, 142),
    "white": (238, 235, 228),
    "black": (52, 53, 58),
}
TABLES = {"wooden": (186, 134, 88), "dark wooden": (122, 82, 56), "white": (232, 229, 222)}
_WOODS = ((196, 160, 120), (172, 132, 94), (212, 184, 150))
_TILES = ((214, 208, 198), (190, 198, 200), (222, 204, 188))
_PLAIN = ((208, 202, 194), (184, 194, 200), (222, 206, 190), (190, 198, 184))
FLOORS = (_WOODS, _WOODS, _TILES, _PLAIN, _PLAIN)
WALLS = ((230, 226, 216), (206, 218, 222), (226, 212, 200), (208, 216, 200), (214, 210, 222))

MIN_VISIBLE_PX = 60
MIN_VISIBLE_PART = 0.3  # of what would be seen of a body if it stood there alone
MIN_BODIES = 3
TWINS = 0.25  # how often a body may be called just as another in its scene, for the tests of ambiguity


@dataclass(frozen=True, slots=True)
class _Spot:
    """A body with the upright cylinder that it keeps others out of."""

    body: Body
    x: float
    y: float
    radius: float
    bottom: float
    top: float

    def is_clear_of(self, other: "_Spot") -> bool:
        if self.bottom >= other.top or other.bottom >= self.top:
            return True
        return math.hypot(self.x - other.x, self.y - other.y) > self.radius + other.radius + 0.015


def random_scene(rng: Generator, *, width: int = 640, height: int = 480) -> SceneDescription:
    """Draw a scene of 3 to 12 bodies, each visible; a table is one of them in about a third of the scenes."""
    while True:
        camera = _random_camera(rng, width, height)
        wanted = int(rng.integers(5, 13))
        spots = _furnish(rng, camera) if rng.random() < 0.65 else []
        for _ in range(12 * wanted):
            if len(spots) >= wanted:
                break
            spot = _try_on_floor(rng, camera, [other.body for other in spots])
            if spot is not None and all(spot.is_clear_of(other) for other in spots):
                spots.append(spot)
        walls = _random_walls(rng, spots) if spots else ()
        order = rng.permutation(len(spots))
        scene = replace(camera, bodies=tuple(spots[place].body for place in order), walls=walls)
        scene = replace(scene, bodies=_visible(scene))
        if len(scene.bodies) >= MIN_BODIES and _stands_on_something(scene):
            return scene


def _random_camera(rng: Generator, width: int, height: int) -> SceneDescription:
    floors = FLOORS[rng.integers(len(FLOORS))]
    # From a side and a little from behind the camera, so that the sides of a box differ.
    angle, elevation = rng.uniform(-0.9, 0.1), math.radians(rng.uniform(40, 58))
    angle = angle if rng.random() < 0.5 else -math.pi - angle
    light = (math.cos(angle) * math.cos(elevation), math.sin(angle) * math.cos(elevation), math.sin(elevation))
    camera = SceneDescription(
        camera_height_m=float(rng.uniform(0.5, 2.5)),
        pitch_rad=math.radians(rng.uniform(5, 60)),
        roll_rad=math.radians(rng.uniform(-15, 15)),
        horizontal_fov_rad=math.radians(rng.uniform(45, 75)),
        width=width,
        height=height,
        floor_rgb=floors[rng.integers(len(floors))],
        wall_rgb=WALLS[rng.integers(len(WALLS))],
        towards_light_in_world=light,
    )
    rng.integers(1 << 31)  # nothing uses it any more, but without it every scene would be another
    return camera


def _aim(rng: Generator, camera: SceneDescription, level_m: float, spread: float) -> tuple[float, float, float] | None:
    """Draw a place at a height, as seen in the image, and the width of the image there; None where it is the sky."""
    one, other = rng.random((2, 2))
    u, v = (0.5 - spread / 2 + spread * (one if rng.random() < 0.4 else (one + other) / 2)).tolist()
    matrix, pose = camera.image_from_camera, camera.world_from_camera
    ray = np.array([(u - 0.5) * camera.width, (v - 0.5) * camera.height, matrix[0, 0]]) / matrix[0, 0]
    direction = pose[:3, :3] @ ray
    if direction[2] > -0.05:
        return None
    depth_m = (level_m - camera.camera_height_m) / float(direction[2])
    x, y = (depth_m * direction[:2]).tolist()
    return (x, y, depth_m * camera.width / float(matrix[0, 0])) if 0.3 < depth_m < 7.0 else None


def _try_on_floor(rng: Generator, camera: SceneDescription, others: list[Body]) -> _Spot | None:
    """Try a body of a size that suits the picture somewhere on the floor in view."""
    place = _aim(rng, camera, 0.0, 1.04)
    if place is None:
        return None
    x, y, view_width = place
    size = min(max(view_width * math.exp(rng.uniform(math.log(0.09), math.log(0.27))), 0.08), 1.0)
    spot = _random_body(rng, (x, y, 0.0), size, others)
    clear_of_camera = math.hypot(x, y) > spot.radius + 0.1 or spot.top < camera.camera_height_m - 0.2
    return spot if clear_of_camera else None


def _furnish(rng: Generator, camera: SceneDescription) -> list[_Spot]:
    """Draw a table with one to four bodies on it, or nothing where there is no room for it."""
    height = min(max(camera.camera_height_m * rng.uniform(0.3, 0.5), 0.15), 0.75)
    place = _aim(rng, camera, height, 0.5)
    if place is None:
        return []
    x, y, view_width = place
    width = min(height * rng.uniform(1.2, 1.9), view_width * rng.uniform(0.45, 0.7), 1.0)
    length, yaw = width * rng.uniform(0.6, 0.9), rng.uniform(-0.6, 0.6)
    if width < max(0.6 * height, 0.3 * view_width) or math.hypot(x, y) < math.hypot(width, length) / 2 + 0.15:
        return []
    name = list(TABLES)[rng.integers(len(TABLES))]
    solids = table((x, y), (width, length, height), yaw, thickness_m=max(0.012, 0.05 * width))
    named = Body(solids, (f"{name} table", "table"), TABLES[name])
    spots = [_Spot(named, x, y, math.hypot(width, length) / 2, 0.0, height)]
    for _ in range(12 * int(rng.integers(1, 5))):
        on_table = _try_on_table(rng, (x, y, height), (width, length, yaw), [spot.body for spot in spots])
        if len(spots) < 5 and all(on_table.is_clear_of(other) for other in spots):
            spots.append(on_table)
    return spots


def _try_on_table(
    rng: Generator, centre: tuple[float, float, float], top: tuple[float, float, float], others: list[Body]
) -> _Spot:
    """Try a body somewhere on a table top of this width, length and yaw; none of it hangs over the edge."""
    width, length, yaw = top
    size = length * rng.uniform(0.2, 0.5)
    across, along = ((rng.random(2) - 0.5) * (np.array([width, length]) - 1.25 * size)).tolist()
    x = centre[0] + math.cos(yaw) * across - math.sin(yaw) * along
    y = centre[1] + math.sin(yaw) * across + math.cos(yaw) * along
    return _random_body(rng, (x, y, centre[2]), max(size, 0.05), others)


def _random_body(rng: Generator, foot: tuple[float, float, float], size: float, others: list[Body]) -> _Spot:
    """Draw a box, cylinder or ball that stands on `foot` and whose longest edge or diameter is `size`."""
    x, y, bottom = foot
    solid, words, radius, height = _random_solid(rng, foot, size)
    taken = {other.captions[0] for other in others}
    names = list(COLOURS)
    while True:
        name = names[rng.integers(len(names))]
        captions = tuple(dict.fromkeys(" ".join(filter(None, (adjective, name, noun))) for adjective, noun in words))
        if captions[0] not in taken or rng.random() < TWINS:
            break
    captions = (*captions, words[-1][1])
    return _Spot(Body((solid,), captions, COLOURS[name]), x, y, radius, bottom, bottom + height)


def _random_solid(
    rng: Generator, foot: tuple[float, float, float], size: float
) -> tuple[Solid, tuple[tuple[str, str], ...], float, float]:
    """Draw a solid, (adjective, noun) pairs that name it from telling to plain, its footprint's radius and height."""
    x, y, bottom = foot
    form = ("cube", "tall box", "flat box", "long box", "cylinder", "tall cylinder", "disc", "ball", "ball")[
        rng.integers(9)
    ]
    if form == "ball":
        radius = size * rng.uniform(0.3, 0.5)
        return Sphere((x, y, bottom + radius), radius), (("", "ball"),), radius, 2 * radius
    if form in ("cylinder", "tall cylinder", "disc"):
        height, radius = {
            "cylinder": (size * rng.uniform(0.8, 1.0), size * rng.uniform(0.28, 0.42)),
            "tall cylinder": (size, size * rng.uniform(0.12, 0.2)),
            "disc": (size * rng.uniform(0.12, 0.22), size * 0.5),
        }[form]
        words = {"cylinder": (("", "cylinder"),), "disc": (("flat", "disc"), ("", "disc"))}
        plain = (("tall", "cylinder"), ("", "cylinder"))
        return Cylinder((x, y, bottom + height / 2), radius, height), words.get(form, plain), radius, height
    wide, long, high = {
        "cube": (0.75, 0.75, 0.75),
        "tall box": (rng.uniform(0.35, 0.5), rng.uniform(0.35, 0.5), 1.0),
        "flat box": (rng.uniform(0.7, 0.9), rng.uniform(0.5, 0.8), rng.uniform(0.15, 0.28)),
        "long box": (0.95, rng.uniform(0.28, 0.4), rng.uniform(0.28, 0.4)),
    }[form]
    edges = (size * wide, size * long, size * high)
    solid = Cuboid((x, y, bottom + edges[2] / 2), edges, float(rng.uniform(-math.pi / 2, math.pi / 2)))
    noun = "cube" if form == "cube" else "box"
    words = (("", "cube"),) if form == "cube" else ((form.split()[0], noun), ("", noun))
    return solid, words, math.hypot(edges[0], edges[1]) / 2, edges[2]


def _random_walls(rng: Generator, spots: list[_Spot]) -> tuple[HalfSpace, ...]:
    """Draw no wall, one behind everything, or that and one at a side, square to each other."""
    kind = rng.random()
    if kind < 0.25:
        return ()
    turn = rng.uniform(-0.35, 0.35)
    normals = [(math.sin(turn), -math.cos(turn), 0.0)]
    if kind > 0.55:
        side = 1.0 if rng.random() < 0.5 else -1.0
        normals.append((side * math.cos(turn), side * math.sin(turn), 0.0))
    room = rng.uniform(0.05, 0.8)
    walls = []
    for normal in normals:
        reach = min(min(normal[0] * spot.x + normal[1] * spot.y - spot.radius for spot in spots), -0.4)
        walls.append(HalfSpace(normal, reach - room))
    return tuple(walls)


def _visible(scene: SceneDescription) -> tuple[Body, ...]:
    """Keep the bodies of which enough is seen, by pixels and by part. Those left only show more of themselves."""
    step = max(1, min(scene.width // 320, scene.height // 240))
    small = replace(scene, width=scene.width // step, height=scene.height // step)
    index = ray_cast(small).index
    enough_px = 1.5 * MIN_VISIBLE_PX / step**2
    kept = []
    for place, body in enumerate(scene.bodies):
        seen = int(np.count_nonzero(index == place))
        if seen < enough_px:
            continue
        alone = int(np.count_nonzero(ray_cast(replace(small, bodies=(body,), floor=False, walls=())).index == 0))
        if seen >= MIN_VISIBLE_PART * alone:
            kept.append(body)
    return tuple(kept)


def _stands_on_something(scene: SceneDescription) -> bool:
    """Say whether nothing floats because the table under it was not visible enough to be kept."""
    lowest = [min(levels(part)[0] for part in body.parts) for body in scene.bodies]
    return all(low < 1e-9 for low in lowest) or any("table" in body.captions for body in scene.bodies)
