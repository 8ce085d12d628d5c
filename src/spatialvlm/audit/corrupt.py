"""Controlled corruptions: an exact Frame enters, the frame that a worse camera, model or annotator would give leaves.

Each is a pure function (frame, rng) -> frame; what enters is never changed. `PRESETS` names the ones that the audit
runs, with their magnitudes and with the `LiftConfig` of a user who knows of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64
from numpy.random import Generator

from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.records import DepthErrors, Frame, Instance

Corruption = Callable[[Frame, Generator], Frame]

EDGE_STEP = 1.06  # depth that grows by more than this within three pixels is an edge
NO_DEPTH_M = 1e6  # farther than anything
GRID = 6  # a smooth field is drawn on a grid of so many points within its reach


@dataclass(frozen=True, slots=True)
class Preset:
    """Corruptions that go together. `says` states their magnitudes, `told` is the error model that knows them."""

    name: str
    says: str
    steps: tuple[Corruption, ...] = ()
    told: LiftConfig = field(default_factory=LiftConfig)

    def corrupt(self, frame: Frame, rng: Generator) -> Frame:
        """Take the frame through all steps."""
        for step in self.steps:
            frame = step(frame, rng)
        return frame


def scaled(frame: Frame, rng: Generator, *, relative: float) -> Frame:
    """Scale depth by one wrong factor for the whole frame; `relative` is 1 sigma."""
    return _with_depth(frame, depth_of(frame) * (1.0 + float(rng.normal(0.0, relative))))


def noisy(frame: Frame, rng: Generator, *, relative: float) -> Frame:
    """Add independent noise to the depth of each pixel; `relative` is 1 sigma."""
    depth_m = depth_of(frame)
    return _with_depth(frame, depth_m * (1.0 + relative * rng.standard_normal(depth_m.shape)))


def drifting(frame: Frame, rng: Generator, *, relative: float, reach: float) -> Frame:
    """Give depth an error that drifts over the picture; see `smooth_field`.

    `relative` is 1 sigma, `reach` a share of the image width.
    """
    depth_m = depth_of(frame)
    field = smooth_field(rng, depth_m.shape, reach * depth_m.shape[1])
    return _with_depth(frame, depth_m * (1.0 + relative * field))


def blurred(frame: Frame, rng: Generator, *, sigma_px: float, flying: float) -> Frame:
    """Smear depth over its edges; there a share `flying` of the pixels is anywhere between the two sides."""
    depth_m = depth_of(frame)
    known = np.isfinite(depth_m)
    window = np.ones((3, 3), np.uint8)
    near_m = cv2.erode(np.where(known, depth_m, np.float32(NO_DEPTH_M)), window)
    far_m = cv2.dilate(np.where(known, depth_m, np.float32(0.0)), window)
    edge = far_m > EDGE_STEP * near_m
    band = cv2.dilate(edge.view(np.uint8), np.ones((3, 3), np.uint8), iterations=math.ceil(sigma_px)).view(bool) & known
    weight = cv2.GaussianBlur(known.astype(np.float32), (0, 0), sigma_px)
    smooth = cv2.GaussianBlur(np.where(known, depth_m, np.float32(0.0)), (0, 0), sigma_px) / np.maximum(weight, 1e-6)
    flies = band & edge & (rng.random(depth_m.shape) < flying)
    mixed = near_m + (far_m - near_m) * rng.random(depth_m.shape, np.float32)
    return _with_depth(frame, np.where(flies, mixed, np.where(band, smooth, depth_m)))


def outlined(frame: Frame, rng: Generator, *, inwards_px: float, ragged_px: float) -> Frame:
    """Cut every mask `inwards_px` inside its outline (negative: outside), and `ragged_px` (1 sigma) off that."""
    moved = tuple(_moved(instance, rng, inwards_px, ragged_px) for instance in frame.instances or ())
    return replace(frame, instances=moved)


def tilted(frame: Frame, rng: Generator, *, sigma_rad: float) -> Frame:
    """Turn gravity by a random angle, `sigma_rad` about each of two axes."""
    if frame.gravity_in_camera is None:
        return frame
    gravity = frame.gravity_in_camera + rng.normal(0.0, sigma_rad, 3)
    return replace(frame, gravity_in_camera=gravity / np.linalg.norm(gravity))


def ungiven(frame: Frame, rng: Generator) -> Frame:
    """Take gravity away, so that up has to be found in the picture."""
    del rng
    return replace(frame, gravity_in_camera=None)


def misfocused(frame: Frame, rng: Generator, *, relative: float) -> Frame:
    """Make the focal length wrong by `relative`, as often too long as too short; the camera says that it may be."""
    if frame.camera is None:
        return frame
    factor = 1.0 + relative * float(rng.choice((-1.0, 1.0)))
    matrix = frame.camera.image_from_camera * np.array([[factor, factor, 1.0], [1.0, factor, 1.0], [1.0, 1.0, 1.0]])
    return replace(frame, camera=replace(frame.camera, image_from_camera=matrix, focal_error=relative))


def as_stated(frame: Frame, rng: Generator, *, noise: float, config: LiftConfig) -> Frame:
    """Make every error that LiftConfig states, drawn once: outlines, gravity, scale; and independent noise.

    An outline moves by a whole pixel, in or out, as often as makes its 1 sigma that of the model.
    """
    often = config.mask_edge_error_px**2
    moved = []
    for instance in frame.instances or ():
        u = float(rng.random())
        # 0.75: beyond the pixels that touch the outline by a side (0.5), short of those by a corner (0.91)
        inwards_px = 0.0 if u >= often else 0.75 if u < often / 2 else -0.75
        moved.append(_moved(instance, rng, inwards_px, 0.0))
    frame = replace(frame, instances=tuple(moved))
    frame = tilted(frame, rng, sigma_rad=config.given_gravity_error_rad)
    frame = scaled(frame, rng, relative=config.depth_errors.scale)
    return noisy(frame, rng, relative=noise)


def smooth_field(rng: Generator, shape: tuple[int, ...], reach_px: float) -> Float64[np.ndarray, "h w"]:
    """Draw a Gaussian random field of mean 0 and variance 1; places d apart correlate by exp(-d^2 / (2 reach_px^2)).

    White noise on a coarse grid, smoothed by a Gaussian of reach / sqrt(2), which has that correlation.
    """
    step = max(1, round(reach_px / GRID))
    sigma = max(reach_px / step, 1e-3) / math.sqrt(2.0)
    half = math.ceil(4.0 * sigma)
    rows, columns = (-(-size // step) + 2 for size in shape)
    white = rng.standard_normal((rows + 2 * half, columns + 2 * half))
    kernel = cv2.getGaussianKernel(2 * half + 1, sigma)
    smooth = np.asarray(cv2.sepFilter2D(white, cv2.CV_64F, kernel, kernel), np.float64)[half:-half, half:-half]
    smooth = np.ascontiguousarray(smooth) / float((kernel**2).sum())
    large = cv2.resize(smooth, (columns * step, rows * step), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large[step // 2 : step // 2 + shape[0], step // 2 : step // 2 + shape[1]])


def depth_of(frame: Frame) -> Float32[np.ndarray, "h w"]:
    """Return the depth of a frame that has some; the audit's frames do."""
    if frame.depth_m is None:
        raise ValueError(f"frame {frame.id!r} has no depth; expected one of a source with exact truth")
    return frame.depth_m


