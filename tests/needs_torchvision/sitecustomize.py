"""Lets torchvision's CUDA wheel, the only one there is, work beside a torch for the CPU. For tests alone.

Python imports this by its name when the folder is on PYTHONPATH. torchvision cannot load its compiled operators then,
and without `nms` it refuses to be imported; the image processors of transformers need no other operator.
"""

import importlib.util

if importlib.util.find_spec("torch") and importlib.util.find_spec("torchvision"):
    import torch

    _library = torch.library.Library("torchvision", "DEF")
    _library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

    def _nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
        left = scores.argsort(descending=True)
        kept = []
        while len(left):
            best, left = left[0], left[1:]
            kept.append(best)
            low = torch.maximum(boxes[best, :2], boxes[left, :2])
            high = torch.minimum(boxes[best, 2:], boxes[left, 2:])
            shared = (high - low).clamp(min=0).prod(dim=1)
            area = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
            left = left[shared <= iou_threshold * (area[best] + area[left] - shared)]
        return torch.stack(kept) if kept else torch.empty(0, dtype=torch.long)

    _library.impl("nms", _nms, "CPU")
    import torchvision

    torchvision.extension._has_ops = lambda: True
