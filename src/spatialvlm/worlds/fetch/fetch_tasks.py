"""Fetch environments of gymnasium-robotics as they are, with words for their tasks and Frames of what they show.

env, frames = fetch_env("reach"), fetch_frames("reach")
observed, _ = env.reset(seed=0)
frame = frames(env)                 the gripper and the red ball, which is the goal, each with its mask
"""

import importlib
import warnings
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from typing import Any

from spatialvlm.errors import UserError
from spatialvlm.records import Frame
from spatialvlm.worlds import FreeView, MujocoFrames
from spatialvlm.worlds.fetch.simulator import BLOCK, FINGERS

GOAL, MARKS = "target0", ("robot0:mocap",)
AROUND_M, AWAY_M = (1.34, 0.75, 0.53), 0.75
SEEN_FROM = (FreeView(AROUND_M, AWAY_M, 90.0, -20.0), FreeView(AROUND_M, AWAY_M, 240.0, 0.0))
"""Two cameras, at both sides of the table: what the hand hides from one of them, the other sees."""


@dataclass(frozen=True, slots=True)
class FetchTask:
    """A task of the Fetch robot: the name that gymnasium knows, the task in words, and the parts of what words name."""

    id: str
    words: str
    things: Mapping[str, tuple[str, ...]]


FETCH_TASKS = {
    "reach": FetchTask("FetchReach-v4", "reach the red ball", {"gripper": FINGERS, "red ball": (GOAL,)}),
    "pick_and_place": FetchTask(
        *("FetchPickAndPlace-v4", "move the block to the red ball"),
        {"gripper": FINGERS, "block": (BLOCK,), "red ball": (GOAL,)},
    ),
}
"""The red ball is the goal that the environment draws; nothing collides with it."""


def fetch_env(task: str, **settings: Any) -> Any:
    """Make the gymnasium environment of a task in FETCH_TASKS; `settings` are those of `gymnasium.make`.

    Raises UserError for another task, and where gymnasium-robotics is missing.
    """
    known = _task(task)
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):  # it speaks of other robots there
            warnings.simplefilter("ignore")
            gymnasium: Any = importlib.import_module("gymnasium")
            gymnasium.register_envs(importlib.import_module("gymnasium_robotics"))
            return gymnasium.make(known.id, **settings)
    except ModuleNotFoundError as error:
        raise UserError(
            f"the robot needs {error.name}, which is not installed; pip install 'spatialvlm[robot]'"
        ) from None


class FetchFrames(MujocoFrames):
    """MujocoFrames that show the goal where it is: the environment itself moves it there only where it draws."""

    def __call__(self, env: Any) -> Frame:
        """Draw what an environment of a task in FETCH_TASKS shows now; its simulation is left as it is."""
        simulated = env.unwrapped
        simulated.data.site(GOAL).xpos[:] = simulated.goal
        return super().__call__(env)


def fetch_frames(
    task: str,
    *,
    size: tuple[int, int] = (240, 180),
    cameras: Sequence[str | FreeView] = SEEN_FROM,
    colour: bool = True,
) -> tuple[FetchFrames, ...]:
    """Return what draws Frames of an environment of the task, one for each camera, with masks of what its words name.

    `size`: width and height in pixels. Raises UserError for a task that is not in FETCH_TASKS.
    """
    things: dict[Any, tuple[str, ...]] = dict(_task(task).things)
    return tuple(FetchFrames(things, camera=one, size=size, hidden=MARKS, colour=colour) for one in cameras)


def _task(name: str) -> FetchTask:
    if name not in FETCH_TASKS:
        raise UserError(f"task {name!r} of the Fetch robot: expected one of {', '.join(FETCH_TASKS)}")
    return FETCH_TASKS[name]
