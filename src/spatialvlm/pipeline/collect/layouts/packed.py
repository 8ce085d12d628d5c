"""packed: a frame whose pictures are bytes in a larger file, with what a record beside them says -> a Sample."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from spatialvlm.pipeline.collect.camera_values import camera_of
from spatialvlm.pipeline.collect.decode import Refused, number_of, numbers_of, record_id
from spatialvlm.pipeline.collect.depth_files import decode_depth, depth_scale_of, fit_depth
from spatialvlm.pipeline.collect.instances import instances_of
from spatialvlm.pipeline.collect.picture_files import read_rgb
from spatialvlm.pipeline.collect.plausible import hold_against_picture
from spatialvlm.records import Drop, Frame, Sample, Source

CAMERA_KEYS = ("camera", "intrinsics", "K", "camera_intrinsics", "intrinsic_matrix", "cam_K", "camera_K")
GRAVITY_KEYS = ("gravity_in_camera", "gravity")
INSTANCE_KEYS = ("instances", "annotations", "objects", "masks")
MASK_KEYS = {"mask", "rle", "segmentation", "polygons"}


def sample_of(
    index: int, id: str, folder: Path, path: str, image: bytes | None, depth: bytes | None, record: Mapping[str, Any]
) -> Sample:
    """Decode a frame of a source in `folder`, where masks may be files. What cannot be had is one Drop under its id.

    `record` may have a camera, gravity, depth_scale, a licence and instances with masks, under the names that people
    give them.
    """
    try:
        record_id(id, f"frame {index}")
        if image is None:
            raise Refused("image_missing", f"image of frame {id!r}: there is none; remove the row")
        return _decoded(index, id, folder, path, image, depth, record)
    except Refused as refused:
        return Sample(index).dropped(Drop("collect", id, str(refused)))


def _decoded(
    index: int, id: str, folder: Path, path: str, stored: bytes, depth: bytes | None, record: Mapping[str, Any]
) -> Sample:
    owner = f"frame {id!r}"
    image, data = read_rgb(stored, f"image of {owner}", upright=depth is None)
    shape = (image.shape[0], image.shape[1])
    depth_m, said = None, None
    if depth is not None:
        name = f"depth of {owner}"
        depth_m = decode_depth(depth, name, depth_scale_of(record.get("depth_scale"), owner))
        depth_m, said = fit_depth(depth_m, shape, name)
    camera, gravity = first(record, CAMERA_KEYS), first(record, GRAVITY_KEYS)
    instances, drops, doubts = _instances(folder, record, id, shape)
    frame = Frame(
        id,
        image,
        None if camera is None else camera_of(camera, shape, owner),
        depth_m,
        None if gravity is None else _gravity(gravity, owner),
        instances,
        Source(folder.resolve().name, _licence(record), path, data),
    )
    doubts = (*doubts, *(() if said is None else (Drop("collect", id, said),)))
    scale = depth_scale_of(record.get("depth_scale"), owner)
    return hold_against_picture(Sample(index, frame, drops=drops, doubts=doubts), scale)


def first(record: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Find the first value that is there."""
    return next((record[key] for key in keys if record.get(key) is not None), None)


def has_masks(entries: Any) -> bool:
    """Tell whether entries are a list of objects that carry their masks."""
    return isinstance(entries, list) and any(isinstance(one, dict) and MASK_KEYS & one.keys() for one in entries)


def _instances(
    folder: Path, record: Mapping[str, Any], id: str, shape: tuple[int, int]
) -> tuple[Any, tuple[Drop, ...], tuple[Drop, ...]]:
    entries = first(record, INSTANCE_KEYS)
    if not has_masks(entries):
        return None, (), ()
    numbered = [{"id": str(place), **one} if isinstance(one, dict) else one for place, one in enumerate(entries, 1)]
    return instances_of(folder, numbered, id, shape)


def _gravity(value: Any, owner: str) -> Any:
    vector = np.array(numbers_of(value, 3, f"gravity of {owner}"))
    length = number_of(float(np.linalg.norm(vector)), f"gravity of {owner}")
    if not 1e-6 < length < np.inf:
        raise Refused(
            "gravity_invalid", f"gravity of {owner}: got {vector.tolist()}, expected a vector that points down"
        )
    return vector / length


def _licence(record: Mapping[str, Any]) -> str | None:
    value = first(record, ("licence", "license"))
    return value if isinstance(value, str) and value else None
