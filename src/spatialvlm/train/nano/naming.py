"""Naming what is at a point: a scene enters, short conversations about some of its objects leave.

The point in the question is taught to look at its object as names are.
"""

import numpy as np

from spatialvlm.geometry import decode_mask
from spatialvlm.records import Scene
from spatialvlm.train.encoding import Dialogue, NamedObject
from spatialvlm.train.spatial_rows import readings

ASKED = (
    "What is at {point}?",
    "Name the thing at the point {point}.",
    "Which object do you see at {point}?",
    "What can be seen at {point}, x and y as shares of the image?",
)
MOST = 4


def names_at_points(scene: Scene, rng: np.random.Generator) -> tuple[Dialogue, ...]:
    """Ask what some objects of a scene are, each by a point that lies on it; the answer is its preferred caption."""
    count = min(MOST, len(scene.objects))
    found = []
    for place in rng.permutation(len(scene.objects))[:count]:
        thing = scene.objects[place]
        mask = decode_mask(thing.instance.mask)
        ys, xs = np.nonzero(mask)
        chosen = int(rng.integers(len(ys)))
        x, y = (xs[chosen] + 0.5) / mask.shape[1], (ys[chosen] + 0.5) / mask.shape[0]
        point = f"({x:.2f}, {y:.2f})"
        question = ASKED[int(rng.integers(len(ASKED)))].format(point=point)
        turns = ("user", question), ("assistant", thing.instance.captions[0])
        found.append(Dialogue(turns, (NamedObject(point, mask, readings(scene, thing)),)))
    return tuple(found)
