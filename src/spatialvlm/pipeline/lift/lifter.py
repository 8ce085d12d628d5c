"""The geometry of the lift: a frame with depth and camera, and its instances, to a Scene.

What a sensor measured has the error model of LiftConfig, what a model made has that of its `DepthSource`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool

from spatialvlm.errors import ContractError
from spatialvlm.geometry import NO_DEPTH, NOISE_FLOOR, Drift, Plane, find_planes, relative_noise, spans
from spatialvlm.pipeline.lift import EXACT, MEASURED, LiftConfig
from spatialvlm.pipeline.lift.anchors import Prior, disagreement, fused, readings
from spatialvlm.pipeline.lift.box import lift_object
from spatialvlm.pipeline.lift.exact_depth import ends_at_breaks
from spatialvlm.pipeline.lift.free_space import surfaces_of
from spatialvlm.pipeline.lift.gravity_check import contradiction
from spatialvlm.pipeline.lift.likely_sizes import size_doubts, without_doubtful_scale
from spatialvlm.pipeline.lift.occlusion import neighbours_of
from spatialvlm.pipeline.lift.surface import Surface, clean_surface
from spatialvlm.pipeline.lift.up import DISAGREE, Up, estimated_up, fused_with, given_up, seen_up
from spatialvlm.pipeline.lift.world import World, find_world, things_stand_on
from spatialvlm.records import DepthErrors, Drop, Frame, Instance, Rle, Sample, Scene

EXACT_PLANE = 0.2  # of a plane's error is left where depth is exact
MAX_LIFTS = 4
SETTLED = 0.002  # of the scale
ANCHOR = "anchor: "
NO_INSTANCES = "no_instances: the frame has no instances; give them, or run a detector before the lift"
NO_CAMERA = "no_camera: the frame has no intrinsics; give its camera (fx, fy, cx, cy in pixels) in frames.jsonl"


def lift_frame(sample: Sample, config: LiftConfig) -> Sample:
    """Lift the frame of a Sample."""
    frame = sample.frame
    assert frame is not None
    if frame.instances is None:
        return sample.dropped(Drop("lift", frame.id, NO_INSTANCES))
    if frame.depth is None:
        return sample.dropped(Drop("lift", frame.id, NO_DEPTH))
    if frame.camera is None:
        return sample.dropped(Drop("lift", frame.id, NO_CAMERA))
    errors = config.depth_errors if frame.depth_source is None else frame.depth_source.errors
    noise, up = relative_noise(frame.depth), given_up(frame, config.given_gravity_error_rad)
    if up is None:
        up = seen_up(frame, noise, errors)
    elif wrong := contradiction(frame, up, noise, errors):
        return sample.dropped(Drop("lift", frame.id, wrong))
    known = _Known(noise, up, _exact(frame, noise, errors, config))
    lifted = _scene_of(frame, known, errors, config)
    if config.anchors and errors.shift == 0:  # no length fixes depth with an unknown constant
        anchored = _anchored(frame, lifted, known, errors, config)
        if isinstance(anchored, Drop):
            return sample.dropped(anchored)
        lifted = anchored
    doubts = (Drop("lift", frame.id, text) for text in size_doubts(lifted.scene))
    drops, doubts = (*sample.drops, *lifted.drops), (*sample.doubts, *doubts)
    guessed = frame.depth_source is not None and not lifted.scene.scale_provenance.startswith(ANCHOR)
    scene = without_doubtful_scale(lifted.scene) if guessed else lifted.scene
    return replace(sample, scene=scene, drops=drops, doubts=doubts)


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A scene, and the instances that have no place in it."""

    scene: Scene
    drops: tuple[Drop, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What a depth map says in any unit: its noise, up or why that is unknown, of which instances it is exact."""

    noise: float
    up: Up | str
    exact: frozenset[str]


def _exact(frame: Frame, noise: float, errors: DepthErrors, config: LiftConfig) -> frozenset[str]:
    """Find the instances whose masks end where depth breaks, if those of most do so and depth is without noise.

    Of a sensor at least twice NOISE_FLOOR is measured, of a renderer's depth in whole millimetres less from 2 m on.
    """
    if config.rules == 1 or frame.depth_source is not None or noise > NOISE_FLOOR or errors.local > 0:
        return frozenset()
    assert frame.depth is not None
    instances = frame.instances or ()
    found = frozenset(one.id for one in instances if ends_at_breaks(_mask(frame, one), frame.depth))
    return found if 2 * len(found) > len(instances) else frozenset()


def _anchored(frame: Frame, lifted: _Lifted, known: _Known, errors: DepthErrors, config: LiftConfig) -> _Lifted | Drop:
    """Bring the scene to the scale that its anchors fix; it stays as it is where they are not in sight.

    What stands on the plane, and where masks end, is decided by lengths in metres, so the lift is done again until the
    scale stays.
    """
    source = frame.depth_source
    prior = None if frame.depth_m is None else Prior("sensor" if source is None else source.name, errors.scale)
    total, anchors = 0.0, config.anchors
    for again in range(MAX_LIFTS):
        found = readings(lifted.scene, anchors, prior if again == 0 else None)
        if not found:
            return lifted
        anchors = tuple(anchor for anchor in anchors if any(reading.anchor == anchor for reading in found))
        apart = disagreement(found, prior, total)
        if apart is not None:
            return Drop("lift", frame.id, apart)
        factor, error = fused(found, prior, total)
        step, total = factor - total, factor
        said = " and ".join(dict.fromkeys(reading.anchor.said for reading in found))
        lifted = _scene_of(_scaled(frame, total), known, replace(errors, scale=error), config, said)
        if abs(step) < SETTLED:
            break
    return lifted


def _scaled(frame: Frame, log_factor: float) -> Frame:
    """Multiply the frame's depth by a factor, into metres."""
    assert frame.depth is not None
    return replace(frame, depth_m=frame.depth * np.float32(math.exp(log_factor)), relative_depth=None)


def _scene_of(frame: Frame, known: _Known, errors: DepthErrors, config: LiftConfig, anchor: str = "") -> _Lifted:
    """Make the scene of a frame with depth, camera and instances."""
    assert frame.depth is not None
    assert frame.camera is not None
    focal_px, noise = float(frame.camera.image_from_camera[0, 0]), known.noise
    if known.exact and errors == MEASURED:
        errors = EXACT
    seen, left = _surfaces(frame, known, config)
    said = "depth without noise" if known.exact else "sensor" if frame.depth_source is None else frame.depth_source.name
    background = _background(frame)
    # What is seen in part has its lowest point elsewhere: it does not tell what it stands on while others do.
    whole = [surface for instance, surface in seen if spans(instance.mask, instance.box_xyxy)]
    standing = whole or [surface for _, surface in seen]
    world = _world(frame, standing, background, known, errors)
    neighbours = None if config.rules == 1 else neighbours_of(frame, world, noise)
    objects = []
    for instance, surface in seen:
        lifted = lift_object(instance, surface, world, focal_px, config, neighbours)
        if isinstance(lifted, str):
            left.append((instance, lifted))
        else:
            objects.append(lifted)
    scene = Scene(
        frame_id=frame.id,
        camera=frame.camera,
        world_from_camera=world.world_from_camera,
        gravity=world.gravity,
        support=world.support,
        scale="relative" if frame.depth_m is None else "metric",
        scale_provenance=f"{ANCHOR}{anchor}" if anchor else said,
        errors=world.errors,
        objects=tuple(objects),
        versions=frame.versions,
        verdict=frame.verdict,
        unlifted=tuple(instance for instance, _ in left),
        surfaces=surfaces_of(frame, background, world, objects, noise, errors),
    )
    return _Lifted(scene, tuple(Drop("lift", f"{frame.id}/{instance.id}", reason) for instance, reason in left))


def _surfaces(
    frame: Frame, known: _Known, config: LiftConfig
) -> tuple[list[tuple[Instance, Surface]], list[tuple[Instance, str]]]:
    """Find the instances with the clean surface of each, and why the others have none."""
    assert frame.depth is not None
    assert frame.camera is not None
    seen: list[tuple[Instance, Surface]] = []
    left: list[tuple[Instance, str]] = []
    for instance in frame.instances or ():
        matrix, exact = frame.camera.image_from_camera, instance.id in known.exact
        surface = clean_surface(_mask(frame, instance), frame.depth, matrix, known.noise, config, exact)
        if isinstance(surface, str):
            left.append((instance, surface))
        else:
            seen.append((instance, surface))
    return seen, left


def _world(
    frame: Frame,
    surfaces: Sequence[Surface],
    background: Bool[np.ndarray, "h w"],
    known: _Known,
    errors: DepthErrors,
) -> World:
    """Find the world frame: up is known, or found with the support plane, or what a model says, in this order."""

    def with_up(up: Up | str | None) -> World:
        assert frame.camera is not None
        if isinstance(up, str):
            return find_world(up, None, surfaces, frame.camera, errors)
        planes = _planes(frame, surfaces, background, known, up, errors)
        return find_world(planes, up, surfaces, frame.camera, errors)

    estimate, up = estimated_up(frame), known.up
    if not isinstance(up, str) or up == DISAGREE:
        world = with_up(up)
    else:
        world = with_up(None)
        if estimate is not None:
            world = with_up(estimate if world.gravity is None else fused_with(estimate, world.up))
    if errors.shift > 0:
        assert frame.depth is not None
        shift = errors.shift / float(np.nanmedian(frame.depth))
        world = replace(world, errors=replace(world.errors, shift=shift))
    return world


def _planes(
    frame: Frame,
    surfaces: Sequence[Surface],
    background: Bool[np.ndarray, "h w"],
    known: _Known,
    up: Up | None,
    errors: DepthErrors,
) -> list[Plane] | str:
    """Find planes that may be the support. Depth with an unknown shift has planes too, but tilted and raised ones.

    Where depth is exact no lens bends them.
    """
    assert frame.depth is not None
    assert frame.camera is not None
    if errors.shift > 0:
        return "depth_has_no_shape"
    matrix = frame.camera.image_from_camera
    found = find_planes(
        frame.depth,
        matrix,
        background,
        known.noise,
        None if up is None else up.in_camera,
        enough=lambda plane: things_stand_on(plane, surfaces, float(matrix[0, 0]), errors),
        drift=Drift(errors.local, errors.reach),
    )
    if isinstance(found, str) or not known.exact:
        return found
    return [
        replace(
            plane,
            tilt_error_rad=EXACT_PLANE * plane.tilt_error_rad,
            height_error_m=EXACT_PLANE * plane.height_error_m,
        )
        for plane in found
    ]


def _mask(frame: Frame, instance: Instance) -> Bool[np.ndarray, "h w"]:
    if isinstance(instance.mask, Rle) or instance.mask.shape != frame.image.shape[:2]:
        got = "an Rle" if isinstance(instance.mask, Rle) else instance.mask.shape
        raise ContractError(
            f"mask of instance {instance.id!r} in frame {frame.id!r}: got {got}, expected a bool array of shape "
            f"{frame.image.shape[:2]}; fix the detector"
        )
    return instance.mask


def _background(frame: Frame) -> Bool[np.ndarray, "h w"]:
    """Find the pixels that may be of what things stand on: of no object, with a margin since masks end short of them,
    and of the floor where a model found that.
    """
    taken = np.zeros(frame.image.shape[:2], bool)
    for instance in frame.instances or ():
        taken |= _mask(frame, instance)
        if not spans(instance.mask, instance.box_xyxy):  # what the mask misses lies in the box
            left, top, right, bottom = instance.box_xyxy.round().astype(int).clip(0).tolist()
            taken[top:bottom, left:right] = True
    bare = ~cv2.dilate(taken.view(np.uint8), np.ones((7, 7), np.uint8)).view(bool)
    return bare if frame.floor is None else bare & frame.floor
