"""estimate: Frame -> Frame with depth, camera, gravity and floor, where it lacks them, by models."""

from spatialvlm.models.inference import Runtime
from spatialvlm.pipeline.estimate.sense import Sense, SenseConfig

__all__ = ["Sense", "SenseConfig", "load_sense"]


def load_sense(config: SenseConfig | None = None, runtime: Runtime | None = None) -> Sense:
    """The models that look at frames before the geometry, loaded; by default none, and cameras are assumed.

    Raises UserError for weights that cannot be had or a package that is not installed.
    """
    return Sense(config or SenseConfig(), runtime or Runtime())
