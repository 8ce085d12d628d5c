"""Given annotations as they are: the frame's own instances, checked against the contract and passed on untouched."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from spatialvlm.errors import ContractError
from spatialvlm.records import Drop, Frame, Instance, Rle

NO_INSTANCES = "no_instances: the frame has no annotations; give them in frames.jsonl, or use --detector clusters"


class Given:
    """Frames to the instances that they came with."""

    versions: Mapping[str, str] = MappingProxyType({})

    def __call__(self, frames: Sequence[Frame]) -> list[tuple[Instance, ...] | Drop]:
        """The instances of each frame; a frame that nobody annotated is a Drop."""
        return [_given(frame) for frame in frames]


def _given(frame: Frame) -> tuple[Instance, ...] | Drop:
    if frame.instances is None:
        return Drop("detect", frame.id, NO_INSTANCES)
    ids: set[str] = set()
    for instance in frame.instances:
        if instance.id in ids:
            raise ContractError(
                f"instance {instance.id!r} of frame {frame.id!r}: the id occurs twice, expected unique ids; "
                "fix the source that made the frame"
            )
        ids.add(instance.id)
        mask = instance.mask
        shape = (mask.height, mask.width) if isinstance(mask, Rle) else mask.shape
        if shape != frame.image.shape[:2]:
            raise ContractError(
                f"mask of instance {instance.id!r} in frame {frame.id!r}: got {shape}, expected "
                f"{frame.image.shape[:2]}, the size of the image; fix the source that made the frame"
            )
    return frame.instances
