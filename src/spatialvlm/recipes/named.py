"""The recipes: which models look at photos, by name. Each is a function that returns a whole Recipe.

recipe_for("photos/")                     what suits a source: measured depth needs no model, photos do
recipe_for("photos/", "laptop", seed=3)   by name, with fields of Recipe changed
"""

import dataclasses
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.models import Model, parse_model
from spatialvlm.pipeline.collect import CollectConfig, promises_of
from spatialvlm.pipeline.cull import CullConfig
from spatialvlm.pipeline.detect import DetectConfig, box_detector
from spatialvlm.pipeline.estimate import EstimateConfig
from spatialvlm.pipeline.lift import Anchor, parse_anchor
from spatialvlm.pipeline.measure import MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.recipes.recipe import Recipe
from spatialvlm.recipes.roles import ROLES
from spatialvlm.records import DepthErrors

MIN_SIDE_PX = 240
MIN_SHARPNESS = 0.3
DUPLICATE_BITS = 6

SIGLIP2 = Model("siglip", "google/siglip2-base-patch16-224", "75de2d55ec2d0b4efc50b3e9ad70dba96a7b2fa2")
QWEN3_VL = Model("transformers", "Qwen/Qwen3-VL-2B-Instruct", "89644892e4d85e24eaac8bacfd4f463576704203")

OF_PHOTOS = MeasureConfig(max_relative_error=0.5)
"""Depth made from one photo is wrong by a third: with the limit of measured depth there would be no length at all.

With this one a length is off by a factor of two, within which the paper scores an answer as right, in one of six cases
at worst; its error stands beside it.
"""


ASKED_OF_PHOTOS = PhraseConfig(mix="photo")
"""Much of what the paper asks stays open of a photo. Where a thing is in the picture, or in which direction it lies, a
photo alone decides."""


def given(source: str) -> Recipe:
    """Use no model: measured depth, and given annotations or clusters of depth."""
    return Recipe(source)


def photos(source: str) -> Recipe:
    """Take ordinary photos on a GPU, by the best models that transformers has."""
    return Recipe(
        source,
        cull=_cull(SIGLIP2),
        detect=DetectConfig(
            "grounded",
            detect=Model(
                "grounding_dino", "IDEA-Research/grounding-dino-base", "12bdfa3120f3e7ec7b434d90674b3396eccf88eb"
            ),
            segment=Model("sam", "facebook/sam2.1-hiera-large", "665f8e2ad61cf5f53d65644ff27c8ee525124610"),
            caption=QWEN3_VL,
        ),
        measure=OF_PHOTOS,
        phrase=ASKED_OF_PHOTOS,
        estimate=EstimateConfig(
            depth=Model("depthpro", "apple/DepthPro-hf", "de816c8ce7168afcb231f96d501d72b869d0beda")
        ),
    )


def photos_fast(source: str) -> Recipe:
    """Take ordinary photos by smaller models, in a few gigabytes, with weights that no licence limits to research."""
    return Recipe(
        source,
        cull=_cull(SIGLIP2),
        detect=DetectConfig(
            "grounded",
            detect=Model(
                "grounding_dino", "IDEA-Research/grounding-dino-tiny", "a2bb814dd30d776dcf7e30523b00659f4f141c71"
            ),
            segment=Model("sam", "facebook/sam2.1-hiera-tiny", "de431c4043854a71d8101e17995dfe596bf101a5"),
        ),
        measure=OF_PHOTOS,
        phrase=ASKED_OF_PHOTOS,
        estimate=EstimateConfig(
            depth=Model(
                "depth_anything",
                "depth-anything/Depth-Anything-V2-Metric-Indoor-Small-hf",
                "8078d68a9c75a972131914f6afd0c1723be0da7f",
            )
        ),
    )


def laptop(source: str) -> Recipe:
    """Take ordinary photos on a CPU by onnxruntime; the models are files in the folder models/, see docs/recipes.md."""
    yolox = Model("yolox", "models/yolox_s.onnx")
    return Recipe(
        source,
        cull=_cull(None),
        detect=DetectConfig("boxes", yolox, score_threshold=box_detector(yolox.backend).score_threshold),
        measure=OF_PHOTOS,
        phrase=ASKED_OF_PHOTOS,
        estimate=EstimateConfig(
            depth=Model("onnx", "models/depth_anything_v2_metric_indoor_small.onnx"), camera=Model("lines", "lsd")
        ),
    )


def paper(source: str) -> Recipe:
    """Follow the paper's own choices closest: CLIP, class-agnostic regions with captions, ZoeDepth, a floor mask."""
    return Recipe(
        source,
        cull=CullConfig(Model("clip", "openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41")),
        detect=DetectConfig(
            "regions",
            detect=Model("florence", "florence-community/Florence-2-large", "4271c66b88cdbc05735372ec13b2360108de5317"),
            segment=Model("sam", "facebook/sam-vit-huge", "87aecf0df4ce6b30cd7de76e87673c49644bdf67"),
            caption=QWEN3_VL,
        ),
        measure=OF_PHOTOS,
        estimate=EstimateConfig(
            depth=Model("zoedepth", "Intel/zoedepth-nyu-kitti", "f364d4c7936e91f465abba182208dd68142bf0ca"),
            floor=Model(
                "segmenter", "facebook/mask2former-swin-small-ade-semantic", "3e480ec6623f683b97476d8a2c86f729000ce9e3"
            ),
        ),
    )


