"""view: look at a source, one frame of a dataset, or the question kinds, in the terminal and as a picture."""

from spatialvlm.view.found_frames import look, print_found
from spatialvlm.view.frame import file_for, picture, print_frame, save
from spatialvlm.view.frame_picture import picture_of
from spatialvlm.view.question_kinds import print_kind, print_kinds

__all__ = [
    "file_for",
    "look",
    "picture",
    "picture_of",
    "print_found",
    "print_frame",
    "print_kind",
    "print_kinds",
    "save",
]
