"""A MuJoCo simulation -> Frames: pictures, depth in metres, and a mask for each named thing, as the simulator has them.

    frames = MujocoFrames({"gripper": ("left_finger", "right_finger"), "red ball": ("target0",)}, camera="front")
    frame = frames(env)            of any environment whose `unwrapped` has MuJoCo's `model` and `data`

Depth runs along the axis of the camera. MuJoCo is loaded when the first frame is drawn; nothing is simulated here.
"""

import importlib
import math
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm.errors import UserError
from spatialvlm.geometry import intrinsics
from spatialvlm.records import Frame
from spatialvlm.worlds.ground_truth import exact_frame

HIDDEN_GROUP, SHOWN_SITES = 4, 5
"""Groups of MuJoCo's: geoms of the first are not drawn (0 to 2 are); sites of the second are, and no others."""
FARTHEST_M = 20.0
DOWN = np.array([0.0, 0.0, -1.0])
LISTED = 12


@cache
def load_mujoco() -> ModuleType:
    """Load MuJoCo, to draw without a screen where there is none. Raises UserError where that cannot be done."""
    if sys.platform == "linux" and not os.environ.get("DISPLAY"):
        os.environ.setdefault("MUJOCO_GL", "egl")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mujoco = importlib.import_module("mujoco")
    except ModuleNotFoundError:
        raise UserError(
            "the robot is simulated by MuJoCo, which is not installed; pip install 'spatialvlm[robot]'"
        ) from None
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        raise _undrawable(error) from error
    return mujoco


def new_renderer(model: Any, height: int, width: int) -> Any:
    """Open what draws a model. Raises UserError where the machine has no library that draws."""
    mujoco = load_mujoco()
    room = model.vis.global_
    room.offwidth, room.offheight = max(room.offwidth, width), max(room.offheight, height)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return mujoco.Renderer(model, height, width)
    except (ImportError, AttributeError, RuntimeError, mujoco.FatalError) as error:
        raise _undrawable(error) from error


def _undrawable(error: Exception) -> UserError:
    how = os.environ.get("MUJOCO_GL", "a window")
    return UserError(
        f"MuJoCo cannot draw by {how} here ({error}); on Debian: apt install libegl1 libgl1, or apt install libosmesa6 "
        "and set MUJOCO_GL=osmesa"
    )


@dataclass(frozen=True, slots=True)
class FreeView:
    """Where MuJoCo's free camera stands: metres, and degrees as MuJoCo counts them; its line of sight meets `at_m`."""

    at_m: tuple[float, float, float]
    distance_m: float
    azimuth_deg: float
    elevation_deg: float

    def camera(self) -> Any:
        """Return MuJoCo's camera."""
        mujoco = load_mujoco()
        camera = mujoco.MjvCamera()
        camera.type = mujoco.mjtCamera.mjCAMERA_FREE
        camera.lookat[:] = self.at_m
        camera.distance, camera.azimuth, camera.elevation = self.distance_m, self.azimuth_deg, self.elevation_deg
        return camera


