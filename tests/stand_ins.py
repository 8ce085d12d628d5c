"""Stand-ins for packages of depth models that are not on PyPI.

What the real ones document, and the stand-ins do likewise:
- MoGe (https://github.com/microsoft/MoGe README at 0643a32; moge/model/v1.py at e5a3ade; v2 as at
  https://github.com/EasternJournalist/MoGe/blob/188643f/moge/model/v2.py): `MoGeModel.from_pretrained(path)`,
  `infer(image (b, 3, h, w) in [0, 1], fov_x degrees or None, use_fp16)` -> depth (infinite where the mask is false),
  mask, intrinsics divided by width and height.
- UniDepth (https://github.com/lpiccinelli-eth/UniDepth/blob/04de173/unidepth/models/unidepthv2/unidepthv2.py):
  `UniDepthV2.from_pretrained(folder)`, `infer(rgb uint8 (b, 3, h, w), camera)` -> depth (b, 1, h, w), intrinsics
  (b, 3, 3) in pixels; it warns when `resolution_level` is not set and scales the camera in place.
- Metric3D (https://github.com/YvanYin/Metric3D/blob/0dabc19/hubconf.py): `metric3d_vit_small(pretrain)` in hubconf.py,
  `inference({"input": (b, 3, 616, 1064)})` -> depth (b, 1, 616, 1064) for a camera of 1000 px, confidence, the rest.

Each stand-in "sees" the depth 1 + red / 50 m, so that places and scales can be told.
"""

import json

import torch

MOGE = """
import torch

class MoGeModel(torch.nn.Module):
    def __init__(self, **config):
        super().__init__()
        self.config, self.calls = config, []
        self.weight = torch.nn.Parameter(torch.zeros(1))

    @classmethod
    def from_pretrained(cls, path, model_kwargs=None, **hf_kwargs):
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        model = cls(**checkpoint["model_config"])
        model.load_state_dict(checkpoint["model"])
        return model

    @torch.inference_mode()
    def infer(self, image, fov_x=None, use_fp16=True):
        assert image.dim() == 4 and image.shape[1] == 3 and 0 <= image.min() and image.max() <= 1
        self.forward(image)
        self.calls.append(None if fov_x is None else fov_x.tolist())
        height, width = image.shape[-2:]
        aspect = width / height
        if fov_x is None:
            fov_x = torch.full((len(image),), 60.0)
        focal = 0.5 / torch.tan(torch.deg2rad(fov_x) / 2)
        intrinsics = torch.zeros(len(image), 3, 3)
        intrinsics[:, 0, 0], intrinsics[:, 1, 1] = focal, focal * aspect
        intrinsics[:, :2, 2], intrinsics[:, 2, 2] = 0.5, 1
        mask = image[:, 2] < 0.9
        depth = torch.where(mask, 1 + image[:, 0] * 255 / 50, torch.inf)
        return {"depth": depth, "mask": mask, "intrinsics": intrinsics}

    def forward(self, image):
        return image
"""

UNIDEPTH = """
import warnings
import torch
from unidepth.utils.camera import Pinhole

class UniDepthV2(torch.nn.Module):
    @classmethod
    def from_pretrained(cls, folder):
        model = cls()
        model.calls = []
        return model

    @torch.no_grad()
    def infer(self, rgb, camera=None, normalize=True):
        assert rgb.dtype == torch.uint8 and rgb.dim() == 4
        warnings.warn("!! self.resolution_level not set, using default bounds !!")
        self.forward(rgb)
        height, width = rgb.shape[-2:]
        matrix = torch.tensor([[0.8 * width, 0, width / 2], [0, 0.8 * width, height / 2], [0, 0, 1]])
        if camera is not None:
            assert isinstance(camera, Pinhole) and len(rgb) == 1
            self.calls.append(camera.K.clone())
            camera.K[..., :2, :] *= 0.5
        depth = 1 + rgb[:, :1].float() / 50
        return {"depth": depth, "intrinsics": matrix.expand(len(rgb), 3, 3), "confidence": depth}

    def forward(self, image):
        return image
"""

PINHOLE = """
class Pinhole:
    def __init__(self, params=None, K=None):
        assert K.shape == (1, 3, 3)
        self.K = K
"""

HUBCONF = """
dependencies = ["torch"]
import torch

class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.zeros(1))

    def inference(self, data):
        pixels = data["input"]
        assert pixels.shape[1:] == (3, 616, 1064)
        self.forward(pixels)
        red = pixels[:, :1] * 58.395 + 123.675
        return self.gain * (1 + red / 50), None, {}

    def forward(self, image):
        return image

def metric3d_vit_small(pretrain=False, **kwargs):
    assert not pretrain
    return Network()
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def install_moge(packages, tmp_path, config=None):
    for version in ("v1", "v2"):
        write(packages / "moge" / "model" / f"{version}.py", MOGE)
    write(packages / "moge" / "__init__.py", "")
    write(packages / "moge" / "model" / "__init__.py", "")
    config = {"encoder": {}, "neck": {}, "scale_head": {"dims": [1]}} if config is None else config
    file = tmp_path / "model.pt"
    torch.save({"model_config": config, "model": {"weight": torch.zeros(1)}}, file)
    return f"{file}"


def install_unidepth(packages, tmp_path):
    write(packages / "unidepth" / "__init__.py", "")
    write(packages / "unidepth" / "models" / "__init__.py", UNIDEPTH)
    write(packages / "unidepth" / "utils" / "__init__.py", "")
    write(packages / "unidepth" / "utils" / "camera.py", PINHOLE)
    write(tmp_path / "weights" / "config.json", json.dumps({"model": {"name": "UniDepthV2"}}))
    return f"{tmp_path / 'weights'}"


def install_metric3d(packages, tmp_path):
    clone = tmp_path / "Metric3D"
    write(clone / "hubconf.py", HUBCONF)
    (clone / "weight").mkdir()
    torch.save({"model_state_dict": {"gain": torch.ones(1)}}, clone / "weight" / "metric_depth_vit_small_800k.pth")
    return f"{clone}:vit_small"


INSTALLERS = {"moge": install_moge, "unidepth": install_unidepth, "metric3d": install_metric3d}
