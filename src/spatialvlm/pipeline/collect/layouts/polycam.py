"""polycam: Polycam's raw data (keyframes/) -> Frames with depth, camera, pose and gravity.

keyframes/images/T.jpg with cameras/T.json and depth/T.png; corrected_images and corrected_cameras go before them, where
Polycam has aligned the poses. A camera file has fx, fy, cx, cy, width, height and the rows t_00 ... t_23 of its pose in
ARKit's world, y up; the camera looks along its -z axis. Depth is in millimetres, smaller than the picture and of its
shape. See nerfstudio/process_data/polycam_utils.py in https://github.com/nerfstudio-project/nerfstudio at 4859f6c.
"""

from pathlib import Path

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import CollectConfig
from spatialvlm.pipeline.collect.layouts.frame_list import Y_UP, FrameList, ListedFrame
from spatialvlm.pipeline.collect.layouts.stated_cameras import OPENCV_FROM_OPENGL, StatedCamera
from spatialvlm.pipeline.collect.layouts.text_files import json_in
from spatialvlm.records import SequencePosition


class PolycamCapture(FrameList):
    """The keyframes of one capture, in order of time."""

    option, title = "polycam", "a Polycam capture (keyframes/)"
    up_in_world = Y_UP
    ordered = True

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Look for the folders of keyframes."""
        return "keyframes/cameras" if (path / "keyframes/cameras").is_dir() else None

    @classmethod
    def open(cls, source: str, config: CollectConfig, seed: int) -> "PolycamCapture":
        """Open a capture. Raises UserError where a camera file cannot be read."""
        folder = Path(source)
        keyframes = folder / "keyframes"
        aligned = (keyframes / "corrected_cameras").is_dir() and (keyframes / "corrected_images").is_dir()
        images, cameras = ("corrected_images", "corrected_cameras") if aligned else ("images", "cameras")
        paths = sorted((keyframes / cameras).glob("*.json"), key=lambda path: (len(path.stem), path.stem))
        frames = [
            ListedFrame(
                path.stem,
                f"keyframes/{images}/{path.stem}.jpg",
                depth if (folder / (depth := f"keyframes/depth/{path.stem}.png")).is_file() else None,
                0.001,
                *_camera_and_pose(path),
                sequence=SequencePosition(folder.resolve().name, place),
                more_files=(f"keyframes/{cameras}/{path.name}",),
            )
            for place, path in enumerate(paths)
        ]
        return cls(folder, frames, [] if aligned else ["poses are as ARKit tracked them; Polycam has not aligned them"])


def _camera_and_pose(path: Path) -> tuple[StatedCamera, Float64[np.ndarray, "4 4"]]:
    record = json_in(path, dict)
    try:
        rows = [[float(record[f"t_{row}{column}"]) for column in range(4)] for row in range(3)]
        fx, fy, cx, cy, width, height = (float(record[key]) for key in ("fx", "fy", "cx", "cy", "width", "height"))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: {error} is missing or no number; expected fx, fy, cx, cy, width, height, t_.."
        ) from None
    pose = np.array([*rows, [0.0, 0.0, 0.0, 1.0]])
    return StatedCamera(fx, fy, cx, cy, int(width), int(height)), pose @ OPENCV_FROM_OPENGL
