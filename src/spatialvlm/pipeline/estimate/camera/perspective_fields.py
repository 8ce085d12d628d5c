"""camera by PerspectiveFields: roll, pitch and field of view, regressed from up vectors and latitudes.

Its API, read in https://github.com/jinlinyi/PerspectiveFields at ee6428b (perspective2d/perspectivefields.py) and
339dc29 (modeling/param_network/param_network.py): `PerspectiveFields(version).inference(img_bgr=)` with a uint8 image
(h, w, 3) gives `pred_roll`, `pred_pitch` and `pred_vfov` in degrees. Its `pred_rel_focal` takes the field of view in
quarter turns for radians in some versions and is left alone.

The sign. `create_rotation_matrix` (perspective2d/utils/panocam.py at 0223891) is R = Rz(roll) Rx(pitch) Ry(yaw) from
the world to the camera, both x right, y down, z forward (latitude is minus the angle of y). Down is R (0, 1, 0) =
(sin r cos p, cos r cos p, -sin p); `get_up_general` agrees, whose up at pitch 0 is (-sin r, -cos r). A camera that
looks down by q has the pitch -q and so down = (0, cos q, sin q).
"""

import math
from collections.abc import Sequence
from urllib.error import URLError

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.models import Batches, Model, Runtime, torch_device
from spatialvlm.pipeline.estimate.camera import CameraEstimate
from spatialvlm.pipeline.estimate.packages import focal_error, import_package, known_focal_px
from spatialvlm.records import Frame

INSTALL = "pip install git+https://github.com/jinlinyi/PerspectiveFields.git"
VERSIONS = ("Paramnet-360Cities-edina-centered", "PersNet_Paramnet-GSV-centered")
"""Those that find roll, pitch and field of view for a principal point in the middle, where that of a photo is."""

# The README of GeoCalib (0a9281a) gives for ParamNet areas under the curve of errors up to 10 degrees: pitch 73.1 and
# field of view 27.8 on Stanford2D3D, 70.2 and 14.3 on LaMAR. Normal errors of 3.4 and 14, 3.8 and 28 degrees have them.
GRAVITY_ERROR_RAD = math.radians(3.6)
FIELD_OF_VIEW_ERROR_RAD = math.radians(14)


class PerspectiveFields:
    """PerspectiveFields as a CameraModel. `weights`: one of VERSIONS, which the package downloads.

    A focal length that is known (calibrated or EXIF) is left alone: none is returned. Raises UserError where the
    package is not installed, the version is another, or its weights cannot be had.
    """

    files = "elsewhere"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        if model.weights not in VERSIONS:
            raise UserError(f"weights {model.weights!r} of perspective_fields: choose one of {', '.join(VERSIONS)}")
        package = import_package("perspective2d", INSTALL)
        try:
            network = package.PerspectiveFields(model.weights)
        except (URLError, OSError, RuntimeError) as error:
            raise UserError(
                f"weights {model.weights!r} of perspective_fields: cannot be had ({error}); run once where there is a "
                "network, and copy the folder of torch.hub.get_dir() from there"
            ) from error
        self._network = network.to(torch_device(runtime)).eval()
        self.name = self.version = model.weights
        self._batches = Batches(1)  # it takes one image at a time

    def __call__(self, frames: Sequence[Frame]) -> list[CameraEstimate | None]:
        """Estimate the camera of each frame; None where the angles are none that a camera can have."""
        return self._batches(lambda some: [self._look(frame) for frame in some], frames)

    def _look(self, frame: Frame) -> CameraEstimate | None:
        made = self._network.inference(img_bgr=np.ascontiguousarray(frame.image[:, :, ::-1]))
        roll, pitch, field = (
            math.radians(float(made[name].reshape(()))) for name in ("pred_roll", "pred_pitch", "pred_vfov")
        )
        if not (math.isfinite(roll) and math.isfinite(pitch) and 0 < field < math.pi):
            return None
        down = down_in_camera(roll, pitch)
        if known_focal_px(frame.camera) is not None:
            return CameraEstimate(down, GRAVITY_ERROR_RAD)
        height = frame.image.shape[0]
        focal = height / 2 / math.tan(field / 2)
        return CameraEstimate(down, GRAVITY_ERROR_RAD, focal, focal_error(focal, height, FIELD_OF_VIEW_ERROR_RAD))


def down_in_camera(roll_rad: float, pitch_rad: float) -> Float64[np.ndarray, " 3"]:
    """Find down in the camera frame from roll and pitch, positive when looking up; the module says why."""
    level = math.cos(pitch_rad)
    return np.array([math.sin(roll_rad) * level, math.cos(roll_rad) * level, -math.sin(pitch_rad)])