class MujocoFrames:
    """Draws Frames of a simulation: `frames(env)` of an environment, `frames.draw(model, data)` of MuJoCo's own.

    `things` are the names of what has a mask, each with its parts in the model: names of geoms, sites or bodies (all
    geoms of a body). A key is a name or a tuple of several. Sites are drawn where they are named here, and no others.
    `camera`: the name of one of the model, or a FreeView. `size`: width and height in pixels. `hidden` are bodies that
    no camera would see, such as the marks of a controller. Without `colour` pictures are black and drawn faster: depth
    and masks are the same, and geometry looks at nothing else. Groups of the named sites and hidden geoms in the model
    are changed. Raises UserError, when first used, for names that the model has not.
    """

    def __init__(
        self,
        things: Mapping[str | tuple[str, ...], Sequence[str]],
        *,
        camera: str | FreeView,
        size: tuple[int, int] = (160, 120),
        hidden: Sequence[str] = (),
        colour: bool = True,
    ) -> None:
        if min(size) < 8:
            raise UserError(f"size {size[0]}x{size[1]} of frames: expected 8 pixels or more each way, such as 160x120")
        self._captions = [(name,) if isinstance(name, str) else name for name in things]
        self._parts, self._hidden = [tuple(parts) for parts in things.values()], tuple(hidden)
        self.camera, self._size, self._colour = camera, size, colour
        self._model: Any = None
        self._renderer: Any = None
        self._option: Any = None
        self._count = 0

    def __call__(self, env: Any) -> Frame:
        """Draw what an environment shows now. Raises UserError for one that is not MuJoCo's."""
        simulated = env.unwrapped
        if not hasattr(simulated, "model") or not hasattr(simulated, "data"):
            raise UserError(
                f"{type(simulated).__name__}: has no `model` and `data` of MuJoCo to draw; give frames of your own, a "
                "function from the environment to a Frame"
            )
        self._count += 1
        return self.draw(simulated.model, simulated.data, f"mujoco-{self._count:06d}")

    def close(self) -> None:
        """Give back what draws; the next frame opens it again."""
        if self._renderer is not None:
            self._renderer.close()
        self._model = self._renderer = None

    def draw(
        self, model: Any, data: Any, frame_id: str, *, camera: Any = None, origin: str = "MuJoCo simulation"
    ) -> Frame:
        """Draw one frame, by `camera` (MuJoCo's) where one is given. The pose of the frame is in the simulator's world.

        Depth is NaN beyond FARTHEST_M.
        """
        if model is not self._model:
            self._open(model)
        view = self._view(model) if camera is None else camera
        renderer = self._renderer
        renderer.update_scene(data, camera=view, scene_option=self._option)
        image = renderer.render().copy() if self._colour else None
        renderer.enable_depth_rendering()
        depth_m = renderer.render().copy()
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        seen = self._whose(renderer.render())
        renderer.disable_segmentation_rendering()
        depth_m = np.where(depth_m < FARTHEST_M, depth_m, np.nan).astype(np.float32)
        pose = sim_from_camera(renderer.scene)
        focal = self._size[1] / 2 / math.tan(math.radians(_fovy_deg(model, view)) / 2)
        matrix = intrinsics(focal, focal, self._size[0] / 2, self._size[1] / 2)
        down = pose[:3, :3].T @ _down(model)
        return exact_frame(frame_id, origin, image, matrix, depth_m, down, self._captions, seen, pose)

    def _open(self, model: Any) -> None:
        self.close()
        mujoco = load_mujoco()
        self._option = mujoco.MjvOption()
        self._option.sitegroup[:] = 0
        self._option.sitegroup[SHOWN_SITES] = 1
        for name in self._hidden:
            model.geom_group[_geoms_of(model, name)] = HIDDEN_GROUP
        self._of_geom, self._of_site = (np.full(count + 1, -1) for count in (model.ngeom, model.nsite))
        for place, parts in enumerate(self._parts):
            for name in parts:
                geoms, sites = _found(model, name)
                self._of_geom[geoms], self._of_site[sites] = place, place
                model.site_group[sites] = SHOWN_SITES
        self._renderer = new_renderer(model, self._size[1], self._size[0])
        self._model = model

    def _view(self, model: Any) -> Any:
        if isinstance(self.camera, FreeView):
            return self.camera.camera()
        names = [model.camera(number).name for number in range(model.ncam)]
        if self.camera not in names:
            shown = ", ".join(map(repr, names)) or "none"
            raise UserError(f"camera {self.camera!r}: the model has {shown}; name one of them, or give a FreeView")
        return self.camera

    def _whose(self, segments: Int[np.ndarray, "h w 2"]) -> Int[np.ndarray, "h w"]:
        kinds = load_mujoco().mjtObj
        numbers, kind = segments[..., 0], segments[..., 1]
        geom, site = kind == int(kinds.mjOBJ_GEOM), kind == int(kinds.mjOBJ_SITE)
        return np.where(site, self._of_site[np.where(site, numbers, -1)], self._of_geom[np.where(geom, numbers, -1)])


def sim_from_camera(scene: Any) -> Float64[np.ndarray, "4 4"]:
    """Return the pose (x right, y down, z forward) in the simulator's world of the camera that a scene is drawn from.

    MuJoCo holds two cameras, of two eyes; between them is the one that draws.
    """
    eyes = scene.camera
    forward = np.mean([np.asarray(eye.forward, np.float64) for eye in eyes], axis=0)
    up = np.mean([np.asarray(eye.up, np.float64) for eye in eyes], axis=0)
    forward, up = forward / np.linalg.norm(forward), up / np.linalg.norm(up)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([np.cross(forward, up), -up, forward], axis=1)
    pose[:3, 3] = np.mean([np.asarray(eye.pos, np.float64) for eye in eyes], axis=0)
    return pose


def _fovy_deg(model: Any, view: Any) -> float:
    return float(model.cam_fovy[model.camera(view).id] if isinstance(view, str) else model.vis.global_.fovy)


def _down(model: Any) -> Float64[np.ndarray, " 3"]:
    """Return where gravity points in the simulator's world; against its z where there is none."""
    pull = np.asarray(model.opt.gravity, np.float64)
    strength = np.linalg.norm(pull)
    return pull / strength if strength > 0 else DOWN


def _found(model: Any, name: str) -> tuple[list[int], list[int]]:
    """Find the geoms or the site of a name."""
    kinds = load_mujoco().mjtObj
    number = load_mujoco().mj_name2id
    if (geom := number(model, kinds.mjOBJ_GEOM, name)) >= 0:
        return [geom], []
    if (site := number(model, kinds.mjOBJ_SITE, name)) >= 0:
        return [], [site]
    return _geoms_of(model, name), []


def _geoms_of(model: Any, name: str) -> list[int]:
    body = load_mujoco().mj_name2id(model, load_mujoco().mjtObj.mjOBJ_BODY, name)
    if body < 0:
        named = [model.geom(n).name for n in range(model.ngeom)] + [model.site(n).name for n in range(model.nsite)]
        shown = [one for one in dict.fromkeys(named) if one]
        more = f" and {len(shown) - LISTED} more" if len(shown) > LISTED else ""
        raise UserError(
            f"{name!r}: the model has no geom, site or body of that name; it has {', '.join(shown[:LISTED])}{more}"
        )
    return [number for number in range(model.ngeom) if int(model.geom_bodyid[number]) == body]