def _with_depth(frame: Frame, depth_m: Float32[np.ndarray, "h w"] | Float64[np.ndarray, "h w"]) -> Frame:
    return replace(frame, depth_m=depth_m.astype(np.float32))


def _moved(instance: Instance, rng: Generator, inwards_px: float, ragged_px: float) -> Instance:
    """Move an instance's outline. What vanishes keeps its box: the lift says that its mask is too small."""
    mask = np.asarray(instance.mask)
    margin = 2 + math.ceil(max(0.0, -inwards_px) + 4.0 * ragged_px)
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if width == 0:
        return instance
    window = np.s_[max(0, top - margin) : top + height + margin, max(0, left - margin) : left + width + margin]
    part = mask[window]
    limit = inwards_px + (ragged_px * smooth_field(rng, part.shape, 5.0) if ragged_px else 0.0)
    changed = np.zeros_like(mask)
    changed[window] = _inside_px(part) > limit
    left, top, width, height = cv2.boundingRect(changed.view(np.uint8))
    box = np.array([left, top, left + width, top + height], np.float32) if width else instance.box_xyxy
    return replace(instance, mask=changed, box_xyxy=box)


def _inside_px(mask: Bool[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Say how far each pixel centre is inside the outline, negative outside. The picture's border is no outline."""
    padded = cv2.copyMakeBorder(mask.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inner = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outer = cv2.distanceTransform(1 - padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.where(padded > 0, inner - 0.5, 0.5 - outer)[1:-1, 1:-1].astype(np.float32)


def _presets(*rows: Preset) -> MappingProxyType[str, Preset]:
    return MappingProxyType({row.name: row for row in rows})


_DEGREE = math.radians(1.0)

PRESETS = _presets(
    Preset("exact", "exact depth, masks, gravity and camera"),
    Preset(
        "stated",
        "every error as the default error model states it: scale 0.5 %, noise 0.5 %, gravity 0.5°, outlines 0.5 px",
        (partial(as_stated, noise=0.005, config=LiftConfig()),),
    ),
    Preset(
        "scale",
        "depth off by one factor for the frame, 5 % (1 sigma)",
        (partial(scaled, relative=0.05),),
        LiftConfig(DepthErrors(0.05)),
    ),
    Preset("noise", "independent depth noise in each pixel, 1 % (1 sigma)", (partial(noisy, relative=0.01),)),
    Preset(
        "blur",
        "depth smeared over its edges by 1.5 px, where 30 % of the pixels fly between the two sides",
        (partial(blurred, sigma_px=1.5, flying=0.3),),
    ),
    Preset(
        "erosion",
        "masks cut 2 px inside the outline, ragged by 1 px (1 sigma)",
        (partial(outlined, inwards_px=2.0, ragged_px=1.0),),
        LiftConfig(mask_edge_error_px=2.0),
    ),
    Preset(
        "bleed",
        "masks cut 2 px outside the outline, ragged by 1 px (1 sigma)",
        (partial(outlined, inwards_px=-2.0, ragged_px=1.0),),
        LiftConfig(mask_edge_error_px=2.0),
    ),
    Preset(
        "gravity",
        "gravity tilted by 2° about each axis (1 sigma)",
        (partial(tilted, sigma_rad=2.0 * _DEGREE),),
        LiftConfig(given_gravity_error_rad=2.0 * _DEGREE),
    ),
    Preset(
        "focal",
        "focal length 5 % too long or too short, which the camera says",
        (partial(misfocused, relative=0.05),),
    ),
    Preset(
        "monocular",
        "like depth made from one photo: off by one factor for the frame, 8 %, and drifting over the picture, 4 %, "
        "with a reach of a sixth of its width (1 sigma)",
        (partial(scaled, relative=0.08), partial(drifting, relative=0.04, reach=1 / 6)),
        LiftConfig(DepthErrors(0.08, 0.04, 1 / 6)),
    ),
    Preset(
        "photo",
        "depth as in monocular, and gravity is not given",
        (partial(scaled, relative=0.08), partial(drifting, relative=0.04, reach=1 / 6), ungiven),
        LiftConfig(DepthErrors(0.08, 0.04, 1 / 6)),
    ),
)
"""The presets by name, in the order in which they are shown."""
