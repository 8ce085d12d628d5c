"""unread: what people have that is not read, and must not be taken for photos -> one sentence on what to do."""

from pathlib import Path

from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect.images import MASK_PATH
from spatialvlm.pipeline.collect.layouts.folder_files import PICTURES, places, some_files
from spatialvlm.pipeline.collect.layouts.pairs import is_depth_map

LEVELS = 2
BAGS = (".bag", ".mcap", ".db3")


def refuse(path: Path) -> None:
    """Raise UserError where a source is of a kind that is known and not read."""
    why = _bag(path) or (_nuscenes(path) or _scans(path) or _no_photos(path) if path.is_dir() else None)
    if why is not None:
        raise UserError(f"source {str(path)!r}: {why}")


def _bag(path: Path) -> str | None:
    names = some_files(path) if path.is_dir() else [path.name]
    bag = next((name for name in names if name.lower().endswith(BAGS)), None)
    if bag is None or (path.is_dir() and "metadata.yaml" not in names and any(map(_is_picture, names))):
        return None
    return (
        f"{bag} is a recording of ROS, which is not read here; export its colour pictures and the depth aligned to "
        "them into folders color and depth, camera_info.yaml beside these, and give that folder"
    )


def _nuscenes(path: Path) -> str | None:
    if not (path / "samples").is_dir() or not any(path.glob("v1.0-*/")):
        return None
    return (
        "nuScenes, whose depth is in laser scans that are not read here; write frames.jsonl with depth maps made of "
        "samples/LIDAR_TOP, or take the pictures alone with --as photos"
    )


def _scans(path: Path) -> str | None:
    scan = next((name for name in some_files(path) if name.lower().endswith(".sens")), None)
    if scan is None or any(map(_is_picture, some_files(path))):
        return None
    return (
        f"{scan} is a scan of ScanNet that is not exported; export it with ScanNet's SensReader, and give that folder"
    )


def _no_photos(path: Path) -> str | None:
    """Refuse folders whose pictures are all depth maps or all masks, of those that are looked at."""
    found = [
        path / place / name
        for place in places(path, lambda one: any(map(_is_picture, some_files(one))), LEVELS, at_most=4)
        for name in [one for one in some_files(path / place) if _is_picture(one)][:20]
    ]
    if found and all(is_depth_map(one) and one.suffix.lower() == ".png" for one in found):
        return (
            f"holds depth maps ({found[0].relative_to(path).as_posix()} has 16 bits a pixel) and no colour pictures; "
            "put these into a folder color beside depth; or take the depth maps for photos with --as photos"
        )
    if found and all(MASK_PATH.search(one.as_posix()) for one in found):
        return (
            f"holds masks ({found[0].relative_to(path).as_posix()}) and no photos; give the folder that has these, or "
            "take the masks for photos with --as photos"
        )
    return None


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURES)
