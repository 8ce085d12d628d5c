"""camera by GeoCalib: gravity and focal length by fitting them to the up vectors and latitudes that a network sees.

Its API, read in https://github.com/cvg/GeoCalib at 02ca0d4 (geocalib/extractor.py, gravity.py, camera.py,
perspective_fields.py, lm_optimizer.py): `GeoCalib(weights="pinhole").calibrate(image, priors={"focal": f})` with an RGB
image (3, h, w) in [0, 1] gives `camera.f` (1, 2) in pixels of that image, `gravity.vec3d` (1, 3) and
`gravity_uncertainty` in radians.

The sign. What it calls gravity points UP, in a camera frame of x right, y down, z forward:
- `Gravity.from_rp(roll, pitch)` is (-sin r cos p, -cos r cos p, sin p); level, that is (0, -1, 0), against its y axis,
  along which pixel rows grow (`normalize` is (pixel - c) / f, with no flip);
- `get_up_field` projects vec3d as the up direction: at a pixel (u, v) the field is vec3d_xy - vec3d_z (u, v);
- `get_latitude_field` is asin(ray . vec3d), positive above the horizon.
Hence down, which `gravity_in_camera` is, is -vec3d = (sin r cos p, cos r cos p, -sin p). A camera that looks down by q
has the pitch -q and so down = (0, cos q, sin q): partly forward, as it must be.
"""

import math
from collections.abc import Sequence
from urllib.error import URLError

import numpy as np

from spatialvlm.errors import UserError
from spatialvlm.models import Batches, Model, Runtime, import_torch, locate, torch_device
from spatialvlm.pipeline.estimate.camera import CameraEstimate
from spatialvlm.pipeline.estimate.packages import focal_error, import_package, known_focal_px
from spatialvlm.records import Frame

INSTALL = 'python -m pip install "git+https://github.com/cvg/GeoCalib#egg=geocalib"'
RELEASE = "https://github.com/cvg/GeoCalib/releases/download/v1.0/geocalib-pinhole.tar"

# The README (0a9281a) gives areas under the curve of errors up to 10 degrees: pitch 84.6 and field of view 59.4 on
# Stanford2D3D, 86.2 and 60.0 on LaMAR. Normal errors of 1.9 and 5.2, 1.7 and 5.1 degrees have these areas; roll is
# three times better than pitch. The uncertainty that the model states comes from its fit alone, so it is added.
GRAVITY_ERROR_RAD = math.radians(1.9)
FIELD_OF_VIEW_ERROR_RAD = math.radians(5.2)


class GeoCalib:
    """GeoCalib as a CameraModel. `weights`: "pinhole", those of its release, or a local file of such.

    A focal length that is known (calibrated or EXIF) goes into the fit and is not returned. Raises UserError where the
    package is not installed or the weights cannot be had.
    """

    files = "elsewhere"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._device = torch_device(runtime)
        weights, self.name, self.version = "pinhole", "GeoCalib pinhole", "v1.0"
        if model.weights != weights:
            located = locate(model)
            weights, self.name, self.version = str(located.path), located.name, located.version
        package = import_package("geocalib", INSTALL)
        try:
            network = package.GeoCalib(weights=weights)
        except URLError as error:
            raise UserError(
                f"weights of GeoCalib: cannot be downloaded ({error.reason}); where there is a network get {RELEASE} "
                "and give its path"
            ) from error
        except (ValueError, OSError, RuntimeError, KeyError) as error:
            raise UserError(
                f"weights {model.weights!r}: GeoCalib cannot load them ({error}); give 'pinhole' or a copy of {RELEASE}"
            ) from error
        self._network = network.to(self._device).eval()
        self._batches = Batches(1)  # it calibrates one image at a time

    def __call__(self, frames: Sequence[Frame]) -> list[CameraEstimate | None]:
        """Estimate the camera of each frame; None where the fit fails or does not determine where down is."""
        return self._batches(lambda some: [self._calibrate(frame) for frame in some], frames)

    def _calibrate(self, frame: Frame) -> CameraEstimate | None:
        torch = import_torch()
        image = torch.tensor(frame.image, device=self._device).permute(2, 0, 1).float() / 255
        known = known_focal_px(frame.camera)
        priors = None if known is None else {"focal": torch.tensor(known, device=self._device)}
        try:
            made = self._network.calibrate(image, camera_model="pinhole", priors=priors)
        except torch.linalg.LinAlgError:
            return None  # it inverts the fit's normal matrix, which a picture of nothing leaves singular
        up = made["gravity"].vec3d.reshape(3).double().cpu().numpy()
        stated = float(made["gravity_uncertainty"].reshape(()))
        focal = float(made["camera"].f.reshape(2)[1])
        if not (np.isfinite(up).all() and np.linalg.norm(up) > 0 and math.isfinite(stated) and math.isfinite(focal)):
            return None
        down = -up / np.linalg.norm(up)
        error = math.hypot(GRAVITY_ERROR_RAD, stated)
        if known is not None:
            return CameraEstimate(down, error)
        return CameraEstimate(down, error, focal, focal_error(focal, frame.image.shape[0], FIELD_OF_VIEW_ERROR_RAD))
