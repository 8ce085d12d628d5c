"""The geometry of the lift: a frame with depth and camera, and its instances, to a Scene.

What a sensor measured has the error model of LiftConfig, what a model made has that of its `DepthSource`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from spatialvlm.errors import ContractError
from spatialvlm.geometry.depth_maps import NO_DEPTH, relative_noise
from spatialvlm.geometry.planes import Drift, Plane, find_planes
from spatialvlm.pipeline.lift import LiftConfig, Lifted
from spatialvlm.pipeline.lift.anchors import Prior, disagreement, fused, readings
from spatialvlm.pipeline.lift.box import lift_object
from spatialvlm.pipeline.lift.surface import Surface, clean_surface
from spatialvlm.pipeline.lift.world import World, find_world, things_stand_on
from spatialvlm.records import Drop, Frame, Instance, Rle, Scene

MOST_LIFTS = 4
SETTLED = 0.002  # of the scale
NO_CAMERA = "no_camera: the frame has no intrinsics; give its camera (fx, fy, cx, cy in pixels) in frames.jsonl"


class Lifter:
    """Frames with depth and camera to Scenes."""

    def __init__(self, config: LiftConfig) -> None:
        self.config = config

    def __call__(self, frames: Sequence[Frame], instances: Sequence[tuple[Instance, ...]]) -> list[Lifted]:
        """Lift each frame with its instances."""
        return [self._lift(frame, seen) for frame, seen in zip(frames, instances, strict=True)]

    def _lift(self, frame: Frame, instances: tuple[Instance, ...]) -> Lifted:
        if frame.depth_m is None:
            return Lifted(None, (Drop("lift", frame.id, NO_DEPTH),))
        if frame.camera is None:
            return Lifted(None, (Drop("lift", frame.id, NO_CAMERA),))
        config = _told(self.config, frame)
        lifted = _scene_of(frame, instances, config)
        return _anchored(frame, instances, lifted, config) if config.anchors else lifted


def _told(config: LiftConfig, frame: Frame) -> LiftConfig:
    """The error model for a frame: that of its depth's source, where depth was not measured."""
    if frame.depth_source is None:
        return config
    errors = frame.depth_source.errors
    return replace(
        config, depth_scale_error=errors.scale, depth_local_error=errors.local, depth_local_reach=errors.reach
    )


def _anchored(frame: Frame, instances: tuple[Instance, ...], lifted: Lifted, config: LiftConfig) -> Lifted:
    """The scene at the scale that its anchors fix; as it is where they are not in sight.

    What stands on the plane, and where masks end, is decided by lengths in metres, so the lift is done again until the
    scale stays.
    """
    source = frame.depth_source
    prior: Prior | None = Prior("sensor" if source is None else source.name, config.depth_scale_error)
    if source is not None and source.scale == "relative":
        prior = None
    if source is not None and source.errors.shift > 0:
        return lifted  # no length fixes what has an unknown constant
    total, anchors = 0.0, config.anchors
    for again in range(MOST_LIFTS):
        scene = lifted.scene
        if scene is None:
            return lifted
        found = readings(scene, anchors, prior if again == 0 else None)
        if not found:
            return lifted
        anchors = tuple(anchor for anchor in anchors if any(reading.anchor == anchor for reading in found))
        apart = disagreement(found, prior, total)
        if apart is not None:
            return Lifted(None, (Drop("lift", frame.id, apart),))
        factor, error = fused(found, prior, total)
        step, total = factor - total, factor
        known = " and ".join(dict.fromkeys(reading.anchor.said for reading in found))
        lifted = _scene_of(_scaled(frame, total), instances, replace(config, depth_scale_error=error), known)
        if abs(step) < SETTLED:
            break
    return lifted


def _scaled(frame: Frame, log_factor: float) -> Frame:
    """The frame with its depth times a factor, in metres."""
    assert frame.depth_m is not None
    source = None if frame.depth_source is None else replace(frame.depth_source, scale="metric")
    return replace(frame, depth_m=frame.depth_m * np.float32(math.exp(log_factor)), depth_source=source)


