"""A depth network of transformers: images of any sizes enter, its raw outputs leave, one each, in order."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from spatialvlm.errors import UserError
from spatialvlm.models import (
    Batches,
    Located,
    Model,
    Runtime,
    import_torch,
    import_transformers,
    load_model,
    load_processor,
    locate,
)

NEEDS_TORCHVISION = ("depth_pro",)


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """What a network says of one image at its own resolution: a map, and the field of view where it has a head for it.

    What the map holds depends on the network. The field of view is horizontal.
    """

    predicted: Float32[np.ndarray, "r c"]
    fov_deg: float | None


class Network:
    """Loads a depth network and its image processor, and runs them.

    `architectures` are the model types that the caller can read. Raises UserError for other weights, weights that
    cannot be had or loaded, and packages that are not installed.
    """

    def __init__(self, model: Model, runtime: Runtime, architectures: Sequence[str]) -> None:
        import_torch()
        transformers = import_transformers()
        self.located = locate(model)
        self.config = load_processor(transformers.AutoConfig, self.located)
        _check(self.located, model.backend, self.config.model_type, architectures)
        self.processor = load_processor(transformers.AutoImageProcessor, self.located)
        self.model = load_model(transformers.AutoModelForDepthEstimation, self.located, runtime)
        self.batches = Batches(runtime.batch_size)

    def __call__(self, images: Sequence[UInt8[np.ndarray, "_ _ 3"]]) -> list[Output]:
        """Compute the output for each image. Images that the processor brings to one size share a batch."""
        prepared = [
            self.processor(images=image, input_data_format="channels_last", return_tensors="pt")["pixel_values"][0]
            for image in images
        ]
        of_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, pixels in enumerate(prepared):
            of_size[tuple(pixels.shape)].append(index)
        outputs: dict[int, Output] = {}
        for indices in of_size.values():
            made = self.batches(self._forward, [prepared[index] for index in indices])
            outputs |= zip(indices, made, strict=True)
        return [outputs[index] for index in range(len(images))]

    def _forward(self, prepared: Sequence[Any]) -> list[Output]:
        torch = import_torch()
        pixels = torch.stack(list(prepared)).to(self.model.device, self.model.dtype)
        with torch.inference_mode():
            made = self.model(pixel_values=pixels)
        predicted = made.predicted_depth.float().cpu().numpy()
        fovs = made.get("field_of_view")
        fovs_deg = [None] * len(predicted) if fovs is None else fovs.float().cpu().tolist()
        return [Output(one, fov_deg) for one, fov_deg in zip(predicted, fovs_deg, strict=True)]


def _check(located: Located, backend: str, architecture: str, known: Sequence[str]) -> None:
    if architecture not in known:
        raise UserError(
            f"weights {located.name!r}: are of architecture {architecture!r}, which the backend {backend} cannot read; "
            f"give weights of {', '.join(known)}, or choose another backend"
        )
    if architecture in NEEDS_TORCHVISION and not import_transformers().utils.is_torchvision_available():
        raise UserError(
            f"torchvision: not installed, and the image processor of {located.name} needs it; pip install torchvision "
            f"(the release that belongs to torch {import_torch().__version__})"
        )
