"""lerobot_plugin: distances in metres as a reward model of LeRobot, called "spatialvlm"; needs lerobot and torch.

configuration_spatialvlm    what can be set, registered with LeRobot
modeling_spatialvlm         a batch of LeRobot -> a reward of each of its rows
processor_spatialvlm        what is done to a batch before and after

LeRobot finds the other two by these names as soon as this package is imported, which its option
`--reward_model.discover_packages_path=spatialvlm.lerobot_plugin` does. Its interface is that of lerobot 0.6:
https://github.com/huggingface/lerobot/tree/7427f31/src/lerobot/rewards
"""

from importlib.util import find_spec

from spatialvlm.errors import UserError

if find_spec("lerobot") is None:
    raise UserError(
        "spatialvlm.lerobot_plugin: is a plug-in of LeRobot, which is not installed; install it in an environment of "
        "Python 3.12 or newer: pip install lerobot"
    )

from spatialvlm.lerobot_plugin.configuration_spatialvlm import SpatialVlmConfig as SpatialVlmConfig
from spatialvlm.lerobot_plugin.modeling_spatialvlm import SpatialVlmRewardModel as SpatialVlmRewardModel
from spatialvlm.lerobot_plugin.processor_spatialvlm import (
    make_spatialvlm_pre_post_processors as make_spatialvlm_pre_post_processors,
)
