"""reward: an episode and a task in words -> a dense reward, frame by frame, from distances in metres.

    curve = reward_episode("episode/", "put the red can into the box", "out/")

task_goals         words -> what has to come close to what
distance_sources   what tells the distances of a frame: scene_distances measures, vlm_distances asks a model
motion_filter, goal_following   frame by frame -> followed over time, also what is hidden
shaping, success   distances -> rewards, and whether it is done
reward_curve       all of it, a point for each frame
live_reward        the same while an episode goes on; gymnasium_wrapper gives it to an environment
reward_files, curve_picture, overlay_video, heat_map     on disk
frame_measuring, episodes     a source of frames -> its curve; reward_settings say how
dataset_rewards, lerobot_copy    a LeRobot dataset -> the rewards of all its episodes, and a copy that has them
"""

from typing import TYPE_CHECKING, Any

from spatialvlm.errors import UserError
from spatialvlm.reward.curve_picture import draw_curve
from spatialvlm.reward.dataset_rewards import DatasetRewards, EpisodeReward, is_dataset, reward_dataset
from spatialvlm.reward.distance_sources import DistanceReading, DistanceSource, FrameDistances, MeasuredPlace
from spatialvlm.reward.episodes import judge, reward_episode
from spatialvlm.reward.goal_following import GoalDistance, GoalFollower, SourcesFollower, camera_shift, follow, fused
from spatialvlm.reward.heat_map import HeatMap, HeatStep, draw_heat_map, heat_map, way_of
from spatialvlm.reward.lerobot_copy import CopyReport, copy_with_rewards
from spatialvlm.reward.live_reward import UNSEEN_M, LiveReward
from spatialvlm.reward.motion_filter import Followed, Follower, Motion
from spatialvlm.reward.reward_curve import RewardCurve, RewardPoint, curve_of
from spatialvlm.reward.reward_files import COLUMNS, sidecar_of, write_sidecar
from spatialvlm.reward.reward_settings import RewardSettings
from spatialvlm.reward.scene_distances import SceneDistances
from spatialvlm.reward.shaping import Shaping, potential, rewards_of, shaped_rewards, staged_potentials
from spatialvlm.reward.success import (
    CalibratedThreshold,
    GoalHold,
    StageHolds,
    SuccessRule,
    calibrate,
    held,
    held_distance,
    stages_done,
)
from spatialvlm.reward.task_goals import Goal, goals_of
from spatialvlm.reward.vlm_distances import VlmDistances

if TYPE_CHECKING:
    from spatialvlm.reward.gymnasium_wrapper import SpatialRewardWrapper

__all__ = [
    "COLUMNS",
    "UNSEEN_M",
    "CalibratedThreshold",
    "CopyReport",
    "DatasetRewards",
    "DistanceReading",
    "DistanceSource",
    "EpisodeReward",
    "Followed",
    "Follower",
    "FrameDistances",
    "Goal",
    "GoalDistance",
    "GoalFollower",
    "GoalHold",
    "HeatMap",
    "HeatStep",
    "LiveReward",
    "MeasuredPlace",
    "Motion",
    "RewardCurve",
    "RewardPoint",
    "RewardSettings",
    "SceneDistances",
    "Shaping",
    "SourcesFollower",
    "SpatialRewardWrapper",
    "StageHolds",
    "SuccessRule",
    "VlmDistances",
    "calibrate",
    "camera_shift",
    "copy_with_rewards",
    "curve_of",
    "draw_curve",
    "draw_heat_map",
    "follow",
    "fused",
    "goals_of",
    "heat_map",
    "held",
    "held_distance",
    "is_dataset",
    "judge",
    "potential",
    "reward_dataset",
    "reward_episode",
    "rewards_of",
    "shaped_rewards",
    "sidecar_of",
    "staged_potentials",
    "stages_done",
    "way_of",
    "write_sidecar",
]


def __getattr__(name: str) -> Any:
    if name != "SpatialRewardWrapper":
        raise AttributeError(f"module 'spatialvlm.reward' has no attribute {name!r}; it offers {', '.join(__all__)}")
    try:
        from spatialvlm.reward.gymnasium_wrapper import SpatialRewardWrapper
    except ModuleNotFoundError as error:
        if error.name != "gymnasium":
            raise
        raise UserError(
            "SpatialRewardWrapper wraps environments of gymnasium, which is not installed; "
            "pip install 'spatialvlm[robot]', or gymnasium alone"
        ) from None
    return SpatialRewardWrapper
