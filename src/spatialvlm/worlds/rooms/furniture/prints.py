"""Thin surfaces that show one picture: a size enters, a mesh that faces -y leaves, its `uv` as of a `meshes.sheet`."""

import numpy as np

from spatialvlm.worlds.rooms.meshes import Real, grid, mesh
from spatialvlm.worlds.rooms.model import Mesh


def round_sheet(radius: Real) -> Mesh:
    """A thin upright circle that faces -y, about the origin; for dials."""
    turn = 2 * np.pi * np.arange(36) / 36
    rim = np.stack([radius * np.cos(turn), np.zeros(36), radius * np.sin(turn)], -1)
    faces = np.stack([np.zeros(36), np.arange(36) + 1, np.roll(np.arange(36), -1) + 1], -1)
    vertices = np.concatenate([np.zeros((1, 3)), rim])
    return mesh(vertices, faces, vertices[:, [0, 2]] + radius)


def wrapped_sheet(radius: Real, low: Real, high: Real, angle_rad: Real, segments: int = 12) -> Mesh:
    """A piece of an upright cylinder's skin that faces -y, `angle_rad` around; for labels."""
    angles = np.linspace(-angle_rad / 2, angle_rad / 2, segments + 1)
    ring = np.stack([radius * np.sin(angles), -radius * np.cos(angles), np.zeros_like(angles)], -1)
    return grid(np.stack([ring + (0, 0, low), ring + (0, 0, high)]))
