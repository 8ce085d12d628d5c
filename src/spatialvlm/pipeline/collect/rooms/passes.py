"""What Mitsuba computes of a room: a scene and a View enter, linear light per pixel leaves."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from spatialvlm.pipeline.collect.rooms.cameras import sensor_of
from spatialvlm.pipeline.collect.rooms.model import View
from spatialvlm.pipeline.collect.rooms.variants import load_mitsuba

PASS_SAMPLES = 1_500_000
"""More rays at once would take gigabytes in the LLVM variant."""
CELL_PX = 4
"""Light that comes from other surfaces is computed for cells of so many pixels."""
BOUNCES = 4
LIGHTS_A_RAY = 2
"""Points on lights that each ray from the camera is lit by."""

Picture = Float32[np.ndarray, "h w 3"]
Cells = Float32[np.ndarray, "rows columns 3"]
Size = tuple[int, int]


def direct_light(scene: Any, view: View, size: Size, spp: int, seed: int) -> Picture:
    """What comes from the lights straight to the surface and from there to the camera, and the lights themselves.

    `spp` points on lights count for each pixel, and half as many points in the pixel.
    """
    method = {"type": "direct", "emitter_samples": LIGHTS_A_RAY, "bsdf_samples": 0}
    return _render(scene, view, size, method, -(-spp // LIGHTS_A_RAY), seed)


def all_light(scene: Any, view: View, size: Size, spp: int, seed: int) -> Cells:
    """All light, by half as many paths as `spp` for each cell of CELL_PX pixels. The cells are centred; the last ones may reach beyond the picture."""
    cells = -(-size[0] // CELL_PX), -(-size[1] // CELL_PX)
    widened = math.tan(view.horizontal_fov_rad / 2) * cells[0] * CELL_PX / size[0]
    view = replace(view, horizontal_fov_rad=2 * math.atan(widened))
    return _render(scene, view, cells, {"type": "path", "max_depth": BOUNCES, "rr_depth": 4}, -(-spp // 2), seed)


def _render(scene: Any, view: View, size: Size, integrator: dict[str, Any], spp: int, seed: int) -> Picture:
    """The mean of as many passes as memory asks for."""
    mitsuba, _ = load_mitsuba()
    method = mitsuba.load_dict(integrator)
    total = np.zeros((size[1], size[0], 3), dtype=np.float32)
    at_once = max(1, min(spp, PASS_SAMPLES // (size[0] * size[1])))
    parts = np.diff(np.linspace(0, spp, -(-spp // at_once) + 1).astype(int))
    for place, samples in enumerate(int(part) for part in parts):
        sensor = sensor_of(view, size, {"type": "independent", "sample_count": samples})
        drawn = mitsuba.render(scene, sensor=sensor, integrator=method, spp=samples, seed=(seed + place) % 2**31)
        total += samples * np.array(drawn, dtype=np.float32)
    return total / spp
