"""Where a model looked: shares of the squares of an image -> the picture, dark where it did not look."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.page import draw_text

LONGER_PX = 640
STRIP_PX = 24
_INK, _PAPER, _RING = (16, 18, 24), (255, 255, 255), (255, 255, 255)
_HEAT, _DARK = 0.65, 0.45

Picture = UInt8[np.ndarray, "_ _ 3"]


def draw_looked(image: Picture, shares: Float32[np.ndarray, "rows columns"], heading: str) -> Picture:
    """Draw over an image how much more of the attention each square got than an even share, a ring around the most."""
    height, width = image.shape[:2]
    scale = LONGER_PX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    even = float(shares.mean())
    level = np.clip(shares - even, 0, None) / max(float(shares.max()) - even, 1e-12)
    smooth = np.clip(cv2.resize(level, size, interpolation=cv2.INTER_LINEAR), 0, 1)
    heat = cv2.applyColorMap(np.rint(255 * smooth).astype(np.uint8), cv2.COLORMAP_INFERNO)
    weight = (_HEAT * smooth)[..., None]
    dimmed = picture * (1 - _DARK * (1 - smooth[..., None]))
    drawn = np.rint((1 - weight) * dimmed + weight * cv2.cvtColor(heat, cv2.COLOR_BGR2RGB)).astype(np.uint8)
    row, column = np.unravel_index(int(shares.argmax()), shares.shape)
    cell = (size[0] / shares.shape[1], size[1] / shares.shape[0])
    centre = (round((int(column) + 0.5) * cell[0]), round((int(row) + 0.5) * cell[1]))
    radius = max(6, round(0.6 * min(cell)))
    for colour, thickness in ((_INK, 5), (_RING, 2)):
        cv2.circle(drawn, centre, radius, colour, thickness, cv2.LINE_AA)
    strip = np.full((STRIP_PX, size[0], 3), _PAPER, np.uint8)
    text = draw_text(heading.encode("ascii", "replace").decode(), STRIP_PX, _INK, _PAPER)[:, : size[0]]
    strip[:, : text.shape[1]] = text
    return np.concatenate([strip, drawn])
