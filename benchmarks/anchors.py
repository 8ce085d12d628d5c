"""How well an anchor fixes the scale: rendered rooms whose depth is multiplied by a random factor.

    python benchmarks/anchors.py --rooms 100

Each room's exact depth is multiplied by a factor from 0.6 to 1.6, and lifted with nothing known, with the camera's
height, with the height of one object, the largest in the picture of those that are in sight as a whole, and with both.
"Up found" is without given gravity: the rooms dropped there are those in which no plane says where up is.
The error model is told that the scale may be wrong by 30 %. Distances of centres are compared with those of what is
seen.
"""

import argparse
import dataclasses
import math

import cv2
import numpy as np

from spatialvlm.audit.compare import compare
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.kinds import KIND_NAMES
from spatialvlm.pipeline.collect.rooms import RoomsSource
from spatialvlm.pipeline.lift import Anchor, LiftConfig, lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import DepthErrors, Frame, Scene

FACTORS = (0.6, 1.6)
TOLD = 0.3
KNOWN_TO = 0.01  # 1 sigma of what people know of their camera or their door
LIMITS = MeasureConfig(worst_share=10.0)  # no distance is refused for its error bar
DISTANCE = KIND_NAMES.index("distance")


def main() -> None:
    """Print a row per way of knowing the scale."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rooms", type=int, default=60)
    parser.add_argument("--seed", type=int, default=77)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'known':24} rooms  drops  distances  median error   within 1 sigma  within 2 sigma")
    for name, (errors, sigmas, rooms, drops) in results(asked.rooms, asked.seed).items():
        print(
            f"{name:24} {rooms:5}  {drops:5}  {len(errors):9}  {np.median(errors):12.2%}  "
            f"{np.mean(errors < sigmas):15.1%} {np.mean(errors < 2 * sigmas):15.1%}"
        )


def results(rooms: int, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray, int, int]]:
    """By what is known: relative errors of the distances, their sigmas, and how many rooms were lifted, and dropped."""
    source = RoomsSource(rooms, seed=seed, size=(640, 480))
    found: dict[str, list[tuple[np.ndarray, np.ndarray] | None]] = {}
    for index in range(rooms):
        known = source.truth(index)
        rng = np.random.default_rng([seed, index])
        assert known.frame.depth_m is not None
        factor = float(np.exp(rng.uniform(*np.log(FACTORS))))
        frame = dataclasses.replace(known.frame, depth_m=known.frame.depth_m * np.float32(factor))
        truth = TrueQuantities(known)
        for name, anchors in ways(known.frame, truth, rng).items():
            found.setdefault(name, []).append(distances(frame, truth, anchors))
            if name == "camera height":
                lost = dataclasses.replace(frame, gravity_in_camera=None)
                found.setdefault("camera height, up found", []).append(distances(lost, truth, anchors, anchored=True))
    return {name: joined(parts) for name, parts in found.items()}


def ways(frame: Frame, truth: TrueQuantities, rng: np.random.Generator) -> dict[str, tuple[Anchor, ...]]:
    """What may be known of a room: nothing, the camera's height, an object's height, both."""
    height = Anchor("camera_height", float(truth.pose[2, 3]) * math.exp(KNOWN_TO * rng.standard_normal()), (), KNOWN_TO)
    out = {"nothing": (), "camera height": (height,)}
    exact = lift(frame, LiftConfig()).scene
    named = sizes(exact, truth) if exact is not None else []
    if named:
        _, name, length = max(named)
        size = Anchor("height", length * math.exp(KNOWN_TO * rng.standard_normal()), (name,), KNOWN_TO)
        out |= {"size of an object": (size,), "both": (height, size)}
    return out


def sizes(scene: Scene, truth: TrueQuantities) -> list[tuple[int, str, float]]:
    """Pixels, caption and true height of each thing that somebody might know: whole in sight, alone of its name."""
    found = []
    captions = [caption for o in scene.objects for caption in o.instance.captions]
    for o in scene.objects:
        name = o.instance.captions[0]
        alone = sum(caption.split()[-len(name.split()) :] == name.split() for caption in captions) == 1
        if alone and not o.truncated and not o.occluded and o.bottom != "hidden":
            faces = truth.known.boxes[o.instance.id]
            pixels = int(np.count_nonzero(o.instance.mask))
            found.append((pixels, name, float(faces[1][2] - faces[0][2])))
    return found


def distances(
    frame: Frame, truth: TrueQuantities, anchors: tuple[Anchor, ...], *, anchored: bool = False
) -> tuple[np.ndarray, np.ndarray] | None:
    """The relative errors of a room's distances and what their error bars say; None where the frame is dropped.

    `anchored`: also None where no anchor was used.
    """
    config = LiftConfig(DepthErrors(TOLD), anchors=anchors)
    scene = lift(frame, config).scene
    if scene is None or (anchored and not scene.scale_provenance.startswith("anchor")):
        return None
    plane_m, _ = truth.plane_under(scene, frame)
    compared = compare(facts := measure(scene, LIMITS), truth, plane_m, LIMITS)
    rows = facts.kind == DISTANCE
    true = compared.visible[rows]
    return np.abs(facts.number[rows] - true) / true, facts.error[rows] / true


def joined(parts: list[tuple[np.ndarray, np.ndarray] | None]) -> tuple[np.ndarray, np.ndarray, int, int]:
    """The rooms together."""
    kept = [part for part in parts if part is not None]
    errors, sigmas = (np.concatenate([np.empty(0), *(part[which] for part in kept)]) for which in (0, 1))
    return errors, sigmas, len(kept), len(parts) - len(kept)


if __name__ == "__main__":
    main()
