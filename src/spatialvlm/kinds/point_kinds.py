"""The kinds about marked points, a row each: of the mix `all`, beyond the paper as `more_kinds`.

A point is one that lies on its subject; the question calls it by its place in the image and never says what is there.
"""

from spatialvlm.kinds.forms import LENGTH, PICK, RANKING
from spatialvlm.kinds.kind import Kind

POINT_KINDS: tuple[Kind, ...] = (
    Kind(
        "point_distance",
        LENGTH,
        "point_distance",
        0,
        "",
        "",
        (2, 2),
        "How far is a marked point from the camera?",
        1,
        pointed=True,
    ),
    Kind(
        "nearer_point",
        PICK,
        "nearer_point",
        -1,
        "front",
        "behind",
        (3, 3),
        "Which of two marked points is nearer to the camera?",
        0,
        listed=True,
        sizes=(2,),
        pointed=True,
    ),
    Kind(
        "order_of_points",
        RANKING,
        "point_order",
        1,
        "",
        "",
        (2, 2),
        "In which order do marked points come, from the nearest to the camera to the farthest?",
        0,
        listed=True,
        pointed=True,
    ),
)
