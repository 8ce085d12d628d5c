"""Pictures with numbered marks, for questions that call objects by them: a scene and its image in, an image file out.

The numbers are those of the report and of `spatialvlm show`: the places of the objects in the scene, from 1.
"""

import cv2
import numpy as np
from jaxtyping import UInt8

from spatialvlm.errors import DatasetError
from spatialvlm.page import draw_marks
from spatialvlm.records import QA, Scene, Source

JPEG_QUALITY = 95


def needs_marks(qa: QA) -> bool:
    """Tell whether a question calls objects by marks that its picture must show."""
    return qa.reference == "mark"


def marked_picture(scene: Scene, source: Source) -> bytes:
    """Draw the numbered marks of all objects into the image of a scene: a JPEG where the image is one, else a PNG.

    Raises DatasetError where the image can't be decoded or has not the size of the scene.
    """
    image = scene_image(scene, source)
    if image is None:
        raise DatasetError(
            f"image of frame {scene.frame_id!r}: got {len(source.image_bytes)} bytes that are no picture of "
            f"{scene.camera.width}x{scene.camera.height}, so no marks can be drawn; build the dataset again"
        )
    marked = draw_marks(image, [found.instance.mask for found in scene.objects])[..., ::-1]
    if source.image_bytes.startswith(b"\xff\xd8\xff"):
        return cv2.imencode(".jpg", marked, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
    return cv2.imencode(".png", marked)[1].tobytes()


def scene_image(scene: Scene, source: Source) -> UInt8[np.ndarray, "h w 3"] | None:
    """Decode an image as the masks of its scene see it; None where there is none of that size."""
    size = (scene.camera.height, scene.camera.width)
    # unturned first: RGB-D folders are aligned to the stored pixels, and half a turn does not show in the size
    for flags in (cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, cv2.IMREAD_COLOR):
        data = np.frombuffer(source.image_bytes, np.uint8)
        image = cv2.imdecode(data, flags) if len(data) else None
        if image is not None and image.shape[:2] == size:
            return np.ascontiguousarray(image[..., ::-1])
    return None
