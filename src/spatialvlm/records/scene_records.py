"""An image in metric 3D: Box Object Support LevelSurface Scene."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float32, Float64

from spatialvlm.records.frame_records import Camera, Instance, Rle, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A viewer-aligned box: world axes (x right, y heading, z up), each face with its own 1-sigma error in metres."""

    low_in_world: Float64[np.ndarray, " 3"]
    high_in_world: Float64[np.ndarray, " 3"]
    low_error_m: Float64[np.ndarray, " 3"]
    high_error_m: Float64[np.ndarray, " 3"]


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """An Instance lifted to metric 3D.

    `points_in_world`: at most 512, spatially even, of the visible surface. `truncated`: touches the image border.
    `occluded`: cut by something nearer. `bottom`: "support" where it stands on the support plane, "seen" where its
    lowest point is visible, "hidden" where nobody can tell.
    """

    instance: Instance
    points_in_world: Float32[np.ndarray, "n 3"]
    box: Box
    truncated: bool
    occluded: bool
    bottom: Literal["support", "seen", "hidden"]


@dataclass(frozen=True, slots=True)
class Support:
    """The plane that things stand on, or the reason why there is none. `surface` names it as far as it is known."""

    surface: Literal["floor", "table top", "surface"] | None
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class LevelSurface:
    """A level surface that things stand on: the support plane, or the top or a shelf of an object.

    `of` is the id of that object, None for the support plane; `height_m` is its z in the world; `things` are the ids of
    those that stand there. `free` marks, on a coarse grid over the picture, where it is in sight and nothing stands on
    it or over it.
    """

    of: str | None
    height_m: float
    things: tuple[str, ...]
    free: Rle


@dataclass(frozen=True, slots=True)
class SceneErrors:
    """The errors of a scene beside those of its boxes, 1 sigma: scale of depth (relative), tilt of up, height of plane.

    `local` is a relative error of depth that drifts over the picture: two places `d` pixels apart share it with the
    correlation exp(-d^2 / (2 local_reach_px^2)). Sensors have none, models of depth have some percent. `shift` is that
    of an unknown constant in inverse depth (1/m, or 1 over the scene's unit); only affine-invariant depth has one.
    """

    scale: float
    tilt_rad: float
    support_m: float
    local: float = 0.0
    local_reach_px: float = 0.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One image in metric 3D: everything that facts are computed from, without the depth map.

    `gravity` says where up came from; None means that up is unknown, the world is the camera turned so that its y axis
    points down, and every fact that needs gravity is withheld. `unlifted` are the things that were seen but have no
    place in 3D (too small, without depth): nothing is asked about them, and no name may fit one of them. `surfaces` is
    None where nobody looked for them.
    """

    frame_id: str
    camera: Camera
    world_from_camera: Float64[np.ndarray, "4 4"]
    gravity: Literal["given", "plane", "model"] | None
    support: Support
    scale: Literal["metric", "relative"]
    scale_provenance: str
    errors: SceneErrors
    objects: tuple[Object, ...]
    versions: Mapping[str, str] = field(default_factory=dict)
    verdict: Verdict | None = None
    unlifted: tuple[Instance, ...] = ()
    surfaces: tuple[LevelSurface, ...] | None = None

    def __getitem__(self, name: str) -> Object:
        """Return the object of a name, a caption or an id. Raises UserError, with all names, where that is not one."""
        return _answers().object_named(self, name)

    def ask(self, kind: str, *names: str, given: float | None = None) -> Any:
        """Answer a question of a kind about objects by their names: a `SceneAnswer` with value, error and text.

        `scene.distance("mug", "bowl")` is short for `scene.ask("distance", "mug", "bowl")`. Raises UserError for an
        unknown kind or name.
        """
        return _answers().ask_scene(self, kind, *names, given=given)

    if not TYPE_CHECKING:  # where types are checked, a misspelt field must not pass for a kind

        def __getattr__(self, kind: str) -> Any:
            """Return the method that asks for a kind of question."""
            if kind.startswith("_"):
                raise AttributeError(kind)
            return _answers().method_of(self, kind)


def _answers() -> ModuleType:
    """Load what measures and phrases: it stands above the records, and nothing of it is loaded before it is asked."""
    return import_module("spatialvlm.pipeline.scene_answers")
