"""view: look at anything, one frame of a dataset or the question kinds, in the terminal and as a picture."""

from spatialvlm.view.frame import file_for, picture, print_frame, save
from spatialvlm.view.question_kinds import print_kind, print_kinds

__all__ = ["file_for", "picture", "print_frame", "print_kind", "print_kinds", "save"]
