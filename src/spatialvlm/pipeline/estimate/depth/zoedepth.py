"""ZoeDepth, the paper's depth model: an image -> depth in metres. Extra: hf.

Bhat et al., https://arxiv.org/abs/2302.12288; weights Intel/zoedepth-nyu-kitti, -nyu, -kitti. Trained on z-depth of
NYU and KITTI. The image is padded by its mirror image before it is resized, because the network is bad at borders; the
padding has to come off the depth again.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from spatialvlm.models import Batches, Model, Runtime
from spatialvlm.pipeline.estimate.depth import DepthEstimate, published
from spatialvlm.pipeline.estimate.depth.network import Network
from spatialvlm.pipeline.estimate.depth.resample import inverse, sampled
from spatialvlm.records import Frame


class ZoeDepth:
    """Metric depth, without focal length.

    `flip` also looks at the mirrored image and takes the mean, as the authors' own evaluation does: twice the time, for
    a gain that nobody published. Raises UserError for weights that cannot be had or are no ZoeDepth.
    """

    files = "transformers"
    needs_focal = False

    def __init__(self, model: Model, runtime: Runtime, *, flip: bool = False) -> None:
        self._network = Network(model, runtime, ("zoedepth",))
        self._flip = flip
        self.name = self._network.located.name
        self.version = self._network.located.version
        heads = self._network.config.bin_configurations
        if len(heads) > 1:
            # transformers lets a whole batch vote for one head, indoor or outdoor: images must come alone.
            self._network.batches = Batches(1)
        road = len(heads) == 1 and heads[0]["max_depth"] > 10
        datasets = published.ROAD if road else published.PHOTOS
        self.errors = published.zero_shot(published.ZOEDEPTH_NK, datasets, "ZoeDepth NK")

    def __call__(self, frames: Sequence[Frame]) -> list[DepthEstimate]:
        """Estimate depth in metres for each frame."""
        depths = self._depths([frame.image for frame in frames])
        if self._flip:
            mirrored = self._depths([np.ascontiguousarray(frame.image[:, ::-1]) for frame in frames])
            depths = [(one + other[:, ::-1]) / 2 for one, other in zip(depths, mirrored, strict=True)]
        return [DepthEstimate(depth, "metric") for depth in depths]

    def _depths(self, images: Sequence[np.ndarray]) -> list[Float32[np.ndarray, "_ _"]]:
        padded = bool(self._network.processor.do_pad)
        outputs = self._network(images)
        return [
            unpadded(output.predicted, *image.shape[:2], padded=padded)
            for image, output in zip(images, outputs, strict=True)
        ]


def padding(size: int) -> int:
    """Say how many pixels of mirror image go on either side of an image of `size` pixels.

    https://github.com/isl-org/ZoeDepth/blob/edb6daf/zoedepth/models/depth_model.py#L57
    """
    return int(np.sqrt(size / 2) * 3)


def unpadded(
    depth: Float32[np.ndarray, "r c"], height: int, width: int, *, padded: bool = True
) -> Float32[np.ndarray, "h w"]:
    """Take an image's depth from that of the image with its padding, which covers the map; NaN where not positive.

    Both the processor and the loss resize so that the outermost pixel centres fall together (`align_corners`).
    """
    above, beside = (padding(height), padding(width)) if padded else (0, 0)
    rows = (np.arange(height) + above) * ((depth.shape[0] - 1) / max(height + 2 * above - 1, 1))
    columns = (np.arange(width) + beside) * ((depth.shape[1] - 1) / max(width + 2 * beside - 1, 1))
    return inverse(sampled(inverse(depth), rows, columns))
