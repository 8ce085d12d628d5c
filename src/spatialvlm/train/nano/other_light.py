"""Pictures in another light: pixels enter, the same pixels brighter or darker, tinted, shaded and smoother leave.

Training pictures are drawn in flat light with hard edges; what the model will see is lit from lamps and windows.
"""

from collections.abc import Sequence

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch.nn import functional  # pyright: ignore[reportMissingImports]

GAIN, TINT, GAMMA, SHADE = 0.15, 0.1, 0.2, 0.25
"""Standard deviations: of the logs of brightness, of each colour and of gamma; of what shading changes at the edges."""


def in_other_light(pixels: torch.Tensor, seed: Sequence[int]) -> torch.Tensor:
    """Return pictures (b, 3, h, w) of -1 to 1, each in a light of its own; the same for the same seed."""
    rng = np.random.default_rng(list(seed))
    count, _, height, width = pixels.shape
    normal = torch.from_numpy(rng.standard_normal((count, 7, 1, 1)).astype(np.float32))
    smooth = torch.from_numpy(rng.random((count, 1, 1, 1)).astype(np.float32))
    gain = torch.exp(GAIN * normal[:, :1] + TINT * normal[:, 1:4])
    across = torch.linspace(-1, 1, width) * normal[:, 4:5] + torch.linspace(-1, 1, height)[:, None] * normal[:, 5:6]
    shown = ((pixels + 1) / 2).clamp(1e-3, 1)
    blurred = functional.avg_pool2d(functional.pad(shown, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    lit = shown.lerp(blurred, smooth) ** torch.exp(GAMMA * normal[:, 6:]) * gain * torch.exp(SHADE * across)
    return lit.clamp(0, 1) * 2 - 1
