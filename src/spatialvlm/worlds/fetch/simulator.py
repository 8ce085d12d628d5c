"""The simulated robot: a seed and a kind of episode enter, the states of the simulator leave, a step of 40 ms each.

It is FetchPickAndPlace of gymnasium-robotics with a red block, a blue can beside it as decoy, and nothing drawn that a
camera would not see (the goal, the marks of the controller).
"""

import importlib
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float64

from spatialvlm.errors import UserError
from spatialvlm.worlds import HIDDEN_GROUP, load_mujoco
from spatialvlm.worlds.fetch.scripted_moves import Move, moves_of

BLOCK, DECOY, FINGERS = "object0", "decoy", ("robot0:r_gripper_finger_link", "robot0:l_gripper_finger_link")
SIZE_M = 0.025  # half the block's edge
DECOY_M = (0.025, 0.035)  # radius and half the height
RED, BLUE = (0.85, 0.1, 0.1, 1.0), (0.1, 0.25, 0.85, 1.0)
TABLE_M = 0.4  # the height of its top
APART_M = 0.13

STEP_M, UNIT_M = 0.012, 0.05  # how far the gripper moves in a step; what 1 of an action asks for
NEAR_M, MOST_STEPS = 0.006, 80
SETTLING_STEPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The states of one episode: joint positions step by step, and the goal that its environment had drawn."""

    states: Float64[np.ndarray, "t q"]
    goal_in_sim: Float64[np.ndarray, " 3"]
    step_s: float


class FetchSimulator:
    """One robot, set up once; every episode begins with `record`, which its seed decides."""

    def __init__(self) -> None:
        self.mujoco = load_mujoco()
        self._env = _environment()
        self.model, self.data = self._env.model, self._env.data

    def record(self, kind: str, seed: int) -> Recording:
        """Play an episode; the seed decides where things are, and the kind where it ends."""
        generator = np.random.default_rng([seed, 7])
        observed, _ = self._env.reset(seed=seed)
        self._put_decoy(generator)
        for _ in range(SETTLING_STEPS):
            self._env.step(np.array([0.0, 0.0, 0.0, 1.0]))
        states = [self.data.qpos.copy()]
        block, decoy = self.geom_in_sim(BLOCK), self.geom_in_sim(DECOY)
        for move in moves_of(kind, block, decoy, self._grip(), generator):
            self._follow(move, states)
        return Recording(np.stack(states), observed["desired_goal"].copy(), float(self._env.dt))

    def show(self, state: Float64[np.ndarray, " q"]) -> None:
        """Put everything where it was in a recorded state."""
        self.data.qpos[:] = state
        self.mujoco.mj_forward(self.model, self.data)

    def geom_in_sim(self, name: str) -> Float64[np.ndarray, " 3"]:
        """Return the centre of a part by its name."""
        return self.data.geom(name).xpos.copy()

    def gripper_in_sim(self) -> Float64[np.ndarray, " 3"]:
        """Return the middle between the centres of the two fingers."""
        return np.mean([self.geom_in_sim(name) for name in FINGERS], axis=0)

    def _grip(self) -> Float64[np.ndarray, " 3"]:
        return self.data.site("robot0:grip").xpos.copy()

    def _follow(self, move: Move, states: list[Float64[np.ndarray, " q"]]) -> None:
        fingers = 1.0 if move.is_open else -1.0
        for _ in range(MOST_STEPS):
            way = move.to_m - self._grip()
            far = float(np.linalg.norm(way))
            if far < NEAR_M:
                break
            step = way * min(1.0, STEP_M / far) / UNIT_M
            self._env.step(np.append(step, fingers))
            states.append(self.data.qpos.copy())
        for _ in range(move.wait):
            self._env.step(np.array([0.0, 0.0, 0.0, fingers]))
            states.append(self.data.qpos.copy())

    def _put_decoy(self, generator: np.random.Generator) -> None:
        """Stand the decoy on the table, apart from the block and from what is below the gripper."""
        taken = [self.geom_in_sim(BLOCK)[:2], self._grip()[:2]]
        places = (generator.uniform((1.2, 0.6), (1.45, 0.9)) for _ in range(1000))
        place = next(one for one in places if min(np.linalg.norm(one - other) for other in taken) > APART_M)
        joint = self.data.joint("decoy:joint")
        joint.qpos[:] = (*place, TABLE_M + DECOY_M[1], 1.0, 0.0, 0.0, 0.0)
        joint.qvel[:] = 0.0
        self.mujoco.mj_forward(self.model, self.data)


def _environment() -> Any:
    """Set the environment up; its class is made here, since its base is imported here."""
    mujoco = load_mujoco()
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):  # it speaks of other robots there
            warnings.simplefilter("ignore")
            fetch: Any = importlib.import_module("gymnasium_robotics.envs.fetch.pick_and_place")
    except ModuleNotFoundError:
        raise UserError(
            "the robot is that of gymnasium-robotics, which is not installed; pip install 'spatialvlm[robot]'"
        ) from None

    class ColouredFetch(fetch.MujocoFetchPickAndPlaceEnv):
        """FetchPickAndPlace with another model of the scene."""

        def _initialize_simulation(self) -> None:
            """Compile the changed model where the base reads the file, and go on as the base does."""
            self.model = _changed_model(mujoco, self.fullpath)
            self.data = mujoco.MjData(self.model)
            self._model_names = self._utils.MujocoModelNames(self.model)
            self._env_setup(initial_qpos=self.initial_qpos)
            self.initial_time = self.data.time
            self.initial_qpos, self.initial_qvel = self.data.qpos.copy(), self.data.qvel.copy()

    return ColouredFetch()


def _changed_model(mujoco: ModuleType, path: str) -> Any:
    spec: Any = mujoco.MjSpec.from_file(path)
    block = spec.geom(BLOCK)
    block.material, block.rgba = "", RED
    decoy = spec.worldbody.add_body(name=DECOY, pos=(1.45, 0.9, TABLE_M + DECOY_M[1]))
    decoy.add_freejoint(name="decoy:joint")
    size = (*DECOY_M, 0.0)
    decoy.add_geom(name=DECOY, type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=size, rgba=BLUE, mass=1.0)
    for geom in spec.body("robot0:mocap").geoms:
        geom.group = HIDDEN_GROUP
    return spec.compile()
