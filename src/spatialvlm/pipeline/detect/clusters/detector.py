"""Objects found from depth alone: what stands on the plane of a table or a floor, without a model.

Frames with depth and camera enter; instances named by their measured colour and shape leave, left to right. The plane
is the one that most stands on, of those that face up.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from spatialvlm.geometry import NO_DEPTH, Plane, find_planes, relative_noise
from spatialvlm.pipeline.detect.clusters.naming import captions_of
from spatialvlm.pipeline.detect.clusters.pieces import find_pieces
from spatialvlm.pipeline.detect.clusters.terrain import Terrain, find_terrain
from spatialvlm.pipeline.detect.clusters.things import Thing, find_things
from spatialvlm.records import Drop, Frame, Instance

WORKING_SIDE = 640  # larger images are sampled to about this many pixels along their longer side
BEARS = 0.25  # of a thing's pixels lie on another plane
CUT_WEIGHT, RAISED_WEIGHT = 0.2, 1.5  # of things cut by the border; of a table top: who sees one looks at it
MOST_OBJECTS = 20  # the largest ones
NO_CAMERA = "no_camera: the frame has no intrinsics; give its camera (fx, fy, cx, cy in pixels) in frames.jsonl"
NO_SUPPORT = "no_support_plane: {}; objects are found on a table or a floor that is in view, else give annotations"
NO_OBJECTS = "no_objects: nothing stands on the support plane that is large enough"


class Clusters:
    """Frames to what stands on their support plane."""

    versions: Mapping[str, str] = MappingProxyType({})

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame; without depth, camera, a support plane or any object it is a Drop."""
        return [_detect(frame) for frame in frames]


def _detect(frame: Frame) -> tuple[Instance, ...] | Drop:
    if frame.depth_m is None:
        return Drop("detect", frame.id, NO_DEPTH)
    if frame.camera is None:
        return Drop("detect", frame.id, NO_CAMERA)
    intrinsics = frame.camera.image_from_camera
    noise = relative_noise(frame.depth_m)
    everywhere = np.ones(frame.depth_m.shape, bool)
    up = None if frame.gravity_in_camera is None else -frame.gravity_in_camera
    planes = find_planes(frame.depth_m, intrinsics, everywhere, noise, up)
    if isinstance(planes, str):
        return Drop("detect", frame.id, NO_SUPPORT.format(planes))
    stride = max(1, round(max(frame.depth_m.shape) / WORKING_SIDE))
    depth_m, intrinsics = _sampled(frame.depth_m, intrinsics, stride)
    things = _most_structure(planes, depth_m, intrinsics, noise)
    things = sorted(things, key=lambda thing: -np.count_nonzero(thing.mask))[:MOST_OBJECTS]
    if not things:
        return Drop("detect", frame.id, NO_OBJECTS)
    things.sort(key=lambda thing: float(np.flatnonzero(thing.mask.any(axis=0)).mean()))
    image = frame.image[stride // 2 :: stride, stride // 2 :: stride]
    captions = captions_of(image, things)
    masks = [_enlarged(thing.mask, frame.depth_m.shape, stride) for thing in things]
    return tuple(
        Instance(str(number), names, _tight_box(mask), mask)
        for number, (names, mask) in enumerate(zip(captions, masks), start=1)
    )


def _sampled(
    depth_m: Float32[np.ndarray, "h w"], image_from_camera: Float64[np.ndarray, "3 3"], stride: int
) -> tuple[Float32[np.ndarray, "r c"], Float64[np.ndarray, "3 3"]]:
    """Every stride-th pixel, the middle one of its block, and the intrinsics of the picture that they make."""
    first = stride // 2
    matrix = image_from_camera.copy()
    matrix[:2, 2] -= first + 0.5
    matrix[:2] /= stride
    matrix[:2, 2] += 0.5
    return np.ascontiguousarray(depth_m[first::stride, first::stride]), matrix


def _most_structure(
    planes: list[Plane],
    depth_m: Float32[np.ndarray, "h w"],
    image_from_camera: Float64[np.ndarray, "3 3"],
    noise: float,
) -> list[Thing]:
    """The things on the plane that most stands on; the larger plane of two alike."""
    terrains = [find_terrain(depth_m, image_from_camera, plane, noise) for plane in planes]
    best: list[Thing] = []
    most = -1.0
    for plane, terrain in zip(planes, terrains):
        things = find_things(find_pieces(depth_m, terrain, noise), terrain)
        others = [other for other in terrains if other is not terrain]
        structure = sum(_weight(thing, others) for thing in things) * (RAISED_WEIGHT if plane.raised else 1.0)
        if structure > most:
            best, most = things, structure
    return best


def _weight(thing: Thing, others: list[Terrain]) -> float:
    """Standing things count with their size in the image, less if the border cuts them; not what bears a plane."""
    if not thing.stands:
        return 0.0
    for other in others:
        if np.mean(np.abs(other.height_m[thing.mask]) < other.band_m[thing.mask]) > BEARS:
            return 0.0
    return (CUT_WEIGHT if thing.cut else 1.0) * float(np.sqrt(np.count_nonzero(thing.mask)))


def _enlarged(mask: Bool[np.ndarray, "r c"], shape: tuple[int, int], stride: int) -> Bool[np.ndarray, "h w"]:
    if stride == 1:
        return mask
    blocks = mask.repeat(stride, axis=0).repeat(stride, axis=1)[: shape[0], : shape[1]]
    rows, columns = shape[0] - blocks.shape[0], shape[1] - blocks.shape[1]
    return cv2.copyMakeBorder(blocks.view(np.uint8), 0, rows, 0, columns, cv2.BORDER_CONSTANT, value=[0]).view(bool)


def _tight_box(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, " 4"]:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return np.array([left, top, left + width, top + height], np.float32)
