"""An episode of the simulated robot: kinds and seeds enter, Episodes leave, one a camera.

What is true: the distance between the middle of the two fingers (of their boxes, all of them, also of what is hidden)
and the centre of the block. When the fingers hold the block it is some 2 cm, as their middle is above its centre. Of
placing it is that between the centres of block and stand: 4.5 cm where the one stands on the middle of the other. An
episode is a success where the distance of its task ends below what counts as done there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from spatialvlm.errors import UserError
from spatialvlm.records import Frame, SequencePosition
from spatialvlm.worlds import exact_frame
from spatialvlm.worlds.fetch.free_cameras import CAMERAS, free_camera, intrinsics, sim_from_camera
from spatialvlm.worlds.fetch.scripted_moves import EPISODE_KINDS, TASK_OF_KIND, TASKS
from spatialvlm.worlds.fetch.simulator import BLOCK, DECOY, FINGERS, STAND, FetchSimulator, Recording, new_renderer

CAPTIONS = (("gripper", "robot gripper"), ("red block", "block"), ("blue can", "can"), ("green stand", "stand"))
GRIPPER, OBJECT = "gripper", "red block"
FARTHEST_M = 20.0
DOWN = np.array([0.0, 0.0, -1.0])

Distances = Float64[np.ndarray, " t"]


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """Frames of one camera in order of time, and what is true of them. Iterating yields the frames.

    `gripper`, `object`: captions of what the distance is between. `gripper_to_object_m`: between the middle of both
    fingers and the centre of the block. `object_to_goal_m`: from there to the centre of the stand; where a task has
    none, to the goal of the environment, which nobody sees. `gripper_in_sim`, `object_in_sim`: both points in the
    simulator's world, which each frame's `sequence_from_camera` leads to. `success`: it ends with the block between
    the fingers, or on the stand. `task`: a name in TASKS.
    """

    id: str
    kind: str
    camera: str
    seed: int
    frames: tuple[Frame, ...]
    gripper_to_object_m: Distances
    object_to_goal_m: Distances
    gripper_in_sim: Float64[np.ndarray, "t 3"]
    object_in_sim: Float64[np.ndarray, "t 3"]
    success: bool
    gripper: str = GRIPPER
    object: str = OBJECT
    task: str = "reach"

    @property
    def words(self) -> str:
        """What the robot is to do, as people say it."""
        return TASKS[self.task].words

    @property
    def between(self) -> tuple[str, str]:
        """The captions of the two things whose distance tells how far the task is."""
        return TASKS[self.task].between

    @property
    def truth_m(self) -> Distances:
        """The true distance between those two, in metres, one a frame."""
        return getattr(self, TASKS[self.task].truth)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


def fetch_episodes(
    asked: Iterable[tuple[str, int]],
    *,
    frames: int = 20,
    size: tuple[int, int] = (320, 240),
    cameras: Sequence[str] = tuple(CAMERAS),
) -> Iterator[Episode]:
    """Play and draw episodes, each a kind and a seed: one Episode for each of the `cameras`, `frames` evenly in time.

    The same kind, seed and camera give the same episode. Raises UserError for an unknown kind or camera, for fewer than
    two frames, and where MuJoCo is missing.
    """
    wanted = list(asked)
    for what, names, known in (("kind", [kind for kind, _ in wanted], EPISODE_KINDS), ("camera", cameras, CAMERAS)):
        for name in names:
            if name not in known:
                raise UserError(f"{what} {name!r} of an episode: expected one of {', '.join(known)}")
    if frames < 2:
        raise UserError(f"{frames} frames an episode: expected 2 or more")
    return _episodes(wanted, frames, size, cameras)


def _episodes(
    wanted: list[tuple[str, int]], frames: int, size: tuple[int, int], cameras: Sequence[str]
) -> Iterator[Episode]:
    if not wanted:
        return
    simulator = FetchSimulator()
    artist = _Artist(simulator, size)
    try:
        for kind, seed in wanted:
            recording = simulator.record(kind, seed)
            for camera in cameras:
                yield _episode(artist, recording, kind, seed, camera, frames)
    finally:
        artist.close()


def _episode(artist: "_Artist", recording: Recording, kind: str, seed: int, camera: str, count: int) -> Episode:
    places = np.linspace(0, len(recording.states) - 1, count).round().astype(int)
    task = TASK_OF_KIND[kind]
    if kind == TASKS[task].backwards:
        places = places[::-1]
    id_ = f"{kind}-{seed}-{camera}"
    frames, gripper, block = [], [], []
    for index, place in enumerate(places.tolist()):
        artist.simulator.show(recording.states[place])
        time_s = abs(place - int(places[0])) * recording.step_s
        frames.append(artist.draw(id_, index, time_s, camera, seed))
        gripper.append(artist.simulator.gripper_in_sim())
        block.append(artist.simulator.geom_in_sim(BLOCK))
    at_gripper, at_block = np.stack(gripper), np.stack(block)
    distances = np.linalg.norm(at_gripper - at_block, axis=1)
    to_goal = np.linalg.norm(at_block - recording.goal_in_sim, axis=1)
    known = (id_, kind, camera, seed, tuple(frames), distances, to_goal, at_gripper, at_block)
    episode = Episode(*known, success=False, task=task)
    return replace(episode, success=bool(episode.truth_m[-1] < TASKS[task].done_m))


class _Artist:
    """Draws what the simulator shows: colours, depth, and whose each pixel is."""

    def __init__(self, simulator: FetchSimulator, size: tuple[int, int]) -> None:
        self.simulator, (self._width, self._height) = simulator, size
        mujoco, model = simulator.mujoco, simulator.model
        model.vis.global_.offwidth, model.vis.global_.offheight = size
        self._renderer = new_renderer(model, self._height, self._width)
        self._option = mujoco.MjvOption()
        self._option.sitegroup[:] = 0
        self._of_geom = np.full(model.ngeom + 1, -1)  # the last one for pixels of nothing
        for place, names in enumerate((FINGERS, (BLOCK,), (DECOY,), (STAND,))):
            self._of_geom[[model.geom(name).id for name in names]] = place

    def close(self) -> None:
        """Give back what draws."""
        self._renderer.close()

    def draw(self, id_: str, index: int, time_s: float, camera: str, seed: int) -> Frame:
        """Draw one frame of an episode."""
        view = free_camera(self.simulator.mujoco, camera, seed)
        renderer = self._renderer
        image = self._look(view)
        pose = sim_from_camera(renderer.scene)
        renderer.enable_depth_rendering()
        depth_m = self._look(view)
        renderer.disable_depth_rendering()
        renderer.enable_segmentation_rendering()
        seen = self._whose(self._look(view))
        renderer.disable_segmentation_rendering()
        depth_m = np.where(depth_m < FARTHEST_M, depth_m, np.nan).astype(np.float32)
        image_from_camera = intrinsics(self.simulator.model, self._width, self._height)
        down = pose[:3, :3].T @ DOWN
        name = f"{id_}-{index:03d}"
        frame = exact_frame(name, "simulated Fetch robot", image, image_from_camera, depth_m, down, CAPTIONS, seen)
        return replace(frame, sequence=SequencePosition(id_, index, time_s), sequence_from_camera=pose)

    def _look(self, view: Any) -> Any:
        self._renderer.update_scene(self.simulator.data, camera=view, scene_option=self._option)
        return self._renderer.render().copy()

    def _whose(self, segments: Int[np.ndarray, "h w 2"]) -> Int[np.ndarray, "h w"]:
        is_geom = segments[..., 1] == int(self.simulator.mujoco.mjtObj.mjOBJ_GEOM)
        return self._of_geom[np.where(is_geom, segments[..., 0], -1)]
