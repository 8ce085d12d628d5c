"""True quantities as the camera has them, and of several objects that are listed: a value for each of those."""

import numpy as np
from jaxtyping import Float64, Int

Vector = Float64[np.ndarray, " 3"]
Vectors = Float64[np.ndarray, "n 3"]
Subjects = Int[np.ndarray, "p s"]
Values = Float64[np.ndarray, "p v"]

FROM_CAMERA = ("camera_distance", "camera_height", "camera_pitch", "bearing", "clock_hour", "angle_between")
FROM_ANCHOR = ("nearest", "farthest")
LISTED = {
    "least_camera_distance": "camera_distance",
    "greatest_camera_distance": "camera_distance",
    "camera_distance_order": "camera_distance",
    "height_pick": "height",
    "width_pick": "width",
    "height_order": "height",
    "y_order": "y",
    "nearer_point": "point_distance",
    "point_order": "point_distance",
}
"""Quantities of objects that are listed, each with the one of single objects that they are compared by."""


def from_camera(quantity: str, centre: Vectors, viewer: Vector, forward: Vector, subjects: Subjects) -> Values:
    """Return what is true of rows of subjects, in metres or radians; heights count from the plane."""
    if quantity == "camera_height":
        return np.full((len(subjects), 1), viewer[2])
    if quantity == "camera_pitch":
        return np.full((len(subjects), 1), np.arcsin(np.clip(-forward[2], -1.0, 1.0)))
    away = centre - viewer
    distances = np.linalg.norm(away, axis=1)
    if quantity == "camera_distance":
        return distances[subjects[:, :1]]
    if quantity == "angle_between":
        rays = away / distances[:, None]
        cosine = np.einsum("pk,pk->p", rays[subjects[:, 0]], rays[subjects[:, 1]])
        return np.arccos(np.clip(cosine, -1.0, 1.0))[:, None]
    ahead = np.arctan2(forward[1], forward[0])
    turned = ahead - np.arctan2(away[:, 1], away[:, 0])  # clockwise, as seen from above
    return ((turned + np.pi) % (2.0 * np.pi) - np.pi)[subjects[:, :1]]


def from_anchor(centre: Vectors, subjects: Subjects) -> Values:
    """Return the distances of the listed ones from the first subject, NaN where there are no more of them."""
    apart = np.linalg.norm(centre[subjects[:, 1:]] - centre[subjects[:, :1]], axis=2)
    return np.where(subjects[:, 1:] < 0, np.nan, apart)


def of_listed(values: Float64[np.ndarray, " n"], subjects: Subjects) -> Values:
    """Return the values of the subjects, NaN where there are no more of them."""
    return np.where(subjects < 0, np.nan, values[subjects])
