"""How right are the facts, and how honest their error bars? Measured on analytic scenes with exact truth.

    python benchmarks/accuracy.py [--scenes 300] [--noise 0.01] [--gravity given|found] [--stated]

Each scene is lifted from its depth map with independent relative noise drawn per scene from [0, --noise]; with
--stated also with the errors of scale, gravity and outlines drawn as LiftConfig states them. Truth is that of
`spatialvlm.audit`: the boxes of docs/questions.md over the exact visible pixels. Every pair is counted in both orders
and with both words of a relation, so four times.
"""

import argparse
import math
from collections import defaultdict
from dataclasses import replace

import numpy as np

from spatialvlm.audit.compare import compare
from spatialvlm.audit.corrupt import as_stated, noisy
from spatialvlm.audit.truth import TrueQuantities
from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import Camera, Frame, Instance, Source
from spatialvlm.worlds.rooms.truth import Truth
from spatialvlm.worlds.solids.primitives import corners
from spatialvlm.worlds.solids.scene import ray_cast


def known(description, cast, name):
    """The exact frame of a scene, and the box of every thing in it; what it stands on is right below it."""
    boxes = {}
    for index, thing in enumerate(description.things):
        points = np.concatenate([corners(part) for part in thing.parts])
        boxes[str(index + 1)] = points.min(axis=0), points.max(axis=0)
    supports = {name: float(low[2]) for name, (low, _) in boxes.items()}
    return Truth(plain_frame(description, cast, name), cast.world_from_camera, boxes, supports)


def plain_frame(description, cast, name):
    """The frame of a scene without a rendered picture: depth, masks, camera and gravity are all that lifting reads."""
    instances = []
    for index in range(len(description.things)):
        mask = cast.index == index
        if mask.any():
            rows, columns = np.nonzero(mask)
            box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
            instances.append(Instance(str(index + 1), ("thing",), box, mask))
    camera = Camera(description.image_from_camera, description.width, description.height)
    image = np.zeros((description.height, description.width, 3), np.uint8)
    depth_m, gravity = cast.depth_m.astype(np.float32), description.gravity_in_camera
    return Frame(name, image, camera, depth_m, gravity, tuple(instances), Source("analytic"))


def corrupted(frame, rng, *, noise):
    """The frame as a sensor with independent relative noise would have measured it."""
    return noisy(frame, rng, relative=noise)


class Tally:
    """Errors and verdicts over many scenes."""

    def __init__(self):
        self.lengths = defaultdict(list)  # kind -> [(value, truth, sigma)]
        self.right, self.wrong = defaultdict(int), defaultdict(list)
        self.tilts, self.refused, self.scenes = [], defaultdict(int), 0

    def add(self, scene, truth, plane_m, tag, config):
        """Compare all facts of a lifted scene with the truth."""
        facts = measure(scene, config)
        compared = compare(facts, truth, plane_m, config)
        columns = (compared.kind, compared.a, compared.b, compared.number, compared.visible, compared.error)
        for index, a, b, number, exact, error, outcome, good in zip(
            *(column.tolist() for column in columns), compared.outcome.tolist(), compared.right.tolist()
        ):
            row = KINDS[facts.kinds[index]]
            subjects = [facts.object_ids[i] for i in (a, b) if i >= 0]
            if row.form == "length":
                self.lengths[row.name].append((number, exact, error, tag, subjects))
            elif row.form == "predicate":
                if good:
                    self.right[row.quantity] += 1
                else:
                    self.wrong[row.quantity].append((tag, subjects, row.name, outcome, exact, error))


