"""What adapters of other people's packages share: importing them, batches of like images, what a known camera knows."""

import importlib
import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from spatialvlm.errors import UserError
from spatialvlm.records import Camera

Item = TypeVar("Item")
Result = TypeVar("Result")


def import_package(module: str, install: str) -> Any:
    """Import a module of a package that is no dependency of ours. Raises UserError with the command to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise UserError(f"{package}: cannot be imported ({error}); get it with: {install}") from error


def in_groups(
    run: Callable[[list[Item]], Sequence[Result]], items: Sequence[Item], key: Callable[[Item], Hashable]
) -> list[Result]:
    """Run over groups of items of equal key, such as images of one size, and give the results in the items' order."""
    groups: dict[Hashable, list[int]] = {}
    for index, item in enumerate(items):
        groups.setdefault(key(item), []).append(index)
    results: dict[int, Result] = {}
    for indices in groups.values():
        results.update(zip(indices, run([items[index] for index in indices]), strict=True))
    return [results[index] for index in range(len(items))]


def known_focal_px(camera: Camera | None) -> float | None:
    """Find the horizontal focal length where it was calibrated or written by the camera, None where it is a guess."""
    if camera is None or camera.provenance not in ("calibration", "exif"):
        return None
    return float(camera.image_from_camera[0, 0])


def field_of_view(focal_px: float, side_px: int) -> float:
    """Compute the angle in radians that an image side spans, the principal point in its middle."""
    return 2 * math.atan2(side_px / 2, focal_px)


def focal_error(focal_px: float, side_px: int, field_of_view_error_rad: float) -> float:
    """Compute the relative error of a focal length from that of the field of view along a side.

    f = side / (2 tan(v / 2)), hence df / f = -dv / sin(v).
    """
    return field_of_view_error_rad / math.sin(field_of_view(focal_px, side_px))
