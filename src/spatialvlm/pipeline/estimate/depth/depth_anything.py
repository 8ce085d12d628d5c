"""Depth Anything, DPT (MiDaS) and GLPN: an image -> depth, in metres or of unknown unit and shift. Extra: hf.

Depth Anything V1 https://arxiv.org/abs/2401.10891, V2 https://arxiv.org/abs/2406.09414. Its weights are of two kinds,
told apart by `depth_estimation_type` of their configuration: "metric" is z-depth in metres (training turns Hypersim's
ray lengths into it: https://github.com/DepthAnything/Depth-Anything-V2/blob/2cbc36a/metric_depth/dataset/hypersim.py),
"relative" is disparity. DPT https://arxiv.org/abs/2103.13413 as MiDaS trains it is disparity, GLPN
https://arxiv.org/abs/2201.07436 is metric.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import pi, sqrt
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.models import Model, Runtime
from spatialvlm.pipeline.estimate.depth import DepthEstimate, Invariance, published
from spatialvlm.pipeline.estimate.depth.disparity import SHIFT_ERROR, from_disparity
from spatialvlm.pipeline.estimate.depth.network import Network, Output
from spatialvlm.pipeline.estimate.depth.resample import resized, resized_depth
from spatialvlm.records import DepthErrors, Frame

MIDAS_BACKBONES = ("bit", "beit", "swinv2")

INDOOR_MAX_DEPTH_M = 20.0
"""Weights with a greater `max_depth` were trained on streets (Virtual KITTI, 80 m)."""

SIZES = {384: 0.073 / 0.056, 768: 0.063 / 0.056}
"""How much worse the Small and Base networks are than Large, by the width of their backbone: AbsRel when trained for
NYU, V2's table 4(a). The errors of all of them on other data were published for Large only."""


class DepthAnything:
    """Depth of Depth Anything and its relatives: metric or affine-invariant, as the weights are.

    Raises UserError for weights that cannot be had, or of architectures whose output has another meaning.
    """

    files = "transformers"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime) -> None:
        self._network = Network(model, runtime, ("depth_anything", "dpt", "glpn"))
        self.name = self._network.located.name
        self.version = self._network.located.version
        self._invariance = _invariance(self.name, self._network.config)
        self.errors = _errors(self._network.config)

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate the depth of each frame."""
        outputs = self._network([frame.image for frame in frames])
        return [self._estimate(frame, output) for frame, output in zip(frames, outputs, strict=True)]

    def _estimate(self, frame: Frame, output: Output) -> DepthEstimate:
        height, width = frame.image.shape[:2]
        if self._invariance == "metric":
            return DepthEstimate(resized_depth(output.predicted, height, width), "metric")
        return DepthEstimate(from_disparity(resized(output.predicted, height, width)), "affine_invariant")


def _invariance(name: str, config: Any) -> Invariance:
    if config.model_type == "depth_anything":
        return "metric" if config.depth_estimation_type == "metric" else "affine_invariant"
    if config.model_type == "glpn":
        return "metric"
    backbone = config.backbone_config and config.backbone_config.model_type
    if backbone not in (None, *MIDAS_BACKBONES):
        raise UserError(
            f"weights {name!r}: DPT on {backbone}, whose output is not MiDaS's disparity; give weights on ViT, "
            f"{', '.join(MIDAS_BACKBONES)}, or of Depth Anything"
        )
    return "affine_invariant"


def _errors(config: Any) -> DepthErrors:
    if config.model_type == "dpt":
        # Mean AbsRel of MiDaS 3.1 on NYUv2, ETH3D, iBims-1 and DIODE, the best shift and scale given.
        return _relative((0.0458, 0.0577, 0.0473, 0.0605), "MiDaS 3.1")
    if config.model_type == "glpn":
        # Nobody published GLPN on unseen data. AdaBins, of its time, has AbsRel 0.159, 0.212, 0.443 and 0.483 on
        # SUN RGB-D, iBims-1, DIODE and HyperSim: the median 0.33 makes a sigma of 0.41 in all. The local part is taken
        # to be half as large again as that of ZoeDepth.
        return DepthErrors(0.38, 0.15, source="estimated from AbsRel of AdaBins: arXiv:2302.12288, table 3")
    if config.depth_estimation_type == "relative":
        return _relative((0.0414, 0.0471, 0.0347, 0.0529), "Depth Anything V2 Large")
    outdoor = config.max_depth > INDOOR_MAX_DEPTH_M
    # Only the laser-scanned photographs of ETH3D were taken outdoors without being of a road.
    datasets = ("ETH3D", *published.ROAD) if outdoor else published.PHOTOS
    errors = published.zero_shot(published.DEPTH_ANYTHING_V2_LARGE, datasets, "Depth Anything V2 Large, metric")
    return replace(errors, local=errors.local * SIZES.get(config.backbone_config.hidden_size, 1.0))


def _relative(absolute: tuple[float, ...], model: str) -> DepthErrors:
    """Make errors of disparity: the unit is unknown, so that no scale can be wrong; 1 sigma is 1.25 times the mean."""
    local = sqrt(pi / 2) * sum(absolute) / len(absolute)
    source = f"{model}, affine-invariant disparity, NYUv2, ETH3D, iBims-1, DIODE: arXiv:2410.19115, table 2 (AbsRel)"
    return DepthErrors(0.0, local, shift=SHIFT_ERROR, source=source)
