"""upright: a frame whose picture lies on its side or head -> the same frame turned by quarters, with all that is known.

Phones store what the sensor saw, however they were held. Apple turns the pictures of ARKitScenes alike:
https://github.com/apple/ARKitScenes/blob/15a8e2ce8af53e8999d0d065f323122a687ac6eb/threedod/benchmark_scripts/rectify_im.py
"""

import math
from dataclasses import replace

import cv2
import numpy as np

from spatialvlm.geometry import intrinsics
from spatialvlm.pipeline.collect.mask_files import mask_box
from spatialvlm.records import Camera, Frame

STEEPEST = 0.5  # of gravity in the picture: a camera that looks straight down or up has no upright picture
CLOCKWISE = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""turned_from_camera of one quarter: what pointed right points down."""


def upright(frame: Frame) -> Frame:
    """Turn a frame by as many quarters as bring gravity nearest to down in its picture; none where it is unknown."""
    gravity = frame.gravity_in_camera
    if gravity is None or math.hypot(gravity[0], gravity[1]) < STEEPEST:
        return frame
    quarters = round(math.atan2(gravity[0], gravity[1]) / (math.pi / 2)) % 4
    for _ in range(quarters):
        frame = _turned(frame)
    if not quarters:
        return frame
    _, file = cv2.imencode(".png", cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
    return replace(frame, source=replace(frame.source, image_bytes=file.tobytes()))


def _turned(frame: Frame) -> Frame:
    """Turn a frame clockwise by a quarter."""
    instances = frame.instances
    if instances is not None:
        masks = [np.ascontiguousarray(np.rot90(np.asarray(one.mask, bool), -1)) for one in instances]
        instances = tuple(
            replace(one, mask=mask, box_xyxy=mask_box(mask)) for one, mask in zip(instances, masks, strict=True)
        )
    pose = frame.sequence_from_camera
    if pose is not None:
        camera_from_turned = np.eye(4)
        camera_from_turned[:3, :3] = CLOCKWISE.T
        pose = pose @ camera_from_turned
    return replace(
        frame,
        image=np.ascontiguousarray(np.rot90(frame.image, -1)),
        depth_m=None if frame.depth_m is None else np.ascontiguousarray(np.rot90(frame.depth_m, -1)),
        camera=None if frame.camera is None else _turned_camera(frame.camera),
        gravity_in_camera=None if frame.gravity_in_camera is None else CLOCKWISE @ frame.gravity_in_camera,
        instances=instances,
        sequence_from_camera=pose,
    )


def _turned_camera(camera: Camera) -> Camera:
    fx, _, cx, _, fy, cy = camera.image_from_camera.ravel()[:6].tolist()
    return replace(
        camera,
        image_from_camera=intrinsics(fy, fx, camera.height - cy, cx),
        width=camera.height,
        height=camera.width,
    )
