"""layouts: how others lay out frames on disk -> Frames. One file each; a layout is recognised by its signs.

A class here is a `Layout`: a `FrameSource` that also knows its `option` (the word after --as), its `title` and its
`signs`. Those whose frames can be listed before any is read are a `FrameList` and only say how they list them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Protocol

from spatialvlm.errors import UserError

LAYOUTS = (
    *("tum", "bop", "scannet", "arkitscenes", "kitti", "kitti-objects", "sunrgbd", "nerfstudio", "polycam", "record3d"),
    *("coco", "lerobot", "video", "parquet", "webdataset", "picture", "pairs"),
)
"""The words after --as."""

GENERAL = ("pairs",)
"""Those that many others are as well: they are looked for where no other shows its signs."""


class Layout(Protocol):
    """What a layout says of itself, as attributes of its class; its instances are `FrameSource`s."""

    option: ClassVar[str]
    title: ClassVar[str]

    @classmethod
    def signs(cls, path: Path) -> str | None:
        """Name the files that show that `path` is of this layout, for people; None where they are not there.

        It opens as little as it can and never raises: `path` may be a file or a folder of anything.
        """
        ...

    @classmethod
    def open(cls, source: str, config: Any, seed: int) -> Any:
        """Open the source. Raises UserError where its lists make no sense as a whole."""
        ...


def layout_class(option: str) -> type[Any]:
    """Find the class of a layout by the word after --as. Raises UserError for a word that is none."""
    found = _of_sensors(option) or _of_files(option)
    if found is None:
        raise UserError(f"--as {option!r}: no such layout; choose one of {', '.join(LAYOUTS)}")
    return found


def _of_sensors(option: str) -> type[Any] | None:
    """Find a layout of pictures with what a depth sensor measured."""
    match option:
        case "tum":
            from spatialvlm.pipeline.collect.layouts.tum import TumSequence

            return TumSequence
        case "bop":
            from spatialvlm.pipeline.collect.layouts.bop import BopDataset

            return BopDataset
        case "scannet":
            from spatialvlm.pipeline.collect.layouts.scannet import ScannetScenes

            return ScannetScenes
        case "arkitscenes":
            from spatialvlm.pipeline.collect.layouts.arkitscenes import ArkitVideos

            return ArkitVideos
        case "kitti":
            from spatialvlm.pipeline.collect.layouts.kitti import KittiDrives

            return KittiDrives
        case "kitti-objects":
            from spatialvlm.pipeline.collect.layouts.kitti_objects import KittiObjects

            return KittiObjects
        case "sunrgbd":
            from spatialvlm.pipeline.collect.layouts.sunrgbd import SunRgbd

            return SunRgbd
        case "pairs":
            from spatialvlm.pipeline.collect.layouts.pairs import PictureDepthPairs

            return PictureDepthPairs
    return None


def _of_files(option: str) -> type[Any] | None:
    """Find a layout of captures by phones, and of files that hold many pictures or one."""
    match option:
        case "nerfstudio":
            from spatialvlm.pipeline.collect.layouts.nerfstudio import Transforms

            return Transforms
        case "polycam":
            from spatialvlm.pipeline.collect.layouts.polycam import PolycamCapture

            return PolycamCapture
        case "record3d":
            from spatialvlm.pipeline.collect.layouts.record3d import Record3DRecording

            return Record3DRecording
        case "coco":
            from spatialvlm.pipeline.collect.layouts.coco import CocoFolder

            return CocoFolder
        case "lerobot":
            from spatialvlm.pipeline.collect.layouts.lerobot import LeRobotFrames

            return LeRobotFrames
        case "video":
            from spatialvlm.pipeline.collect.layouts.video import VideoFrames

            return VideoFrames
        case "parquet":
            from spatialvlm.pipeline.collect.layouts.parquet import ParquetRows

            return ParquetRows
        case "webdataset":
            from spatialvlm.pipeline.collect.layouts.webdataset_tars import WebDatasetTars

            return WebDatasetTars
        case "picture":
            from spatialvlm.pipeline.collect.layouts.picture import PictureFile

            return PictureFile
    return None


def recognised(path: Path) -> type[Any] | None:
    """Find the layout that `path` shows the signs of, None where it shows none.

    Raises UserError where it shows those of several, which is for a person to decide, and where it is something that
    must not be taken for photos.
    """
    found = _showing(path, [option for option in LAYOUTS if option not in GENERAL]) or _showing(path, GENERAL)
    if len(found) > 1:
        could = " or ".join(f"{kind.title} ({signs})" for kind, signs in found)
        flags = " or ".join(f"--as {kind.option}" for kind, _ in found)
        raise UserError(f"source {str(path)!r}: could be {could}; say which with {flags}")
    if not found:
        from spatialvlm.pipeline.collect.layouts.unread import refuse

        refuse(path)
    return found[0][0] if found else None


def _showing(path: Path, options: Iterable[str]) -> list[tuple[type[Any], str]]:
    """List the layouts of some words that `path` shows the signs of, with these."""
    return [(kind, signs) for kind in map(layout_class, options) if (signs := kind.signs(path)) is not None]
