"""What a dataset was made with, held against what is wanted now: two headers enter, an error or nothing leaves."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spatialvlm.errors import DatasetError

FORMER_NAMES = {
    "config.cull.least_sharpness": "config.cull.min_sharpness",
    "config.cull.least_side_px": "config.cull.min_side_px",
    "config.detect.cut": "config.detect.segment",
    "config.detect.find": "config.detect.detect",
    "config.detect.least_score": "config.detect.score_threshold",
    "config.detect.least_share": "config.detect.min_area",
    "config.detect.most": "config.detect.max_objects",
    "config.detect.most_contained": "config.detect.containment_threshold",
    "config.detect.most_overlap": "config.detect.iou_threshold",
    "config.detect.most_share": "config.detect.max_area",
    "config.lift.depth_local_error": "config.lift.depth_errors.local",
    "config.lift.depth_local_reach": "config.lift.depth_errors.reach",
    "config.lift.depth_scale_error": "config.lift.depth_errors.scale",
    "config.measure.least_m": "config.measure.min_length_m",
    "config.measure.worst_share": "config.measure.max_relative_error",
    "config.sense": "config.estimate",
}
"""Settings that datasets of version 0.1 hold by another name: dotted, each with all that is below it."""

FORMER_VALUES = {"config.phrase.balance": "none"}
"""What holds of datasets that lack a setting, since there was no choice when they were made."""


FORMER_DEFAULTS = {"config.estimate.fov_rad": math.radians(55.0)}
"""What datasets hold of a setting that nobody had chosen; it is None now."""


def present_name(key: str) -> str:
    """Return what a setting of an earlier version is called now."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        name = FORMER_NAMES.get(".".join(parts[:length]))
        if name is not None:
            return ".".join((name, *parts[length:]))
    return key


def check_same(
    folder: Path,
    found: Mapping[str, Any],
    wanted: Mapping[str, Any],
    defaults: Mapping[str, Any],
    *,
    finished: bool,
    mendable: bool = False,
) -> None:
    """Raise DatasetError where a dataset was made with other settings than are wanted.

    Of a half-made dataset everything must be the same, the versions too, save for packages that have come in addition.
    One that another version finished may lack what has its default in what is wanted; a setting that is gone from here
    says nothing. Where the source is `mendable`, that it has changed is no difference.
    """
    asked = _flat(wanted)
    here = {key: value for key, value in FORMER_VALUES.items() if key in asked} | _flat(found)
    keys = {*here, *asked}
    if finished:
        usual = _flat(defaults)
        if found.get("versions") != wanted.get("versions"):
            here = {present_name(key): value for key, value in here.items()}
            here = {key: None if FORMER_DEFAULTS.get(key, ...) == value else value for key, value in here.items()}
            keys = {key for key in asked if key in here or asked[key] != usual.get(key, ...)}
        keys = {key for key in keys if not key.startswith("versions.")}
        if asked.get("config.shard_size") is None:
            keys.discard("config.shard_size")  # whoever asks for no size takes any
    keys -= {f"versions.{package}" for package in added_packages(found, wanted)}
    if mendable:
        keys.discard("fingerprint")
    different = [key for key in sorted(keys) if here.get(key, ...) != asked.get(key, ...)]
    if different:
        what = "versions" if all(key.startswith("versions.") for key in different) else "settings"
        rows = (f"  {key}: {_say(here, key)} in the folder, {_say(asked, key)} now\n" for key in different)
        raise DatasetError(
            f"{folder}: holds a dataset made with other {what}:\n{''.join(rows)}"
            f"run with the same {what} to resume it, or choose another --out"
        )


def added_packages(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> set[str]:
    """Name the packages that were not installed when a dataset was made, and are now."""
    return {*wanted.get("versions", {})} - {*found.get("versions", {}), "commit"}


def _say(flat: dict[str, Any], key: str) -> str:
    return json.dumps(flat[key], ensure_ascii=False) if key in flat else "absent"


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            flat |= _flat(inner, f"{prefix}{key}.")
        else:
            flat[prefix + key] = inner
    return flat
