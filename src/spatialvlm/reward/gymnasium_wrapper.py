"""A gymnasium environment and a task in words -> the same environment, whose reward is measured in its pictures."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, SupportsFloat

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from spatialvlm.errors import UserError
from spatialvlm.recipes import recipe_for
from spatialvlm.records import Frame
from spatialvlm.reward.distance_sources import DistanceSource, FrameDistances, seen_together
from spatialvlm.reward.live_reward import LiveReward
from spatialvlm.reward.motion_filter import Motion
from spatialvlm.reward.reward_curve import RewardPoint
from spatialvlm.reward.scene_distances import SceneDistances
from spatialvlm.reward.shaping import Shaping
from spatialvlm.reward.success import SuccessRule
from spatialvlm.reward.task_goals import goals_of

JERKY = Motion(acceleration=10.0, speed=1.0, start=1.0)
"""How things move in simulators while a policy tries things out; real robots are slower (`Motion()`)."""

Frames = Callable[[Any], Frame | None]
"""Shows an environment as a Frame; None where it has no picture now, and then the last distances are held."""


class SpatialRewardWrapper(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Rewards each step by how far the things are apart that the task brings together, as its Frames show them.

    `frames(env)` shows the environment: `MujocoFrames` of `spatialvlm.worlds` does for MuJoCo. Several are cameras
    whose poses are known: what one does not see, another may. `source` tells distances
    of a Frame; by default `SceneDistances` of its depth and given masks. Two sources, "geometry" and "vlm", are fused.
    `every`: each so many steps are measured, and the last one of an episode; the others hold. `step_s`: seconds a step,
    by default the `dt` of the environment or its `render_fps`. `true_weight` times the environment's own reward is
    added. With `terminate_on_success` an episode ends where it is told to be done; by default it goes on.

    The `info` of each step holds `true_reward` (the environment's own), and with that of reset `distance_m` and
    `sigma_m` (1 sigma; 1 m and infinity before anything was seen), `potential`, `told_success` and `measured`: whether
    this very frame told a distance, or it was held. Frames are closed with the environment. One wrapper belongs to one
    environment: in a vector of environments each gets its own, and its own frames.

    Raises UserError for a task that is not read, an environment that tells no step time, and settings out of range.
    """

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        task: str,
        source: DistanceSource | Sequence[DistanceSource] | None = None,
        *,
        frames: Frames | Sequence[Frames],
        between: Sequence[str] | None = None,
        every: int = 1,
        shaping: Shaping = "shaped",
        gamma: float = 1.0,
        rule: SuccessRule | None = None,
        motion: Motion = JERKY,
        step_s: float | None = None,
        true_weight: float = 0.0,
        terminate_on_success: bool = False,
    ) -> None:
        told = {"task": task, "source": source, "frames": frames, "between": between, "every": every}
        told |= {"shaping": shaping, "gamma": gamma, "rule": rule, "motion": motion, "step_s": step_s}
        told |= {"true_weight": true_weight, "terminate_on_success": terminate_on_success}
        RecordConstructorArgs.__init__(self, _disable_deepcopy=True, **told)
        super().__init__(env)
        if every < 1:
            raise UserError(f"every {every}: expected 1 or more steps")
        self._goals, self._every = goals_of(task, between), every
        self._frames: list[Frames] = list(frames) if isinstance(frames, Sequence) else [frames]
        self._sources = _sources(source)
        self._settings: dict[str, Any] = {"shaping": shaping, "gamma": gamma, "rule": rule, "motion": motion}
        self._step_s = _step_s(env) if step_s is None else step_s
        if not self._step_s > 0:
            raise UserError(f"step_s {self._step_s:g}: expected the seconds of a step, above 0")
        self._true_weight, self._ends = true_weight, terminate_on_success
        self._live, self._steps = self._fresh(), 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode: nothing of the one before is remembered, and its first frame is measured."""
        observed, info = self.env.reset(seed=seed, options=options)
        self._live, self._steps = self._fresh(), 0
        return observed, {**info, **_told(self._live.step(0.0, self._found(True)))}

    def step(self, action: Any) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Step the environment, and measure how far things are now."""
        observed, true_reward, terminated, truncated, info = self.env.step(action)
        self._steps += 1
        looks = self._steps % self._every == 0 or terminated or truncated
        point = self._live.step(self._step_s, self._found(looks))
        reward = point.reward + self._true_weight * float(true_reward) if self._true_weight else point.reward
        ended = bool(terminated or (self._ends and point.success))
        return observed, reward, ended, truncated, {**info, **_told(point), "true_reward": float(true_reward)}

    def close(self) -> None:
        """Close the environment, and what draws its frames."""
        for close in [close for one in self._frames if (close := getattr(one, "close", None)) is not None]:
            close()
        super().close()

    def _fresh(self) -> LiveReward:
        return LiveReward(self._goals, [one.name for one in self._sources], **self._settings)

    def _found(self, looks: bool) -> Mapping[str, FrameDistances | None]:
        shown = [show(self.env) for show in self._frames] if looks else []
        frames = [frame for frame in shown if frame is not None]
        if not frames:
            return {}
        return {one.name: seen_together([one(frame, self._goals) for frame in frames]) for one in self._sources}


def _sources(source: DistanceSource | Sequence[DistanceSource] | None) -> list[DistanceSource]:
    if source is None:
        return [SceneDistances(recipe_for("", "given"))]
    sources = list(source) if isinstance(source, Sequence) else [source]
    names = [one.name for one in sources]
    if not names or set(names) - {"geometry", "vlm"} or len(set(names)) < len(names):
        shown = ", ".join(map(repr, names)) or "none"
        raise UserError(f"sources {shown}: expected one called 'geometry' or 'vlm', or one of each")
    return sources


def _step_s(env: gymnasium.Env[Any, Any]) -> float:
    step_s = getattr(env.unwrapped, "dt", None)
    if isinstance(step_s, float):
        return step_s
    if fps := (env.metadata or {}).get("render_fps"):
        return 1 / float(fps)
    raise UserError(f"{env}: tells neither `dt` nor `render_fps`; say how many seconds a step takes: step_s=0.04")


def _told(point: RewardPoint) -> dict[str, Any]:
    return {
        "distance_m": point.distance_m,
        "sigma_m": point.sigma_m,
        "potential": point.potential,
        "told_success": point.success,
        "measured": point.is_inference_frame,
    }
