"""An episode of the simulated robot: kinds and seeds enter, Episodes leave, one a camera.

What is true: the distance between the middle of the two fingers (of their boxes, all of them, also of what is hidden)
and the centre of the block. When the fingers hold the block it is some 2 cm, as their middle is above its centre. Of
placing it is that between the centres of block and stand: 4.5 cm where the one stands on the middle of the other. An
episode is a success where the distance of its task ends below what counts as done there.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.records import Frame, SequencePosition
from spatialvlm.worlds import MujocoFrames
from spatialvlm.worlds.fetch.free_cameras import CAMERAS, free_view
from spatialvlm.worlds.fetch.scripted_moves import EPISODE_KINDS, EPISODE_TASKS, TASK_OF_KIND
from spatialvlm.worlds.fetch.simulator import BLOCK, DECOY, FINGERS, STAND, FetchSimulator, Recording

CAPTIONS = (("gripper", "robot gripper"), ("red block", "block"), ("blue can", "can"), ("green stand", "stand"))
GRIPPER, OBJECT = "gripper", "red block"

Distances = Float64[np.ndarray, " t"]


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """Frames of one camera in order of time, and what is true of them. Iterating yields the frames.

    `gripper`, `object`: captions of what the distance is between. `gripper_to_object_m`: between the middle of both
    fingers and the centre of the block. `object_to_goal_m`: from there to the centre of the stand; where a task has
    none, to the goal of the environment, which nobody sees. `gripper_in_sim`, `object_in_sim`: both points in the
    simulator's world, which each frame's `sequence_from_camera` leads to. `success`: it ends with the block between
    the fingers, or on the stand. `task`: a name in EPISODE_TASKS.
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
        return EPISODE_TASKS[self.task].words

    @property
    def between(self) -> tuple[str, str]:
        """The captions of the two things whose distance tells how far the task is."""
        return EPISODE_TASKS[self.task].between

    @property
    def truth_m(self) -> Distances:
        """The true distance between those two, in metres, one a frame."""
        return getattr(self, EPISODE_TASKS[self.task].truth)

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
    if kind == EPISODE_TASKS[task].backwards:
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
    return replace(episode, success=bool(episode.truth_m[-1] < EPISODE_TASKS[task].done_m))


class _Artist:
    """Draws what the simulator shows: colours, depth, and whose each pixel is."""

    def __init__(self, simulator: FetchSimulator, size: tuple[int, int]) -> None:
        self.simulator = simulator
        parts = (FINGERS, (BLOCK,), (DECOY,), (STAND,))
        things: dict[str | tuple[str, ...], tuple[str, ...]] = dict(zip(CAPTIONS, parts))
        self._frames = MujocoFrames(things, camera=free_view("near", 0), size=size)

    def close(self) -> None:
        """Give back what draws."""
        self._frames.close()

    def draw(self, id_: str, index: int, time_s: float, camera: str, seed: int) -> Frame:
        """Draw one frame of an episode."""
        shown, view = self.simulator, free_view(camera, seed).camera()
        name = f"{id_}-{index:03d}"
        frame = self._frames.draw(shown.model, shown.data, name, camera=view, origin="simulated Fetch robot")
        return replace(frame, sequence=SequencePosition(id_, index, time_s))
