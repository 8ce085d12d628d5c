"""worlds: drawn scenes with exact truth, of furnished rooms (rooms/), simple solids (solids/) and robots (fetch/)."""

from spatialvlm.worlds.ground_truth import Truth, exact_frame, instance_id
from spatialvlm.worlds.mujoco_frames import HIDDEN_GROUP, FreeView, MujocoFrames, load_mujoco

__all__ = ["HIDDEN_GROUP", "FreeView", "MujocoFrames", "Truth", "exact_frame", "instance_id", "load_mujoco"]
