"""What is done to a batch of LeRobot before and after the reward model "spatialvlm": next to nothing."""

from typing import Any

from lerobot.processor import (  # pyright: ignore[reportMissingImports]
    AddBatchDimensionProcessorStep,
    DeviceProcessorStep,
    PolicyProcessorPipeline,
    policy_action_to_transition,
)
from lerobot.utils.constants import (  # pyright: ignore[reportMissingImports]
    POLICY_POSTPROCESSOR_DEFAULT_NAME,
    POLICY_PREPROCESSOR_DEFAULT_NAME,
)

from spatialvlm.lerobot_plugin.configuration_spatialvlm import SpatialVlmConfig


def make_spatialvlm_pre_post_processors(
    config: SpatialVlmConfig, dataset_stats: dict[str, dict[str, Any]] | None = None
) -> tuple[Any, Any]:
    """Return the pipelines before and after: rows get a batch dimension, nothing is normalised.

    Pictures and metres are wanted as they are, so `dataset_stats` are not used.
    """
    before = PolicyProcessorPipeline[dict[str, Any], dict[str, Any]](
        steps=[AddBatchDimensionProcessorStep(), DeviceProcessorStep(device=config.device or "cpu")],
        name=POLICY_PREPROCESSOR_DEFAULT_NAME,
    )
    after = PolicyProcessorPipeline(name=POLICY_POSTPROCESSOR_DEFAULT_NAME, to_transition=policy_action_to_transition)
    return before, after
