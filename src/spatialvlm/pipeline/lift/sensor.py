"""Lift with the depth of a sensor: what the frame measured is taken at its word, with the error model of LiftConfig."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool

from spatialvlm.depth import NO_DEPTH, relative_noise
from spatialvlm.errors import ContractError
from spatialvlm.pipeline.lift import LiftConfig, Lifted
from spatialvlm.pipeline.lift.box import lift_object
from spatialvlm.pipeline.lift.gravity import find_world, things_stand_on
from spatialvlm.pipeline.lift.surface import Surface, clean_surface
from spatialvlm.records import Drop, Frame, Instance, Rle, Scene
from spatialvlm.support import Drift, find_planes

NO_CAMERA = "no_camera: the frame has no intrinsics; give its camera (fx, fy, cx, cy in pixels) in frames.jsonl"


class SensorLift:
    """Frames with depth to Scenes."""

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
        intrinsics = frame.camera.image_from_camera
        focal_px = float(intrinsics[0, 0])
        noise = relative_noise(frame.depth_m)
        seen: list[tuple[Instance, Surface]] = []
        drops = []
        for instance in instances:
            mask = _mask(frame, instance)
            surface = clean_surface(mask, frame.depth_m, intrinsics, noise, self.config)
            if isinstance(surface, str):
                drops.append(Drop("lift", f"{frame.id}/{instance.id}", surface))
            else:
                seen.append((instance, surface))
        given_up = None if frame.gravity_in_camera is None else -frame.gravity_in_camera
        surfaces = [surface for _, surface in seen]
        planes = find_planes(
            frame.depth_m,
            intrinsics,
            _background(frame, instances),
            noise,
            given_up,
            enough=lambda plane: things_stand_on(plane, surfaces, focal_px, self.config),
            drift=Drift(self.config.depth_local_error, self.config.depth_local_reach),
        )
        world = find_world(planes, given_up, surfaces, frame.camera, self.config)
        objects = []
        for instance, surface in seen:
            lifted = lift_object(instance, surface, world, focal_px, self.config)
            if isinstance(lifted, str):
                drops.append(Drop("lift", f"{frame.id}/{instance.id}", lifted))
            else:
                objects.append(lifted)
        scene = Scene(
            frame_id=frame.id,
            camera=frame.camera,
            world_from_camera=world.world_from_camera,
            gravity=world.gravity,
            support=world.support,
            scale="metric",
            scale_provenance="sensor",
            errors=world.errors,
            objects=tuple(objects),
        )
        return Lifted(scene, tuple(drops))


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
