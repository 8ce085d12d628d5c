"""The kinds of question: one row each. What a kind asks, which quantity decides it, and how often it is asked.

paper_kinds   the 43 of the paper
more_kinds    those beyond it
image_kinds   those beyond it about places in the image
kind          what a row says, and what a form of question owns
forms/        the forms: a file each

A new kind is a row, a template file `pipeline/phrase/templates/<name>.txt`, and a row in tests/test_kinds.py; where
nothing measures it yet, its quantity in `pipeline/measure` and the truth of that in `audit`.
"""

from types import MappingProxyType
from typing import Literal

from spatialvlm.kinds.forms.bounding_box import CORNERS
from spatialvlm.kinds.forms.clock import hours_of
from spatialvlm.kinds.image_kinds import IMAGE_KINDS
from spatialvlm.kinds.kind import (
    LETTERS,
    RELATION_WORDS,
    THOUSANDTHS,
    Form,
    Kind,
    Leaning,
    Outcomes,
    Values,
    Voice,
    even,
    joined,
    reordered,
)
from spatialvlm.kinds.more_kinds import MORE_KINDS
from spatialvlm.kinds.paper_kinds import PAPER_KINDS

__all__ = [
    "CORNERS",
    "KINDS",
    "KIND_NAMES",
    "LETTERS",
    "MIXES",
    "RELATION_WORDS",
    "THOUSANDTHS",
    "Form",
    "Kind",
    "Leaning",
    "Mix",
    "Outcomes",
    "Values",
    "Voice",
    "even",
    "hours_of",
    "joined",
    "reordered",
]

KINDS = MappingProxyType({kind.name: kind for kind in (*PAPER_KINDS, *MORE_KINDS, *IMAGE_KINDS)})
KIND_NAMES = tuple(KINDS)

Mix = Literal["paper", "all", "photo"]
_NOT_OF_PHOTOS = ("camera_distance", "point_distance", "height_if_told", "count_of_class")
MIXES = MappingProxyType(
    {
        "paper": tuple(kind.name for kind in PAPER_KINDS),
        "all": KIND_NAMES,
        "photo": tuple(name for name in KIND_NAMES if name not in _NOT_OF_PHOTOS),
    }
)
"""Which kinds are asked, by the name of the mix.

`photo` leaves out what a photo alone tells worst: how far the camera is, which models of depth put at about the same in
any room; whether a foot is out of sight or its mask just ends above it; and how many there are of what a detector may
have missed.
"""
