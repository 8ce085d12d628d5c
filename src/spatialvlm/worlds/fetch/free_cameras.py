"""Where the pictures of episodes are taken from: cameras around the table."""

import numpy as np

from spatialvlm.worlds import FreeView

LOOKED_AT_M = (1.31, 0.75, 0.50)
CAMERAS = {"near": (0.85, 140.0, -25.0), "external": (1.05, 215.0, -40.0)}
"""Distance (m), azimuth and elevation (degrees) of the line of sight, before each seed moves them a little."""
JITTER = (0.04, 6.0, 3.0)


def free_view(name: str, seed: int) -> FreeView:
    """Return where the camera of a name stands in an episode of this seed."""
    generator = np.random.default_rng([seed, *name.encode()])
    moved = np.array(CAMERAS[name]) + generator.uniform(-1, 1, 3) * JITTER
    return FreeView(LOOKED_AT_M, *moved.tolist())
