"""worlds: drawn scenes with exact truth, of furnished rooms (rooms/) and of simple solids (solids/)."""

from spatialvlm.worlds.ground_truth import Truth, exact_frame, instance_id

__all__ = ["Truth", "exact_frame", "instance_id"]
