"""geometry: what is measured in space, without knowing any stage.

transforms   rotations, poses and pinhole cameras; `a_from_b` maps column vectors of b to a
planes       the planes of a depth map that face up
normals      which way surfaces face
up_direction   up, to which most surfaces are level or upright; tilt_error: how wrong it may be
depth_maps   how noisy a depth map is, and what its surfaces look like without the noise
masks        arrays <-> COCO run lengths, the box around a mask, a mask without its specks
surest_points   of each object a point that is surely on it
"""

from spatialvlm.geometry.depth_maps import (
    NO_DEPTH,
    NOISE_FLOOR,
    Smoothed,
    middle,
    relative_noise,
    smooth_inverse,
)
from spatialvlm.geometry.masks import (
    BoxXyxy,
    Image,
    Mask,
    Polygon,
    decode_mask,
    deepest_point,
    edge_distance,
    encode_mask,
    mask_share,
    outline,
    spans,
    squares_within,
    tight_box,
    without_specks,
)
from spatialvlm.geometry.normals import SurfaceNormals, surface_normals
from spatialvlm.geometry.planes import (
    DRIFT_SIGMAS,
    GRID_COLUMNS,
    Drift,
    Plane,
    find_planes,
)
from spatialvlm.geometry.surest_points import PointsOnObjects, points_on_objects
from spatialvlm.geometry.transforms import (
    WORLD_FROM_LEVEL_CAMERA,
    angle_between,
    heading_in_camera,
    intrinsics,
    invert,
    pixel_rays,
    pixel_slopes,
    project,
    sum_of,
    transform,
    unproject,
    world_from_camera,
)
from spatialvlm.geometry.up_direction import UpDirection, find_up, shares_at

__all__ = [
    "DRIFT_SIGMAS",
    "GRID_COLUMNS",
    "NOISE_FLOOR",
    "NO_DEPTH",
    "WORLD_FROM_LEVEL_CAMERA",
    "BoxXyxy",
    "Drift",
    "Image",
    "Mask",
    "Plane",
    "PointsOnObjects",
    "Polygon",
    "Smoothed",
    "SurfaceNormals",
    "UpDirection",
    "angle_between",
    "decode_mask",
    "deepest_point",
    "edge_distance",
    "encode_mask",
    "find_planes",
    "find_up",
    "heading_in_camera",
    "intrinsics",
    "invert",
    "mask_share",
    "middle",
    "outline",
    "pixel_rays",
    "pixel_slopes",
    "points_on_objects",
    "project",
    "relative_noise",
    "shares_at",
    "smooth_inverse",
    "spans",
    "squares_within",
    "sum_of",
    "surface_normals",
    "tight_box",
    "transform",
    "unproject",
    "without_specks",
    "world_from_camera",
]
