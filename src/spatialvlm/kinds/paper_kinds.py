"""The 43 kinds of question of SpatialVLM, a row each: the mix `paper`.

Names and weights (gravity unknown, gravity known) are those of arXiv 2401.12168, appendix A.3, figures 14 and 15. The
family is chosen first, half and half, then the kind by its weight within the family.
"""

from spatialvlm.kinds.forms import CHOICE, CLASSIFY, DIFFERENCE, LENGTH, PREDICATE
from spatialvlm.kinds.kind import Kind

PAPER_KINDS = (
    Kind("left_predicate", PREDICATE, "x", -1, "left", "right", (4, 4), "Is A to the viewer's left of B?"),
    Kind("right_predicate", PREDICATE, "x", 1, "right", "left", (4, 4), "Is A to the viewer's right of B?"),
    Kind("above_predicate", PREDICATE, "bottom", 1, "above", "below", (0, 4), "Is A higher up than B?"),
    Kind("below_predicate", PREDICATE, "bottom", -1, "below", "above", (0, 4), "Is A lower down than B?"),
    Kind("behind_predicate", PREDICATE, "y", 1, "behind", "front", (3, 3), "Is A behind B, from the viewer?"),
    Kind("front_predicate", PREDICATE, "y", -1, "front", "behind", (3, 3), "Is A in front of B, from the viewer?"),
    Kind("tall_predicate", PREDICATE, "height", 1, "tall", "short", (0, 2), "Is A taller than B?"),
    Kind("short_predicate", PREDICATE, "height", -1, "short", "tall", (0, 2), "Is A shorter than B?"),
    Kind("wide_predicate", PREDICATE, "width", 1, "wide", "thin", (2, 2), "Is A wider than B?"),
    Kind("thin_predicate", PREDICATE, "width", -1, "thin", "wide", (2, 2), "Is A thinner than B?"),
    Kind("big_predicate", PREDICATE, "size", 1, "big", "small", (1, 1), "Is A bigger than B?"),
    Kind("small_predicate", PREDICATE, "size", -1, "small", "big", (1, 1), "Is A smaller than B?"),
    Kind("left_choice", CHOICE, "x", -1, "left", "right", (2, 2), "Which of A and B is more to the left?"),
    Kind("right_choice", CHOICE, "x", 1, "right", "left", (2, 2), "Which of A and B is more to the right?"),
    Kind("above_choice", CHOICE, "bottom", 1, "above", "below", (0, 2), "Which of A and B is higher up?"),
    Kind("below_choice", CHOICE, "bottom", -1, "below", "above", (0, 2), "Which of A and B is lower down?"),
    Kind("behind_choice", CHOICE, "y", 1, "behind", "front", (2, 2), "Which of A and B is further back?"),
    Kind("front_choice", CHOICE, "y", -1, "front", "behind", (2, 2), "Which of A and B is nearer the viewer?"),
    Kind("tall_choice", CHOICE, "height", 1, "tall", "short", (0, 1), "Which of A and B is taller?"),
    Kind("short_choice", CHOICE, "height", -1, "short", "tall", (0, 1), "Which of A and B is shorter?"),
    Kind("wide_choice", CHOICE, "width", 1, "wide", "thin", (1, 1), "Which of A and B is wider?"),
    Kind("thin_choice", CHOICE, "width", -1, "thin", "wide", (1, 1), "Which of A and B is thinner?"),
    Kind("big_choice", CHOICE, "size", 1, "big", "small", (1, 1), "Which of A and B is bigger?"),
    Kind("small_choice", CHOICE, "size", -1, "small", "big", (1, 1), "Which of A and B is smaller?"),
    Kind("left_right_classify", CLASSIFY, "x", -1, "left", "right", (3, 3), "Is A left or right of B?"),
    Kind("above_below_classify", CLASSIFY, "bottom", 1, "above", "below", (0, 3), "Is A above or below B?"),
    Kind("behind_front_classify", CLASSIFY, "y", 1, "behind", "front", (2, 2), "Is A behind or in front of B?"),
    Kind("tall_short_classify", CLASSIFY, "height", 1, "tall", "short", (0, 2), "Is A taller or shorter than B?"),
    Kind("wide_thin_classify", CLASSIFY, "width", 1, "wide", "thin", (2, 2), "Is A wider or thinner than B?"),
    Kind(
        "big_small_classify",
        CLASSIFY,
        "size",
        1,
        "big",
        "small",
        (1, 1),
        "Is A bigger or smaller than B?",
    ),
    Kind("distance", LENGTH, "distance", 0, "", "", (4, 4), "How far apart are the centres of A and B?"),
    Kind("gap", LENGTH, "gap", 0, "", "", (0, 1), "How wide is the free space between A and B?"),
    Kind("height", LENGTH, "height", 0, "", "", (0, 1), "How tall is A?", 1),
    Kind("width", LENGTH, "width", 0, "", "", (0, 1), "How wide is A, as the viewer sees it?", 1),
    Kind("elevation", LENGTH, "elevation", 0, "", "", (0, 1), "How high is A's bottom above the support plane?", 1),
    Kind("vertical_distance", LENGTH, "vertical", 0, "", "", (0, 2), "How far apart vertically are the centres?"),
    Kind("horizontal_distance", LENGTH, "horizontal", 0, "", "", (0, 2), "How far apart horizontally are the centres?"),
    Kind(
        "above_difference", DIFFERENCE, "bottom", 1, "above", "below", (0, 1), "How much higher is A's bottom than B's?"
    ),
    Kind(
        "below_difference", DIFFERENCE, "bottom", -1, "below", "above", (0, 1), "How much lower is A's bottom than B's?"
    ),
    Kind("behind_difference", DIFFERENCE, "y", 1, "behind", "front", (1, 1), "How far is A behind B?"),
    Kind("front_difference", DIFFERENCE, "y", -1, "front", "behind", (1, 1), "How far is A in front of B?"),
    Kind("left_difference", DIFFERENCE, "x", -1, "left", "right", (1, 1), "How far is A to the left of B?"),
    Kind("right_difference", DIFFERENCE, "x", 1, "right", "left", (1, 1), "How far is A to the right of B?"),
)
