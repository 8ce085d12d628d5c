"""An image and all that is known of it: Camera Source Instance DepthErrors Frame."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from spatialvlm import array_checks
from spatialvlm.errors import UserError


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """A pinhole camera. `image_from_camera` is the intrinsic matrix in pixels, without distortion.

    `provenance`: where the intrinsics came from. `focal_error` of both focal lengths together: 1 sigma, relative.
    """

    image_from_camera: Float64[np.ndarray, "3 3"]
    width: int
    height: int
    provenance: Literal["calibration", "exif", "model", "assumed"] = "calibration"
    focal_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where an image came from: a name for people, its licence, and the file as it came."""

    origin: str
    licence: str | None = None
    image_path: str | None = None
    image_bytes: bytes = b""


@dataclass(frozen=True, slots=True)
class Rle:
    """A mask as a COCO run-length encoding, compressed counts."""

    height: int
    width: int
    counts: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """One thing seen in one image. `captions` go from the preferred one to the least; they may be empty."""

    id: str
    captions: tuple[str, ...]
    box_xyxy: Float32[np.ndarray, " 4"]
    mask: Bool[np.ndarray, "h w"] | Rle
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What sort of picture an image is: how sharp, and the label that fits it best with its probability.

    `label` and `score` are None where no model was asked.
    """

    sharpness: float
    label: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class DepthErrors:
    """How wrong the depth of one source is, 1 sigma, relative to depth.

    `scale` is shared by a whole image. `local` drifts over it: two places d apart share it with the correlation
    exp(-d^2 / (2 r^2)), where r is `reach` of the image width. `shift` is that of an unknown constant added to inverse
    depth, as a share of the image's median inverse depth; only models of affine-invariant depth have one. `source` says
    who published or measured the numbers.
    """

    scale: float
    local: float = 0.0
    reach: float = 1 / 6
    shift: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        for name in ("scale", "local", "reach", "shift"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise UserError(f"depth errors: {name} is {value!r}; expected a number from 0 on")
        if self.reach == 0:
            raise UserError("depth errors: reach is 0; expected a share of the image's width, such as 0.17")


@dataclass(frozen=True, slots=True)
class DepthSource:
    """Where the depth of a frame came from when no sensor measured it: the model, and how wrong it may be."""

    name: str
    errors: DepthErrors


@dataclass(frozen=True, slots=True, eq=False)
class GravityEstimate:
    """Where a model thinks down is: a unit vector in the camera frame, its 1-sigma error, the model's name."""

    gravity_in_camera: Float64[np.ndarray, " 3"]
    error_rad: float
    name: str


@dataclass(frozen=True, slots=True)
class SequencePosition:
    """Where in a sequence (a video, a robot's log) an image was taken: which sequence, the place in it, the time."""

    id: str
    index: int
    time_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image and all that is known of it. `Frame.of` makes one from arrays in memory.

    `depth_m` is z-depth along the optical axis in metres, NaN where unknown. `relative_depth` is the same in an unknown
    unit, by a model that knows no metres; a frame has one of the two at most. `gravity_in_camera` is a unit vector that
    points down. `instances` is None where nobody annotated the image. What models added is marked as theirs:
    `depth_source` is None where a sensor measured the depth, `gravity_estimate` never stands in for a given gravity,
    `floor` marks the pixels that a segmenter calls floor, ground or table top, `versions` names the models.
    `sequence_from_camera` is the pose of the camera in the world of its `sequence`, where somebody knows it.
    """

    id: str
    image: UInt8[np.ndarray, "h w 3"]
    camera: Camera | None
    depth_m: Float32[np.ndarray, "h w"] | None
    gravity_in_camera: Float64[np.ndarray, " 3"] | None
    instances: tuple[Instance, ...] | None
    source: Source
    relative_depth: Float32[np.ndarray, "h w"] | None = None
    depth_source: DepthSource | None = None
    gravity_estimate: GravityEstimate | None = None
    floor: Bool[np.ndarray, "h w"] | None = None
    verdict: Verdict | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    sequence: SequencePosition | None = None
    sequence_from_camera: Float64[np.ndarray, "4 4"] | None = None

    @property
    def depth(self) -> Float32[np.ndarray, "h w"] | None:
        """The depth map, in metres or in an unknown unit."""
        return self.relative_depth if self.depth_m is None else self.depth_m

    @classmethod
    def of(
        cls,
        image: Any,
        *,
        depth_m: Any = None,
        camera: Camera | Sequence[Any] | None = None,
        gravity: Any = None,
        instances: Iterable[Instance] | Mapping[str, Any] | None = None,
        id: str = "image",
    ) -> "Frame":
        """Make a frame from what is in memory.

        `image`: uint8 (h, w, 3) in sRGB, or what numpy makes such an array of (a PIL image in RGB). `depth_m`: (h, w)
        z-depth in metres, floats; 0, negative and infinite mean unknown. `camera`: a Camera of the image's size, or
        fx, fy, cx, cy in pixels. `gravity`: a vector in the camera frame (x right, y down, z forward) that points down,
        of any length. `instances`: Instances with bool masks, or a mapping from names to masks (h, w) of bool or whole
        numbers. Raises UserError for what does not fit.
        """
        array_checks.check_id(id, "id of an image")
        picture = array_checks.picture_of(image, id)
        size = picture.shape[0], picture.shape[1]
        return cls(
            id,
            picture,
            None if camera is None else _camera_of(camera, size, id),
            None if depth_m is None else array_checks.depth_of(depth_m, size, id),
            None if gravity is None else array_checks.gravity_of(gravity, id),
            None if instances is None else _instances_of(instances, size, id),
            Source("memory"),
        )


def _camera_of(camera: Any, size: tuple[int, int], id: str) -> Camera:
    if not isinstance(camera, Camera):
        return Camera(array_checks.intrinsics_of(camera, id), size[1], size[0])
    held = (camera.height, camera.width)
    matrix = array_checks.check_camera(camera.image_from_camera, held, camera.focal_error, size, id)
    return replace(camera, image_from_camera=matrix)


def _instances_of(instances: Any, size: tuple[int, int], id: str) -> tuple[Instance, ...]:
    if isinstance(instances, Mapping):
        return tuple(_named(str(i), name, given, size, id) for i, (name, given) in enumerate(instances.items(), 1))
    expected = "a list of Instances, or a mapping from names to masks"
    if not isinstance(instances, Iterable):
        raise UserError(f"instances of image {id!r}: got {array_checks.shown(instances)}, expected {expected}")
    ids, given = set[str](), tuple(instances)
    for place, one in enumerate(given):
        what = f"instance {place} of image {id!r}"
        if not isinstance(one, Instance):
            raise UserError(f"{what}: got {type(one).__name__}, expected an Instance; give {expected}")
        array_checks.check_id(one.id, f"id of {what}")
        if one.id in ids:
            raise UserError(f"{what}: repeats the id {one.id!r}, expected unique ids; give each its own")
        ids.add(one.id)
        array_checks.check_instance(one.captions, one.box_xyxy, one.mask, one.score, size, what)
    return given


def _named(number: str, name: Any, given: Any, size: tuple[int, int], id: str) -> Instance:
    mask = array_checks.mask_of(given, size, f"mask of {name!r} in image {id!r}")
    return Instance(number, (str(name),), array_checks.box_around(mask), mask)
