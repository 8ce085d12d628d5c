"""Masks as arrays and as COCO run lengths."""

import warnings
from typing import Any, cast

import cv2
import numpy as np
from jaxtyping import Bool
from pycocotools import mask as coco

from spatialvlm.records import Rle

Mask = Bool[np.ndarray, "_ _"]


def encode_mask(mask: Mask | Rle) -> Rle:
    """Give a mask as run lengths; an Rle is returned as it is."""
    if isinstance(mask, Rle):
        return mask
    by_column = np.asarray(cv2.transpose(mask.view(np.uint8)), np.uint8)  # ten times as fast as numpy
    rle = cast(dict[str, Any], coco.encode(by_column.T))
    return Rle(mask.shape[0], mask.shape[1], rle["counts"])


def decode_mask(mask: Mask | Rle) -> Mask:
    """Give a mask as an array; an array is returned as it is."""
    if not isinstance(mask, Rle):
        return mask
    rle: Any = {"size": [mask.height, mask.width], "counts": mask.counts}
    with warnings.catch_warnings():
        # pycocotools up to 2.0.11 builds the array in a way that numpy 2 finds old
        warnings.simplefilter("ignore", DeprecationWarning)
        return cast(np.ndarray, coco.decode(rle)).astype(bool)
