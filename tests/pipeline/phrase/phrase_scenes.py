"""Scenes and Facts made up for the tests of the phrase stage: every kind about every pair, no measuring involved."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from spatialvlm.kinds import KIND_NAMES, KINDS
from spatialvlm.records import Box, Camera, Facts, Instance, Object, Scene, SceneErrors, Support

THINGS = ("mug", "teal bowl", "cracker box", "power drill", "chair", "laptop", "desk lamp", "potted plant")


def make_object(name: str, captions: Sequence[str], box=(10.0, 10.0, 60.0, 60.0)) -> Object:
    corner = np.zeros(3)
    return Object(
        Instance(name, tuple(captions), np.array(box, dtype=np.float32), np.ones((1, 1), dtype=bool)),
        np.zeros((1, 3), dtype=np.float32),
        Box(corner, corner + 1, corner + 0.01, corner + 0.01),
        truncated=False,
        occluded=False,
        bottom="support",
    )


def make_scene(captions: Sequence[str] = THINGS, frame_id: str = "f0", *, gravity=True, surface="floor") -> Scene:
    """One object per caption, side by side."""
    objects = [make_object(f"o{i}", (text,), (70 * i, 10, 70 * i + 50, 60)) for i, text in enumerate(captions)]
    return scene_of(objects, frame_id, gravity=gravity, surface=surface)


def scene_of(objects: Sequence[Object], frame_id: str = "f0", *, gravity=True, surface="floor") -> Scene:
    return Scene(
        frame_id,
        Camera(np.eye(3), 640, 480),
        np.eye(4),
        "given" if gravity else None,
        Support(surface) if gravity else Support(None, "no_gravity: none"),
        "metric",
        "made up",
        SceneErrors(0.01, 0.01, 0.01),
        tuple(objects),
    )


def make_facts(scene: Scene, seed: int = 0, *, similar_below: float = 0.05, error: float = 0.01) -> Facts:
    """All kinds about all ordered pairs; a comparison is "similar" where its quantities differ by less."""
    ids = tuple(o.instance.id for o in scene.objects)
    rng = np.random.default_rng(seed)
    quantity = {kind.quantity: rng.uniform(0.05, 3.0, len(ids)) for kind in KINDS.values()}
    rows = []
    for k, kind in enumerate(KINDS.values()):
        values = quantity[kind.quantity]
        for a in range(len(ids)):
            if kind.subjects == 1:
                rows.append((k, a, -1, values[a], 0))
            for b in range(len(ids)) if kind.subjects == 2 else ():
                number = values[a] - values[b]
                outcome = 0 if abs(number) < similar_below else int(np.sign(number)) * kind.sign
                if kind.form != "length" and a != b:
                    rows.append((k, a, b, number, outcome))
                elif kind.form == "length" and ((kind.sign == 0 and a < b) or number * kind.sign > 0):
                    rows.append((k, a, b, abs(number), 0))
    kind, a, b, number, outcome = zip(*rows, strict=True) if rows else ((),) * 5
    return Facts(
        KIND_NAMES,
        ids,
        np.array(kind, dtype=np.int16),
        np.array(a, dtype=np.int16),
        np.array(b, dtype=np.int16),
        np.array(number, dtype=np.float64),
        np.full(len(rows), error),
        np.array(outcome, dtype=np.int8),
        "world",
        Counter(),
    )
