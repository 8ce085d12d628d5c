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

STEPS = (1, 2, 4, 8)
HALF_TAPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Half of the eight neighbours; the other half has the same weights."""
NORMAL_SHARPNESS = 5.0
PLANE_SHARPNESS = 60.0
LIGHT_SHARPNESS = 1.6
SPARK = 1.8
"""What is so many times as bright as the middle one of its neighbours is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What tells surfaces apart: normals, points in metres from the camera, their depth."""

    normals: Picture
    points: Picture
    depth_m: Map


def without_sparks(light: Picture) -> Picture:
    """Light without single pixels that are far brighter than those around them."""
    return np.minimum(light, SPARK * cv2.medianBlur(light, 5) + np.float32(1e-6))


def smooth(light: Picture, guide: Guide, steps: tuple[int, ...] = STEPS) -> Picture:
    """Light without noise, its shadows kept."""
    # Cube roots are perceptually even, so that noise in bright light counts as in dim light.
    for step in steps:
        tone = np.cbrt(light.mean(axis=2) + 1e-4)
        tone = cv2.GaussianBlur(tone, (0, 0), 1.0) if step == steps[0] else tone
        sharpness = LIGHT_SHARPNESS / float(np.mean(tone)) * (1.0 if step == 1 else 2.0 * step**0.5)
        total, weights = light * 0.5, np.full(light.shape[:2], 0.5, np.float32)
        for down, right in HALF_TAPS:
            here, there = _pair(light.shape, down * step, right * step)
            weight = _alike(guide, tone, here, there, sharpness)
            total[here] += weight[..., None] * light[there]
            total[there] += weight[..., None] * light[here]
            weights[here] += weight
            weights[there] += weight
        light = total / weights[..., None]
    return light


def _pair(shape: tuple[int, ...], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels that have a neighbour so far down and right, and these neighbours."""
    height, width = shape[:2]
    rows, columns = slice(0, max(height - down, 0)), slice(max(-right, 0), width - max(right, 0))
    return (rows, columns), (slice(down, height), slice(max(right, 0), width + min(right, 0)))


def _alike(guide: Guide, tone: Map, here: tuple, there: tuple, sharpness: float) -> Float32[np.ndarray, "rows columns"]:
    """How far two pixels each may share light: their normals, their planes and the light agree."""
    turn = guide.normals[here] - guide.normals[there]
    apart = guide.points[here] - guide.points[there]
    off_plane = np.einsum("ijk,ijk->ij", guide.normals[here], apart) / guide.depth_m[here]
    difference = NORMAL_SHARPNESS * np.einsum("ijk,ijk->ij", turn, turn)
    difference += np.abs(PLANE_SHARPNESS * off_plane)
    difference += np.abs(sharpness * (tone[here] - tone[there]))
    return np.exp(-difference)


def at_edges(developed: Picture, clean: Picture, noisy: Picture, edges: Bool[np.ndarray, "h w"]) -> Picture:
    """The developed picture, softened where a pixel holds two surfaces.

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
    """Pixels next to another shape, another normal or another colour."""
    near = np.ones((3, 3), np.uint8)
    shapes = shape.astype(np.float32)
    found = cv2.dilate(shapes, near) != cv2.erode(shapes, near)
    for values, limit in ((guide.normals, 0.25), (np.sqrt(albedo), 0.07)):
        found |= (cv2.dilate(values, near) - cv2.erode(values, near)).max(axis=2) > limit
    return found
