"""A batch of LeRobot -> a reward of each row, from distances in metres: those a model says, or those of depth."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from lerobot.configs.rewards import RewardModelConfig  # pyright: ignore[reportMissingImports]
from lerobot.rewards.pretrained import PreTrainedRewardModel  # pyright: ignore[reportMissingImports]

from spatialvlm.errors import UserError
from spatialvlm.lerobot_plugin.configuration_spatialvlm import SpatialVlmConfig
from spatialvlm.recipes import Overrides, recipe_for
from spatialvlm.records import Frame
from spatialvlm.reward import (
    DistanceSource,
    FrameDistances,
    Goal,
    SceneDistances,
    Shaping,
    SuccessRule,
    VlmDistances,
    curve_of,
    follow,
    goals_of,
)


class SpatialVlmRewardModel(PreTrainedRewardModel):
    """Judges how far things are apart that the task brings together. Has no weights of its own: config.json is all."""

    config: SpatialVlmConfig
    config_class = SpatialVlmConfig
    name = "spatialvlm"

    def __init__(self, config: SpatialVlmConfig, **_: Any) -> None:
        super().__init__(config)
        self.config = config
        self._tellers: dict[tuple[str, ...], DistanceSource] = {}

    def compute_reward(self, batch: dict[str, Any]) -> torch.Tensor:
        """Return the reward (b,) float32 of each row, on the device of its pictures.

        Rows where nothing tells a distance have `unknown_reward`. Raises UserError for a batch without pictures or
        tasks, for depth and masks of another shape, and for a task that is not read.
        """
        pictures = self._windows(batch, self.config.image_key)
        windows = _as_bytes(pictures)
        tasks = _tasks(batch.get(self.config.task_key, self.config.default_task), len(windows), self.config)
        depth, masks = None, None
        if self.config.source == "geometry":
            depth = self._maps(batch, self.config.depth_key, windows)
            masks = self._maps(batch, self.config.segmentation_key, windows) if self.config.segmentation_names else None
        rewards = []
        for row, (task, window) in enumerate(zip(tasks, windows)):
            frames = [
                self._frame(image, None if depth is None else depth[row, t], None if masks is None else masks[row, t])
                for t, image in enumerate(window)
            ]
            rewards.append(self._reward(frames, task))
        return torch.tensor(rewards, dtype=torch.float32, device=pictures.device)

    def _reward(self, frames: Sequence[Frame], task: str) -> float:
        goals = goals_of(task, self.config.between)
        teller = self._teller(goals)
        found: list[FrameDistances | None] = [teller(frame, goals) for frame in frames]
        times_s = [index / self.config.fps for index in range(len(frames))]
        rows = follow(goals, times_s, {teller.name: found})
        if any(one is None for one in rows[-1]):
            return float("nan") if self.config.unknown_reward is None else self.config.unknown_reward
        wanted = self.config.reward
        shaping = cast(Shaping, "distance" if wanted == "potential" else wanted)
        rule = SuccessRule(self.config.threshold_m, self.config.hold)
        last = curve_of(task, goals, teller.name, times_s, rows, shaping=shaping, rule=rule).points[-1]
        return last.potential if wanted == "potential" else last.reward

    def _teller(self, goals: Sequence[Goal]) -> DistanceSource:
        """Return who tells distances: one model for all tasks, or one recipe for each set of things."""
        asks = self.config.source == "vlm"
        names = () if asks else tuple(dict.fromkeys(name for goal in goals for name in (goal.a, goal.b)))
        if names not in self._tellers:
            if asks:
                self._tellers[names] = VlmDistances(self.config.vlm_name, samples=self.config.samples)
            else:
                wanted = Overrides(models=tuple(self.config.models), prompts=names)
                self._tellers[names] = SceneDistances(recipe_for("", self.config.recipe, wanted))
        return self._tellers[names]

    def _windows(self, batch: Mapping[str, Any], key: str) -> torch.Tensor:
        if key not in batch:
            raise UserError(f"batch: has no {key!r}, only {', '.join(sorted(batch))}; set image_key")
        images = torch.as_tensor(batch[key])
        images = images.unsqueeze(1) if images.ndim == 4 else images
        if images.ndim != 5 or 3 not in (images.shape[2], images.shape[4]):
            raise UserError(
                f"batch: {key!r} has the shape {tuple(images.shape)}, expected (b, 3, h, w) or (b, t, 3, h, w)"
            )
        return images if images.shape[4] == 3 else images.permute(0, 1, 3, 4, 2)

    def _maps(self, batch: Mapping[str, Any], key: str, windows: np.ndarray) -> np.ndarray:
        """Return maps (b, t, h, w) of depth, or of whole numbers."""
        expected = windows.shape[:4]
        if key not in batch:
            raise UserError(f"batch: has no {key!r}, which geometry needs; set depth_key or segmentation_key")
        maps = torch.as_tensor(batch[key]).detach().cpu().numpy()
        if maps.size != np.prod(expected) or maps.shape[-2:] != expected[-2:]:
            raise UserError(f"batch: {key!r} has the shape {maps.shape}, expected that of the pictures, {expected}")
        return maps.reshape(expected)

    def _frame(self, image: np.ndarray, depth_m: np.ndarray | None, masks: np.ndarray | None) -> Frame:
        names = self.config.segmentation_names
        instances = None
        if masks is not None:
            numbers = {int(number): name for number, name in names.items()}
            instances = {name: masks == number for number, name in numbers.items() if (masks == number).any()}
        depth = None if depth_m is None else depth_m.astype(np.float32)
        return Frame.of(image, depth_m=depth, camera=self.config.camera, instances=instances)

    def _save_pretrained(self, save_directory: Path) -> None:
        """Save config.json alone."""
        self.config._save_pretrained(save_directory)

    @classmethod
    def from_pretrained(
        cls, pretrained_name_or_path: str | Path, *, config: RewardModelConfig | None = None, **settings: Any
    ) -> "SpatialVlmRewardModel":
        """Load config.json from a folder or the hub, unless `config` is given. Raises UserError for another model's."""
        if config is None:
            config = RewardModelConfig.from_pretrained(pretrained_name_or_path, **settings)
        if not isinstance(config, SpatialVlmConfig):
            raise UserError(
                f"{pretrained_name_or_path}: is of the kind {type(config).__name__}, expected SpatialVlmConfig"
            )
        model = cls(config)
        model.to(config.device)
        model.eval()
        return model


def _as_bytes(windows: torch.Tensor) -> np.ndarray:
    """Return pictures (b, t, h, w, 3) as bytes; floats are 0 to 1, as LeRobot has them, or 0 to 255."""
    pixels = windows.detach().cpu().numpy()
    if pixels.dtype != np.uint8:
        pixels = np.nan_to_num(pixels.astype(np.float32))
        pixels = np.rint(np.clip(pixels * (255.0 if pixels.max(initial=0.0) <= 1.0 else 1.0), 0, 255)).astype(np.uint8)
    return np.ascontiguousarray(pixels)


def _tasks(told: Any, count: int, config: SpatialVlmConfig) -> list[str]:
    if told is None and config.between is not None:
        told = " to ".join(config.between)
    tasks: list[Any] = [told] if isinstance(told, str) else [*(told or ())]
    tasks = tasks * count if len(tasks) == 1 else tasks
    if len(tasks) != count or not all(isinstance(one, str) for one in tasks):
        raise UserError(
            f"batch: {config.task_key!r} has {len(tasks)} tasks in words, expected one, or {count}; set default_task"
        )
    return tasks
