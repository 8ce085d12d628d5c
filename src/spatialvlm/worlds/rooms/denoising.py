"""Clean light from noisy light: what a few samples a pixel gave and the exact surfaces enter, smooth light leaves.

Light without the surface's own colour changes slowly over a surface, so each pixel may borrow from its neighbours on
the same surface: a wavelet of growing holes (à-trous), weighted by how alike normals, planes and the light itself are.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float32

Picture = Float32[np.ndarray, "h w 3"]
Map = Float32[np.ndarray, "h w"]
Cells = Float32[np.ndarray, "rows columns c"]
"""A picture of fewer, larger pixels."""

THIRDS = np.full(3, 1 / 3, dtype=np.float32)
STEPS = (1, 2, 4, 8)
HALF_TAPS = ((0, 1, 0.5), (1, 0, 0.5), (1, 1, 0.25), (1, -1, 0.25))
"""Half of the eight neighbours, down and right, with their shares; the other half has the same."""
NORMAL_SHARPNESS = 5.0
PLANE_SHARPNESS = 60.0
LIGHT_SHARPNESS = 0.8
SPARK = 4.0
"""What is so many times as bright as its neighbours on the average is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What tells surfaces apart: normals, points in metres from the camera, their depth."""

    normals: Picture
    points: Picture
    depth_m: Map


def without_sparks(light: Picture) -> Picture:
    """Take away single pixels that are far brighter than those around them."""
    return np.minimum(light, SPARK * cv2.blur(light, (5, 5)) + np.float32(1e-6))


def smooth(light: Picture, guide: Guide, steps: tuple[int, ...] = STEPS, *, keep_shadows: bool = True) -> Picture:
    """Take away noise: the mean of what is around on the same surface, and, to keep shadows, about as bright."""
    for step in steps:
        tone = _tone(light, step) if keep_shadows else None
        total, weights = light.copy(), np.ones(light.shape[:2], np.float32)
        for down, right, share in HALF_TAPS:
            here, there = _pair(light.shape, down * step, right * step)
            weight = np.float32(share) * _alike(guide, tone, here, there)
            total[here] += weight[..., None] * light[there]
            total[there] += weight[..., None] * light[here]
            weights[here] += weight
            weights[there] += weight
        light = total / weights[..., None]
    return light


def _tone(light: Picture, step: int) -> Map:
    """Measure brightness so that a difference of 1 is too much: the brighter, the noisier, so factors count."""
    # Noise must not keep itself: it is the brightness around that decides.
    grey = cv2.GaussianBlur(light @ THIRDS, (0, 0), 2.0 if step == 1 else 1.5)
    sharpness = LIGHT_SHARPNESS * step**0.6
    return np.float32(sharpness) * np.log(grey + np.float32(1e-2 * grey.mean() + 1e-9))


def _pair(shape: tuple[int, ...], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Find the pixels that have a neighbour so far down and right, and these neighbours."""
    height, width = shape[:2]
    rows, columns = slice(0, max(height - down, 0)), slice(max(-right, 0), max(width - max(right, 0), 0))
    return (rows, columns), (slice(down, height), slice(max(right, 0), max(width + min(right, 0), 0)))


def _alike(guide: Guide, tone: Map | None, here: tuple, there: tuple) -> Float32[np.ndarray, "rows columns"]:
    """Say how far two pixels each may share light: their normals, their planes and the light agree."""
    turn = guide.normals[here] - guide.normals[there]
    apart = guide.points[here] - guide.points[there]
    off_plane = np.einsum("ijk,ijk->ij", guide.normals[here], apart) / guide.depth_m[here]
    difference = NORMAL_SHARPNESS * np.einsum("ijk,ijk->ij", turn, turn)
    difference += np.abs(PLANE_SHARPNESS * off_plane)
    if tone is not None:
        difference += np.abs(tone[here] - tone[there])
    return np.exp(-difference)


def at_edges(developed: Picture, clean: Picture, noisy: Picture, edges: Bool[np.ndarray, "h w"]) -> Picture:
    """Soften the developed picture where a pixel holds two surfaces.

    The samples are spread over the pixel, while clean light and the developed picture know only its centre. So where
    the noisy light lies between the darkest and the brightest clean light around tells how the pixel is shared. The
    developed picture is mixed, not the light, or a bright window's edge would look like stairs.
    """
    near = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(clean, near), cv2.dilate(clean, near)
    span = high - low
    share = np.clip((noisy - low) / np.maximum(span, 1e-6), 0.0, 1.0)
    trust = np.clip(5.0 * span / np.maximum(high, 1e-6) - 0.4, 0.0, 1.0)  # between two alike it would be noise
    low, high = cv2.erode(developed, near), cv2.dilate(developed, near)
    return developed + edges[..., None] * trust * (low + share * (high - low) - developed)


def edges_of(guide: Guide, albedo: Picture, shape: np.ndarray) -> Bool[np.ndarray, "h w"]:
    """Find pixels next to another shape, another normal or another colour."""
    near = np.ones((3, 3), np.uint8)
    shapes = shape.astype(np.float32)
    found = cv2.dilate(shapes, near) != cv2.erode(shapes, near)
    for values, limit in ((guide.normals, 0.25), (np.sqrt(albedo), 0.07)):
        found |= np.maximum.reduce(cv2.split(cv2.dilate(values, near) - cv2.erode(values, near))) > limit
    return found