def _scene_of(frame: Frame, instances: tuple[Instance, ...], config: LiftConfig, anchor: str = "") -> Lifted:
    """The scene of a frame with depth and camera, and the instances that have no place in it."""
    assert frame.depth_m is not None
    assert frame.camera is not None
    focal_px, noise = float(frame.camera.image_from_camera[0, 0]), relative_noise(frame.depth_m)
    seen, drops = _surfaces(frame, instances, noise, config)
    world = _world(frame, instances, [surface for _, surface in seen], noise, config)
    objects = []
    for instance, surface in seen:
        lifted = lift_object(instance, surface, world, focal_px, config)
        if isinstance(lifted, str):
            drops.append(Drop("lift", f"{frame.id}/{instance.id}", lifted))
        else:
            objects.append(lifted)
    source = frame.depth_source
    scene = Scene(
        frame_id=frame.id,
        camera=frame.camera,
        world_from_camera=world.world_from_camera,
        gravity=world.gravity,
        support=world.support,
        scale="metric" if source is None else source.scale,
        scale_provenance=f"anchor: {anchor}" if anchor else "sensor" if source is None else source.name,
        errors=world.errors,
        objects=tuple(objects),
        versions=frame.versions,
        verdict=frame.verdict,
    )
    return Lifted(scene, tuple(drops))


def _surfaces(
    frame: Frame, instances: tuple[Instance, ...], noise: float, config: LiftConfig
) -> tuple[list[tuple[Instance, Surface]], list[Drop]]:
    """The instances with the clean surface of each, and why the others have none."""
    assert frame.depth_m is not None
    assert frame.camera is not None
    seen: list[tuple[Instance, Surface]] = []
    drops = []
    for instance in instances:
        surface = clean_surface(_mask(frame, instance), frame.depth_m, frame.camera.image_from_camera, noise, config)
        if isinstance(surface, str):
            drops.append(Drop("lift", f"{frame.id}/{instance.id}", surface))
        else:
            seen.append((instance, surface))
    return seen, drops


def _world(
    frame: Frame, instances: tuple[Instance, ...], surfaces: Sequence[Surface], noise: float, config: LiftConfig
) -> World:
    """The world frame: up is given, or found with the support plane, or what a model says, in this order."""
    assert frame.camera is not None
    given = None if frame.gravity_in_camera is None else (-frame.gravity_in_camera, config.given_gravity_error_rad)
    planes = _planes(frame, instances, surfaces, noise, given, config)
    world = find_world(planes, given, "given", surfaces, frame.camera, config)
    estimate = frame.gravity_estimate
    if world.gravity is None and estimate is not None:
        told = (-estimate.gravity_in_camera, estimate.error_rad)
        planes = _planes(frame, instances, surfaces, noise, told, config)
        world = find_world(planes, told, "model", surfaces, frame.camera, config)
    shift = 0.0 if frame.depth_source is None else frame.depth_source.errors.shift
    if shift > 0:
        assert frame.depth_m is not None
        world = replace(world, errors=replace(world.errors, shift=shift / float(np.nanmedian(frame.depth_m))))
    return world


def _planes(
    frame: Frame,
    instances: tuple[Instance, ...],
    surfaces: Sequence[Surface],
    noise: float,
    up: tuple[Float64[np.ndarray, " 3"], float] | None,
    config: LiftConfig,
) -> list[Plane] | str:
    """The planes that may be the support. Depth with an unknown shift has planes too, but tilted and raised ones."""
    assert frame.depth_m is not None
    assert frame.camera is not None
    if frame.depth_source is not None and frame.depth_source.errors.shift > 0:
        return "depth_has_no_shape"
    matrix = frame.camera.image_from_camera
    background = _background(frame, instances)
    if frame.floor is not None:
        background &= frame.floor
    return find_planes(
        frame.depth_m,
        matrix,
        background,
        noise,
        None if up is None else up[0],
        enough=lambda plane: things_stand_on(plane, surfaces, float(matrix[0, 0]), config),
        drift=Drift(config.depth_local_error, config.depth_local_reach),
    )


def _mask(frame: Frame, instance: Instance) -> Bool[np.ndarray, "h w"]:
    if isinstance(instance.mask, Rle) or instance.mask.shape != frame.image.shape[:2]:
        got = "an Rle" if isinstance(instance.mask, Rle) else instance.mask.shape
        raise ContractError(
            f"mask of instance {instance.id!r} in frame {frame.id!r}: got {got}, expected a bool array of shape "
            f"{frame.image.shape[:2]}; fix the detector"
        )
    return instance.mask


def _background(frame: Frame, instances: tuple[Instance, ...]) -> Bool[np.ndarray, "h w"]:
    """The pixels of no object, with a margin since masks end short of the objects."""
    taken = np.zeros(frame.image.shape[:2], bool)
    for instance in instances:
        taken |= _mask(frame, instance)
    return ~cv2.dilate(taken.view(np.uint8), np.ones((7, 7), np.uint8)).view(bool)
