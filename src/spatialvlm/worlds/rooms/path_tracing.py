"""What Mitsuba computes of a room: a scene and a View enter, linear light per pixel leaves."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from spatialvlm.worlds.rooms.cameras import sensor_of
from spatialvlm.worlds.rooms.denoising import Cells, Picture
from spatialvlm.worlds.rooms.mitsuba_variant import load_mitsuba
from spatialvlm.worlds.rooms.room import View

RAYS = 4
"""A pass sends so many rays through each pixel, one through each quarter."""
LIGHTS = 4
"""Each ray's surface is lit by at most so many points on lights."""
PATHS = 64
"""A pass follows at most so many paths through each cell."""
CELL_PX = 4
"""Light that comes from other surfaces is computed for cells of so many pixels."""
BOUNCES = 4


def direct_light(scene: Any, view: View, size: tuple[int, int], spp: int, seed: int) -> Picture:
    """Trace what comes from the lights straight to the surface and from there to the camera, and the lights themselves.

    At least `spp` points on lights count for each pixel.
    """
    passes = -(-spp // (RAYS * LIGHTS))
    lights = -(-spp // (RAYS * passes))
    integrator = {"type": "direct", "emitter_samples": lights, "bsdf_samples": 0}
    sensor = sensor_of(view, size, {"type": "stratified", "sample_count": RAYS})
    return _mean(scene, sensor, integrator, [RAYS] * passes, seed)


def all_light(scene: Any, view: View, size: tuple[int, int], spp: int, seed: int) -> Cells:
    """Trace all light, by a quarter as many paths as `spp` for each cell of CELL_PX pixels.

    The cells are centred on the picture; the last ones may reach beyond it.
    """
    cells = -(-size[0] // CELL_PX), -(-size[1] // CELL_PX)
    widened = math.tan(view.horizontal_fov_rad / 2) * cells[0] * CELL_PX / size[0]
    view = replace(view, horizontal_fov_rad=2 * math.atan(widened))
    paths = -(-spp // 4)
    full, rest = divmod(paths, PATHS)
    sensor = sensor_of(view, cells, {"type": "independent", "sample_count": min(paths, PATHS)})
    integrator = {"type": "path", "max_depth": BOUNCES, "rr_depth": BOUNCES}
    return _mean(scene, sensor, integrator, [PATHS] * full + [rest] * (rest > 0), seed)


def _mean(scene: Any, sensor: Any, integrator: dict[str, Any], passes: list[int], seed: int) -> Picture:
    """Take the mean of several passes of so many samples each: all at once would take too much memory in LLVM."""
    mitsuba, _ = load_mitsuba()
    method = mitsuba.load_dict(integrator)
    width, height = (int(length) for length in sensor.film().size())
    total = np.zeros((height, width, 3), dtype=np.float32)
    for place, samples in enumerate(passes):
        drawn = mitsuba.render(scene, sensor=sensor, integrator=method, spp=samples, seed=(seed + place) % 2**31)
        total += samples * np.array(drawn, dtype=np.float32)
    return total / np.float32(sum(passes))
