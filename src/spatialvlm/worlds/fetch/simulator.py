"""The simulated robot: a seed and a kind of episode enter, the states of the simulator leave, a step of 40 ms each.

It is FetchPickAndPlace of gymnasium-robotics with a red block, a blue can beside it as decoy, a green stand where a
task has one, and nothing drawn that a camera would not see (the goal in the air, the marks of the controller).
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
from spatialvlm.worlds.fetch.scripted_moves import EPISODE_TASKS, MOVES, STAND_HEIGHT_M, TASK_OF_KIND, Move, TableLayout

BLOCK, DECOY, STAND = "object0", "decoy", "stand"
FINGERS = ("robot0:r_gripper_finger_link", "robot0:l_gripper_finger_link")
SIZE_M = 0.025  # half the block's edge
DECOY_M = (0.025, 0.035)  # radius and half the height
STAND_M = (0.03, STAND_HEIGHT_M / 2)  # radius and half the height
RED, BLUE, GREEN = (0.85, 0.1, 0.1, 1.0), (0.1, 0.25, 0.85, 1.0), (0.1, 0.65, 0.2, 1.0)
TABLE_M = 0.4  # the height of its top
APART_M, STAND_APART_M = 0.13, 0.18
ON_TABLE_M = ((1.2, 0.6), (1.45, 0.9))
AWAY_M = (0.0, 0.0, -1.0)  # below the floor

STEP_M, UNIT_M = 0.012, 0.05  # how far the gripper moves in a step; what 1 of an action asks for
NEAR_M, MOST_STEPS = 0.006, 80
SETTLING_STEPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The states of one episode: joint positions step by step, and where the block is to go.

    That is the centre of the stand; in a task without one the goal that the environment had drawn.
    """

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
        has_stand = EPISODE_TASKS[TASK_OF_KIND[kind]].needs_stand
        self._put_stand(generator if has_stand else None)
        for _ in range(SETTLING_STEPS):
            self._env.step(np.array([0.0, 0.0, 0.0, 1.0]))
        states = [self.data.qpos.copy()]
        stand = self.geom_in_sim(STAND)
        layout = TableLayout(self.geom_in_sim(BLOCK), self.geom_in_sim(DECOY), stand, self._grip())
        for move in MOVES[kind](layout, generator):
            self._follow(move, states)
            states = states[-1:] if move.before else states
        goal = stand if has_stand else observed["desired_goal"]
        return Recording(np.stack(states), goal.copy(), float(self._env.dt))

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
        place = _free_place([self.geom_in_sim(BLOCK), self._grip()], APART_M, generator)
        joint = self.data.joint("decoy:joint")
        joint.qpos[:] = (*place, TABLE_M + DECOY_M[1], 1.0, 0.0, 0.0, 0.0)
        joint.qvel[:] = 0.0
        self.mujoco.mj_forward(self.model, self.data)

    def _put_stand(self, generator: np.random.Generator | None) -> None:
        """Put the stand on the table, apart from block and decoy; without a generator away, where nobody sees it."""
        place = np.array(AWAY_M)
        if generator is not None:
            taken = [self.geom_in_sim(BLOCK), self.geom_in_sim(DECOY)]
            place = np.append(_free_place(taken, STAND_APART_M, generator), TABLE_M + STAND_M[1])
        self.model.body_pos[self.model.body(STAND).id] = place
        self.mujoco.mj_forward(self.model, self.data)


def _free_place(
    taken: list[Float64[np.ndarray, " 3"]], apart_m: float, generator: np.random.Generator
) -> Float64[np.ndarray, " 2"]:
    """Draw a place on the table that is so far from what is there; of 1000 the first, or the one farthest away."""
    tried: list[tuple[float, Float64[np.ndarray, " 2"]]] = []
    while not tried or (tried[-1][0] <= apart_m and len(tried) < 1000):
        place = generator.uniform(*ON_TABLE_M)
        tried.append((min(float(np.linalg.norm(place - other[:2])) for other in taken), place))
    return tried[-1][1] if tried[-1][0] > apart_m else max(tried, key=_first)[1]


def _first(pair: tuple[float, Any]) -> float:
    return pair[0]


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
    stand = spec.worldbody.add_body(name=STAND, pos=AWAY_M)
    stand.add_geom(name=STAND, type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=(*STAND_M, 0.0), rgba=GREEN)
    for geom in spec.body("robot0:mocap").geoms:
        geom.group = HIDDEN_GROUP
    return spec.compile()
