"""Pictures that a benchmark takes from COCO 2017 and names, but does not hold: where they lie, not whether.

Enters: a picture's name, the folder or the file of rows. Leaves: the first place where the file is, else the place
where it is expected. Items can so be listed, and saved answers scored, without the pictures; who opens a picture says
that it is missing.
"""

from pathlib import Path

PLACES = ("", "images", "relevant_images", "trainval2017", "train2017", "val2017", "test2017", "COCO2017")
"""Folders that the benchmarks' read-mes unpack the pictures to; "" is beside the rows."""


def where(name: str, folder: Path) -> Path:
    """The place of a picture below `folder`, or beside it if it is a file; in `images` where it is nowhere."""
    base = folder if folder.is_dir() else folder.parent
    return next((path for place in PLACES if (path := base / place / name).is_file()), base / "images" / name)
