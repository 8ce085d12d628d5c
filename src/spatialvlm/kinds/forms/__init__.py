"""forms: what kinds of one form have in common. A file each; nothing outside asks which form a kind has.

predicate    is it so? yes, no, or about the same         length       a length
choice       which of two? or about the same              difference   a length in a direction that holds
classify     which of two words? or about the same        angle        an angle, or how far left or right
statement    is it so? yes or no                          count        how many
pick         which of several                             clock        an hour on the clock
ranking      several, in order                            sector       one of some named directions
length_if_told   a length, or why nobody can tell        region       a place in the image
class_count      how many of a class                     bounding_box a box in the image
"""

from spatialvlm.kinds.forms.angle import ANGLE
from spatialvlm.kinds.forms.bounding_box import BOUNDING_BOX
from spatialvlm.kinds.forms.choice import CHOICE
from spatialvlm.kinds.forms.class_count import CLASS_COUNT
from spatialvlm.kinds.forms.classify import CLASSIFY
from spatialvlm.kinds.forms.clock import CLOCK
from spatialvlm.kinds.forms.count import COUNT
from spatialvlm.kinds.forms.difference import DIFFERENCE
from spatialvlm.kinds.forms.length import LENGTH
from spatialvlm.kinds.forms.length_if_told import LENGTH_IF_TOLD
from spatialvlm.kinds.forms.pick import PICK
from spatialvlm.kinds.forms.predicate import PREDICATE
from spatialvlm.kinds.forms.ranking import RANKING
from spatialvlm.kinds.forms.region import REGION
from spatialvlm.kinds.forms.sector import SECTOR
from spatialvlm.kinds.forms.statement import STATEMENT

__all__ = [
    "ANGLE",
    "BOUNDING_BOX",
    "CHOICE",
    "CLASSIFY",
    "CLASS_COUNT",
    "CLOCK",
    "COUNT",
    "DIFFERENCE",
    "LENGTH",
    "LENGTH_IF_TOLD",
    "PICK",
    "PREDICATE",
    "RANKING",
    "REGION",
    "SECTOR",
    "STATEMENT",
]
