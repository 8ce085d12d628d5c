"""What is exactly true of a drawn frame: a picture and the object that each pixel sees enter, a Frame leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Integer, UInt8

from spatialvlm.geometry import tight_box
from spatialvlm.records import Camera, Frame, Instance, Source

LICENCE = "CC0-1.0"

Corner = Float64[np.ndarray, " 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A frame, mostly without its picture (which then is black), and what nobody could see of it.

    `boxes` holds the lowest and the highest corner of each object in the world, by the id that it has, or would have,
    as an instance: also of those that the camera does not see. `supports` is the height of the surface that it stands
    on: 0 on the floor, NaN for what hangs.
    """

    frame: Frame
    world_from_camera: Float64[np.ndarray, "4 4"]
    boxes: Mapping[str, tuple[Corner, Corner]]
    supports: Mapping[str, float]


def instance_id(place: int) -> str:
    """Name the object at this place in its world; ids count from 1."""
    return str(place + 1)


def exact_frame(
    frame_id: str,
    origin: str,
    image: UInt8[np.ndarray, "h w 3"] | None,
    image_from_camera: Float64[np.ndarray, "3 3"],
    depth_m: Float32[np.ndarray, "h w"],
    gravity_in_camera: Corner,
    captions: Sequence[tuple[str, ...]],
    seen: Integer[np.ndarray, "h w"],
    sequence_from_camera: Float64[np.ndarray, "4 4"] | None = None,
) -> Frame:
    """Put a frame together; `seen` has the place of an object in `captions` for each pixel, -1 for none.

    Objects that no pixel sees are no instances. Without an image the frame is black and has no file.
    """
    height, width = depth_m.shape
    png = b"" if image is None else cv2.imencode(".png", image[..., ::-1])[1].tobytes()
    instances = []
    for place in np.unique(seen[seen >= 0]).tolist():
        mask = seen == place
        instances.append(Instance(instance_id(place), captions[place], tight_box(mask), mask))
    return Frame(
        frame_id,
        np.zeros((height, width, 3), np.uint8) if image is None else image,
        Camera(image_from_camera, width, height),
        depth_m,
        gravity_in_camera,
        tuple(instances),
        Source(origin, LICENCE, f"{frame_id}.png", png),
        sequence_from_camera=sequence_from_camera,
    )
