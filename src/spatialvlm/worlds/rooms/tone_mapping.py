"""From linear light to a picture: exposure, white balance and a film's gentle curve; floats enter, sRGB bytes leave."""

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from spatialvlm.worlds.rooms.denoising import Picture

GREY = 0.3
"""The mean that the picture is exposed for."""
WHITE = 3.5
"""The light that just comes out white."""
BALANCE = 0.8
"""How far the colour of the light is taken out; eyes and cameras leave a little."""
CONTRAST, MIDDLE = 1.07, 0.3
"""Darker than the middle gets darker, lighter lighter."""
LUMINANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def exposure(light: Picture, falls: Picture, lit: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, " 3"]:
    """Find what to multiply red, green and blue by: exposure and white balance.

    `falls` is the light that falls on the surfaces, `lit` where there are any that do not shine themselves.
    """
    if not lit.any():
        return np.full(3, np.float32(GREY / max(float(light.mean()), 1e-6)))
    colour = falls[lit].mean(axis=0) + 1e-6
    balance = (colour @ LUMINANCE / colour) ** BALANCE
    brightness = (light[lit] * balance) @ LUMINANCE
    mean = float(brightness.mean())
    even = float(np.exp(np.log(brightness + 1e-3 * mean + 1e-9).mean()))
    return (balance * (2 * GREY / max(even + mean, 1e-6))).astype(np.float32)


def film(light: Picture) -> Picture:
    """Turn exposed light to sRGB, 0 to 1, by a curve with a soft shoulder; bright colours pale a little, as on film."""
    brightness = (light @ LUMINANCE)[..., None]
    whole = light * (_shoulder(brightness) / np.maximum(brightness, 1e-6))
    paled = np.clip(0.6 * whole + 0.4 * _shoulder(light), 0.0, 1.0)
    paled *= (np.maximum(paled @ LUMINANCE, 1e-6)[..., None] / MIDDLE) ** np.float32(CONTRAST - 1.0)
    bent = 1.055 * np.maximum(paled, 1e-6) ** np.float32(1 / 2.4) - 0.055
    return np.clip(np.where(paled <= 0.0031308, 12.92 * paled, bent), 0.0, 1.0)


def to_bytes(picture: Picture) -> UInt8[np.ndarray, "h w 3"]:
    """Scale 0 to 1 up to 0 to 255."""
    return (255.0 * picture + 0.5).astype(np.uint8)


def _shoulder(value: np.ndarray) -> np.ndarray:
    return value * (1.0 + value / WHITE**2) / (1.0 + value)
