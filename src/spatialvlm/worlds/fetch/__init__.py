"""fetch: episodes of a simulated Fetch robot that reaches for a block, or puts it on a stand, with exact distances.

    (episode,) = fetch_episodes([("success", 0)], cameras=("near",))
    for frame in episode: ...                   Frames in order of time: RGB, depth, masks, camera, gravity
    episode.truth_m                             what is true of each

simulator       gymnasium-robotics' FetchPickAndPlace with a coloured block, a decoy and a stand: states of the robot
scripted_moves  tasks, and how an episode of a kind goes: way points of the gripper
free_cameras    where the pictures are taken from
fetch_episode   a kind and a seed -> Episodes, one a camera
fetch_tasks     gymnasium's own Fetch environments, with words for their tasks and Frames of what they show

Drawing needs MuJoCo (the extra `robot`); nothing of it is imported before an episode is made.
"""

from spatialvlm.worlds import load_mujoco
from spatialvlm.worlds.fetch.fetch_episode import Episode, fetch_episodes
from spatialvlm.worlds.fetch.fetch_tasks import FETCH_TASKS, FetchFrames, FetchTask, fetch_env, fetch_frames
from spatialvlm.worlds.fetch.free_cameras import CAMERAS
from spatialvlm.worlds.fetch.scripted_moves import EPISODE_KINDS, EPISODE_TASKS, FAILED_KINDS, EpisodeTask

__all__ = [
    "CAMERAS",
    "EPISODE_KINDS",
    "EPISODE_TASKS",
    "FAILED_KINDS",
    "FETCH_TASKS",
    "Episode",
    "EpisodeTask",
    "FetchFrames",
    "FetchTask",
    "fetch_env",
    "fetch_episodes",
    "fetch_frames",
    "load_mujoco",
]