def run(scenes, *, noise=0.01, gravity="given", stated=False, seed=0, exact=False, first=0, size=(640, 480)):
    """Lift and compare `scenes` random scenes."""
    source, lift_config, config = (
        ShapesSource(first + scenes, width=size[0], height=size[1]),
        LiftConfig(),
        MeasureConfig(),
    )
    lift, tally = load_lift(lift_config), Tally()
    for k in range(first, first + scenes):
        rng = np.random.default_rng([seed, k])
        description = source.describe(k)
        cast = ray_cast(description)
        exactly = known(description, cast, f"s{k}")
        frame = exactly.frame
        level = 0.0 if exact else float(rng.uniform(0, noise))
        if stated:
            frame = as_stated(frame, rng, noise=level, config=lift_config)
        elif not exact:
            frame = corrupted(frame, rng, noise=level)
        if gravity == "found":
            frame = replace(frame, gravity_in_camera=None)
        lifted = lift([frame], [frame.instances])[0]
        for drop in lifted.drops:
            tally.refused["drop " + drop.reason.split(":")[0]] += 1
        scene = lifted.scene
        tally.scenes += 1
        if scene.gravity is None:
            tally.refused["gravity " + scene.support.refusal] += 1
            continue
        up = scene.world_from_camera[2, :3]
        cosine = float(up @ cast.world_from_camera[2, :3])
        tally.tilts.append(math.degrees(math.acos(min(1.0, cosine))))
        if scene.support.surface is None:
            tally.refused["support " + scene.support.refusal] += 1
        truth = TrueQuantities(exactly)
        tally.add(scene, truth, truth.plane_under(scene, frame)[0], k, config)
    return tally


def report(tally, tolerance=(0.02, 0.02)):
    """Print what the tally holds."""
    right, wrong = sum(tally.right.values()), sum(len(w) for w in tally.wrong.values())
    print(f"scenes {tally.scenes}  refused {dict(tally.refused)}")
    if tally.tilts:
        print(f"tilt deg: median {np.median(tally.tilts):.3f} max {max(tally.tilts):.3f}")
    print(f"qualitative: {right} right, {wrong} wrong ({right / max(1, right + wrong):.5%})")
    for quantity, cases in tally.wrong.items():
        for case in cases[:4]:
            print("   wrong", quantity, case)
    headings = ("n", "median", "p99", "max", "in tol", "<1s", "<2s", "sigma", "of it", "bias")
    print(f"{'length':20s} {'  '.join(f'{heading:>8s}' for heading in headings)}")
    everything = []
    for kind, rows in tally.lengths.items():
        values = np.array([row[:3] for row in rows])
        everything.append(values)
        _line(kind, values, tolerance)
    if everything:
        _line("all", np.concatenate(everything), tolerance)
    return right, wrong


def _line(name, values, tolerance):
    """One row: errors in mm, the shares within tolerance and within 1 and 2 sigma, the median sigma, and the bias.

    "of it" is the median of sigma over max(5 mm, 1 % of the length).
    """
    number, truth, sigma = values.T
    error = np.abs(number - truth)
    cells = [
        f"{len(error)}",
        *(f"{1e3 * value:.1f} mm" for value in (np.median(error), np.percentile(error, 99), error.max())),
        f"{np.mean(error <= np.maximum(tolerance[0], tolerance[1] * truth)):.2%}",
        f"{np.mean(error < sigma):.1%}",
        f"{np.mean(error < 2 * sigma):.1%}",
        f"{1e3 * np.median(sigma):.1f} mm",
        f"{np.median(sigma / np.maximum(0.005, 0.01 * truth)):.2f}",
        f"{1e3 * np.median(number - truth):.1f} mm",
    ]
    print(f"{name:20s} {'  '.join(f'{cell:>8s}' for cell in cells)}")


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=300)
    parser.add_argument("--noise", type=float, default=0.01)
    parser.add_argument("--gravity", choices=("given", "found"), default="given")
    parser.add_argument("--stated", action="store_true", help="draw every error as the error model states it")
    parser.add_argument("--exact", action="store_true", help="no noise at all")
    parser.add_argument("--first", type=int, default=1000, help="scenes below 1000 were looked at to set constants")
    options = parser.parse_args()
    tolerance = (0.02, 0.02) if options.gravity == "given" else (0.04, 0.04)
    report(
        run(
            options.scenes,
            noise=options.noise,
            gravity=options.gravity,
            stated=options.stated,
            exact=options.exact,
            first=options.first,
        ),
        tolerance,
    )


if __name__ == "__main__":
    main()
