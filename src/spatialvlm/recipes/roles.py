"""What models do in a recipe: each role with its backends, and what a backend says of itself."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from types import MappingProxyType
from typing import Any

from spatialvlm.models import VLMS, Model, locate, vlm_backend
from spatialvlm.pipeline.cull import CULL_MODELS, cull_backend
from spatialvlm.pipeline.detect import BOX_DETECTORS, MASK_MODELS, box_detector, mask_model
from spatialvlm.pipeline.estimate import (
    CAMERA_MODELS,
    DEPTH_MODELS,
    FLOOR_MODELS,
    camera_backend,
    depth_backend,
    floor_backend,
)


@dataclass(frozen=True, slots=True)
class Role:
    """The names of the backends that can play a role, and what gives the class of one by its name."""

    backends: tuple[str, ...]
    backend: Callable[[str], Any]


ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "cull": Role(CULL_MODELS, cull_backend),
        "detect": Role(BOX_DETECTORS, box_detector),
        "segment": Role(MASK_MODELS, mask_model),
        "caption": Role(VLMS, vlm_backend),
        "depth": Role(DEPTH_MODELS, depth_backend),
        "camera": Role(CAMERA_MODELS, camera_backend),
        "floor": Role(FLOOR_MODELS, floor_backend),
    }
)


def model_versions(models: Mapping[str, Model]) -> dict[str, str]:
    """Find the versions of the weights of some models by role, and of the packages that run them.

    Raises UserError for weights that cannot be had.
    """
    found = {}
    for role, model in models.items():
        files = ROLES[role].backend(model.backend).files
        if files != "elsewhere":
            found[str(model)] = locate(model, files).version
    if found:
        for package in ("torch", "transformers", "onnxruntime"):
            with suppress(metadata.PackageNotFoundError):
                found[package] = metadata.version(package)
    return found