RECIPES: Mapping[str, Callable[[str], Recipe]] = MappingProxyType(
    {"given": given, "photos": photos, "photos-fast": photos_fast, "laptop": laptop, "paper": paper}
)


@dataclass(frozen=True, slots=True)
class Overrides:
    """What somebody wants otherwise than a recipe has it, as typed on the command line; see `spatialvlm build --help`.

    `models` are "ROLE=BACKEND:WEIGHTS", `known` are "MEASURE:NAME=METRES", `depth_errors` is a file that `calibrate`
    wrote.
    """

    models: tuple[str, ...] = ()
    detector: str | None = None
    prompts: tuple[str, ...] | None = None
    camera_height_m: float | None = None
    known: tuple[str, ...] = ()
    fov_degrees: float | None = None
    depth_errors: Path | None = None


def with_settings(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Change fields of a recipe. Raises UserError for a name that is none, or a value out of range."""
    names = [field.name for field in fields(Recipe)]
    unknown = sorted(settings.keys() - {*names})
    if unknown:
        raise UserError(f"setting {unknown[0]!r}: unknown; a recipe has {', '.join(names)}")
    return dataclasses.replace(recipe, **settings)


def recipe_for(source: str, name: str | None = None, overrides: Overrides | None = None, **changes: Any) -> Recipe:
    """Give the recipe called `name`, else the one that suits the source, with overrides and fields of `Recipe` changed.

    Raises UserError for an unknown name or a value out of range.
    """
    annotated_photos = False
    if name is None:
        promised = promises_of(source, changes.get("collect") or CollectConfig())
        name = "given" if promised.measured_depth else "photos"
        annotated_photos = promised.annotated and not promised.measured_depth
    if name not in RECIPES:
        raise UserError(f"recipe {name!r}: unknown; choose one of {', '.join(RECIPES)}")
    recipe, wanted = with_settings(RECIPES[name](source), changes), overrides or Overrides()
    if annotated_photos:
        recipe = dataclasses.replace(recipe, detect=DetectConfig("given"))  # what people marked needs no detector
    recipe = with_models(recipe, dict(parse_role(text) for text in wanted.models))
    detect = {"detector": wanted.detector, "prompts": wanted.prompts}
    estimate = {
        "fov_rad": None if wanted.fov_degrees is None else math.radians(wanted.fov_degrees),
        "depth_errors": None if wanted.depth_errors is None else read_depth_errors(wanted.depth_errors),
    }
    return dataclasses.replace(
        recipe,
        detect=dataclasses.replace(recipe.detect, **_given(detect)),
        estimate=dataclasses.replace(recipe.estimate, **_given(estimate)),
        lift=dataclasses.replace(recipe.lift, anchors=recipe.lift.anchors + _anchors(wanted)),
    )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _anchors(wanted: Overrides) -> tuple[Anchor, ...]:
    anchors = [parse_anchor(text) for text in wanted.known]
    if wanted.camera_height_m is not None:
        anchors.insert(0, Anchor("camera_height", wanted.camera_height_m))
    return tuple(anchors)


def read_depth_errors(path: Path) -> DepthErrors:
    """Read the errors in a JSON file that `spatialvlm calibrate` wrote.

    Raises UserError where the file is missing or says something else.
    """
    try:
        values = json.loads(path.read_text())
        return DepthErrors(**values["depth_errors"])
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; make one with: spatialvlm calibrate FRAMES --out {path}") from None
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UserError(
            f"{path}: holds no depth errors ({error}); expected what `spatialvlm calibrate` wrote"
        ) from None


def with_models(recipe: Recipe, models: Mapping[str, Model | None]) -> Recipe:
    """Give the recipe other models in some `ROLES`; None takes a model away.

    A model that detects objects brings its detector and score threshold along. Raises UserError for an unknown role.
    """
    cull, detect, estimate = recipe.cull, recipe.detect, recipe.estimate
    for role, model in models.items():
        match role:
            case "cull":
                cull = dataclasses.replace(cull, model=model)
            case "detect":
                detect = dataclasses.replace(detect, detector="auto", detect=model)
                if model is not None:
                    own = box_detector(model.backend)
                    detect = dataclasses.replace(detect, detector=own.detector, score_threshold=own.score_threshold)
            case "segment" | "caption":
                detect = dataclasses.replace(detect, **{role: model})
            case "depth" | "camera" | "floor":
                estimate = dataclasses.replace(estimate, **{role: model})
            case _:
                raise UserError(f"model role {role!r}: unknown; choose one of {', '.join(ROLES)}")
    return dataclasses.replace(recipe, cull=cull, detect=detect, estimate=estimate)


def parse_role(text: str) -> tuple[str, Model | None]:
    """Parse a role and its model from what people type: "depth=depthpro:apple/DepthPro-hf", or "cull=none".

    Raises UserError where it is no such text.
    """
    role, equals, model = text.partition("=")
    if not equals:
        raise UserError(f"model {text!r}: expected ROLE=BACKEND:WEIGHTS, with a role of {', '.join(ROLES)}")
    role, chosen = role.strip(), None if model.strip() == "none" else parse_model(model.strip())
    if chosen is not None and role in ROLES and chosen.backend not in ROLES[role].backends:
        raise UserError(
            f"model {text!r}: no backend {chosen.backend!r} to {role}; choose one of {', '.join(ROLES[role].backends)}"
        )
    return role, chosen


def _cull(model: Model | None) -> CullConfig:
    return CullConfig(model, min_side_px=MIN_SIDE_PX, min_sharpness=MIN_SHARPNESS, duplicate_bits=DUPLICATE_BITS)
