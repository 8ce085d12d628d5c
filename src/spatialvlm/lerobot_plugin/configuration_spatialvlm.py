"""What can be set of the reward model "spatialvlm" in LeRobot."""

from dataclasses import dataclass, field

from lerobot.configs import FeatureType, PolicyFeature  # pyright: ignore[reportMissingImports]
from lerobot.configs.rewards import RewardModelConfig  # pyright: ignore[reportMissingImports]

SOURCES, REWARDS = ("vlm", "geometry"), ("distance", "tanh", "potential")


@RewardModelConfig.register_subclass("spatialvlm")
@dataclass
class SpatialVlmConfig(RewardModelConfig):
    """How a batch is judged.

    `image_key` holds pictures (b, c, h, w), or windows of them (b, t, c, h, w), 0 to 1 or 0 to 255; `task_key` the
    tasks in words, else `default_task`; `between` names the two things, whatever the task says. `source`: "vlm" asks
    `vlm_name` (as `spatialvlm answer --model`; by default nano) `samples` times; "geometry" measures by the depth in
    metres of `depth_key` (b, h, w), with `camera` (fx, fy, cx, cy) in pixels. What is where comes from
    `segmentation_key` (b, h, w), whole numbers with their `segmentation_names`, or from a detector: `recipe` and
    `models`, as `spatialvlm reward` takes them.

    `reward` is that of the last picture of a window: minus the "distance" that is left, 1 - "tanh"(10 d), or the
    "potential", -1 at the distance of the window's first picture and 0 where all is done. `unknown_reward` is that of a
    row where nothing tells a distance; None is NaN. Raises ValueError, as LeRobot's do, for what makes no sense.
    """

    image_key: str = "observation.images.front"
    task_key: str = "task"
    default_task: str | None = None
    between: list[str] | None = None
    source: str = "vlm"
    vlm_name: str | None = None
    samples: int = 4
    recipe: str = "given"
    models: list[str] = field(default_factory=list)
    depth_key: str = "observation.depth"
    camera: list[float] | None = None
    segmentation_key: str = "observation.segmentation"
    segmentation_names: dict[str, str] = field(default_factory=dict)
    reward: str = "distance"
    fps: float = 10.0
    threshold_m: float = 0.05
    hold: int = 3
    unknown_reward: float | None = None
    license: str | None = "apache-2.0"
    tags: list[str] | None = field(default_factory=lambda: ["reward-model", "zero-shot", "spatial"])

    def __post_init__(self) -> None:
        """Check the settings, and say what enters and what leaves."""
        super().__post_init__()
        if self.source not in SOURCES:
            raise ValueError(f"source {self.source!r}: expected one of {', '.join(SOURCES)}")
        if self.reward not in REWARDS:
            raise ValueError(f"reward {self.reward!r}: expected one of {', '.join(REWARDS)}")
        if not self.fps > 0:
            raise ValueError(f"fps {self.fps}: expected above 0")
        if self.source == "geometry" and self.camera is None and self.recipe == "given":
            raise ValueError("camera: is missing; geometry needs fx, fy, cx, cy in pixels, or a recipe that finds them")
        self.input_features.setdefault(self.image_key, PolicyFeature(shape=(3, 224, 224), type=FeatureType.VISUAL))
        self.output_features.setdefault("reward", PolicyFeature(shape=(1,), type=FeatureType.REWARD))

    def validate_features(self) -> None:
        """Raise ValueError where no feature holds the pictures."""
        if self.image_key not in self.input_features:
            raise ValueError(f"image_key {self.image_key!r}: is none of the input features {[*self.input_features]}")
