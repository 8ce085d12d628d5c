"""Objects found from depth alone: what stands on the plane of a table or a floor, without a model.

Frames with depth and camera enter; they leave with instances named by their measured colour and shape, left to right.
The plane is the one that most stands on, of those that face up.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.geometry import NO_DEPTH, Mask, Plane, find_planes, relative_noise, tight_box
from spatialvlm.pipeline.detect.clusters.attributes import captions_of
from spatialvlm.pipeline.detect.clusters.cluster import Cluster, find_clusters
from spatialvlm.pipeline.detect.clusters.height_map import HeightMap, make_height_map
from spatialvlm.pipeline.detect.clusters.segments import find_segments
from spatialvlm.records import Drop, Frame, Instance

WORKING_SIDE = 640  # larger images are sampled to about this many pixels along their longer side
BEARS = 0.25  # of a cluster's pixels lie on another plane
CUT_WEIGHT, RAISED_WEIGHT = 0.2, 1.5  # of clusters cut by the border; of a table top: who sees one looks at it
MAX_OBJECTS = 20  # the largest ones
NO_CAMERA = (
    "no_camera: the frame has no intrinsics; give its camera (fx, fy, cx, cy in pixels) in frames.jsonl, "
    "or its field of view (--fov)"
)
NO_SUPPORT = "no_support_plane: {}; objects are found on a table or a floor that is in view, else give annotations"
NO_OBJECTS = "no_objects: nothing stands on the support plane that is large enough"


def detect_clusters(frames: Sequence[Frame]) -> list[Frame | Drop]:
    """Find what stands on the support plane; a frame without depth, camera, such a plane or any object is a Drop."""
    return [_detect(frame) for frame in frames]


def _detect(frame: Frame) -> Frame | Drop:
    depth = frame.depth
    if depth is None:
        return Drop("detect", frame.id, NO_DEPTH)
    if frame.camera is None:
        return Drop("detect", frame.id, NO_CAMERA)
    intrinsics = frame.camera.image_from_camera
    noise = relative_noise(depth)
    everywhere = np.ones(depth.shape, bool)
    up = None if frame.gravity_in_camera is None else -frame.gravity_in_camera
    planes = find_planes(depth, intrinsics, everywhere, noise, up)
    if isinstance(planes, str):
        return Drop("detect", frame.id, NO_SUPPORT.format(planes))
    stride = max(1, round(max(depth.shape) / WORKING_SIDE))
    depth_m, intrinsics = _sampled(depth, intrinsics, stride)
    clusters = _on_best_plane(planes, depth_m, intrinsics, noise)
    clusters = sorted(clusters, key=lambda one: -np.count_nonzero(one.mask))[:MAX_OBJECTS]
    if not clusters:
        return Drop("detect", frame.id, NO_OBJECTS)
    clusters.sort(key=lambda one: float(np.flatnonzero(one.mask.any(axis=0)).mean()))
    captions = captions_of(frame.image[stride // 2 :: stride, stride // 2 :: stride], clusters)
    masks = [_enlarged(one.mask, depth.shape, stride) for one in clusters]
    named = enumerate(zip(captions, masks), start=1)
    return replace(frame, instances=tuple(Instance(str(i), names, tight_box(mask), mask) for i, (names, mask) in named))


def _sampled(
    depth_m: Float32[np.ndarray, "h w"], image_from_camera: Float64[np.ndarray, "3 3"], stride: int
) -> tuple[Float32[np.ndarray, "r c"], Float64[np.ndarray, "3 3"]]:
    """Take every stride-th pixel, the middle one of its block, and the intrinsics of the picture that they make."""
    first = stride // 2
    matrix = image_from_camera.copy()
    matrix[:2, 2] -= first + 0.5
    matrix[:2] /= stride
    matrix[:2, 2] += 0.5
    return np.ascontiguousarray(depth_m[first::stride, first::stride]), matrix


def _on_best_plane(
    planes: list[Plane],
    depth_m: Float32[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    noise: float,
) -> list[Cluster]:
    """Find the clusters on the plane that most stands on; the larger plane of two alike."""
    maps = [make_height_map(depth_m, image_from_camera, plane, noise) for plane in planes]
    best: list[Cluster] = []
    highest = -1.0
    for plane, own in zip(planes, maps):
        clusters = find_clusters(find_segments(depth_m, own, noise), own)
        others = [other for other in maps if other is not own]
        weight = sum(_weight(one, others) for one in clusters) * (RAISED_WEIGHT if plane.raised else 1.0)
        if weight > highest:
            best, highest = clusters, weight
    return best


def _weight(cluster: Cluster, others: list[HeightMap]) -> float:
    """Weigh what stands by its size in the image, less if the border cuts it; what bears another plane counts not."""
    mask = cluster.mask
    if not cluster.stands or any(
        np.mean(np.abs(other.height_m[mask]) < other.band_m[mask]) > BEARS for other in others
    ):
        return 0.0
    return (CUT_WEIGHT if cluster.cut else 1.0) * float(np.sqrt(np.count_nonzero(mask)))


def _enlarged(mask: Bool[np.ndarray, "r c"], shape: tuple[int, int], stride: int) -> Mask:
    if stride == 1:
        return mask
    blocks = mask.repeat(stride, axis=0).repeat(stride, axis=1)[: shape[0], : shape[1]]
    rows, columns = shape[0] - blocks.shape[0], shape[1] - blocks.shape[1]
    return cv2.copyMakeBorder(blocks.view(np.uint8), 0, rows, 0, columns, cv2.BORDER_CONSTANT, value=[0]).view(bool)
