"""How episodes are judged: who tells distances, of which frames, and what reward is made of them."""

from dataclasses import dataclass, field
from typing import Literal

from spatialvlm.errors import UserError
from spatialvlm.recipes import Overrides
from spatialvlm.reward.overlay_video import load_av
from spatialvlm.reward.shaping import Shaping, check_gamma
from spatialvlm.reward.success import SuccessRule

Kind = Literal["geometry", "vlm", "fused"]


@dataclass(frozen=True, slots=True)
class RewardSettings:
    """How an episode is judged.

    `kind`: who tells distances; by default the geometry where frames come with depth or a recipe is named, else a
    vision-language model. `every`: each so many frames are measured, the others held. `fps`: so many frames a second
    are taken of a video, and so far apart are frames of a source that knows no time. `sequence`: which one, of a source
    with several. `overlay`: a video is written too, which needs PyAV. `heat_map`: of the frame of that
    index a picture is written that shows how far each place is from where the gripper has to go.
    """

    kind: Kind | None = None
    recipe: str | None = None
    overrides: Overrides = field(default_factory=Overrides)
    vlm: str | None = None
    samples: int = 4
    every: int = 1
    fps: float = 10.0
    sequence: str | None = None
    measured: Literal["distance", "gap"] = "distance"
    moving_camera: bool = False
    shaping: Shaping = "shaped"
    gamma: float = 1.0
    rule: SuccessRule = field(default_factory=SuccessRule)
    overlay: bool = False
    heat_map: int | None = None

    def __post_init__(self) -> None:
        check_gamma(self.gamma)
        if self.every < 1:
            raise UserError(f"every {self.every}: expected 1 or more frames")
        if self.overlay:
            load_av()
        if not 0 < self.fps <= 1000:
            raise UserError(f"fps {self.fps:g}: expected above 0, up to 1000 frames a second")
