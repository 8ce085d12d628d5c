"""Given annotations as they are, checked against the contract; and what to do where there are none."""

from collections.abc import Sequence

from spatialvlm.errors import ContractError
from spatialvlm.pipeline.detect.clusters.detector import detect_clusters
from spatialvlm.records import Drop, Frame, Rle

NO_INSTANCES = "no_instances: the frame has no annotations; give them in frames.jsonl, or use --detector clusters"


def check_given(frames: Sequence[Frame]) -> list[Frame | Drop]:
    """Pass annotated frames on untouched; a frame that nobody annotated is a Drop.

    An annotation that says "nothing here" (an empty tuple) is one. Raises ContractError for one that cannot be used.
    """
    return [_checked(frame) for frame in frames]


def given_or_clusters(frames: Sequence[Frame]) -> list[Frame | Drop]:
    """Pass annotated frames on, and find clusters of depth in the others."""
    return [(detect_clusters if frame.instances is None else check_given)([frame])[0] for frame in frames]


def _checked(frame: Frame) -> Frame | Drop:
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
    return frame
