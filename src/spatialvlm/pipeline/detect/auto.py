"""Given annotations where there are any, else clusters of depth."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from spatialvlm.pipeline.detect.clusters.detector import Clusters
from spatialvlm.pipeline.detect.given import Given
from spatialvlm.records import Drop, Frame, Instance


class Auto:
    """Annotated frames as `Given` has them, the others as `Clusters` finds them.

    An annotation that says "nothing here" (an empty tuple) is an annotation.
    """

    versions: Mapping[str, str] = MappingProxyType({})

    def __init__(self) -> None:
        self._given, self._clusters = Given(), Clusters()

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame, or why there are none."""
        return [(self._clusters if frame.instances is None else self._given)([frame])[0] for frame in frames]
