"""The kinds about places in the image, a row each: of the mix `all`, beyond the paper as `more_kinds`.

A marked point lies on its subject; the question calls it by its place and never says what is there.
"""

from spatialvlm.kinds.forms import BOUNDING_BOX, LENGTH, PICK, RANKING, REGION
from spatialvlm.kinds.kind import Kind
from spatialvlm.kinds.more_kinds import SIDES

BESIDE = {"left": "to the left of", "right": "to the right of", "front": "in front of", "behind": "behind"}

IMAGE_KINDS: tuple[Kind, ...] = (
    Kind("locate", REGION, "place", 0, "", "", (2, 2), "Where in the image is A?", 1),
    Kind("locate_box", BOUNDING_BOX, "image_box", 0, "", "", (2, 2), "Which box in the image holds A?", 1),
    *(
        Kind(
            f"free_{side}",
            REGION,
            f"free_{side}",
            0,
            "",
            "",
            (0, 1),
            f"Where is there a free place {where} A, on what A stands on?",
            1,
            sided=side in SIDES,
            on_own=True,
        )
        for side, where in BESIDE.items()
    ),
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
