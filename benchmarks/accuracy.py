"""How right are the facts, and how honest their error bars? Measured on analytic scenes with exact truth.

    python benchmarks/accuracy.py [--scenes 300] [--noise 0.01] [--gravity given|found] [--stated]

Each scene is lifted from its depth map with independent relative noise drawn per scene from [0, --noise]; with
--stated also with the errors of scale, gravity and outlines drawn as LiftConfig states them. Truth is computed here
from the exact depth of the exact masks, by code that shares nothing with the pipeline: the boxes of docs/questions.md
over the exact visible pixels. Every pair is counted in both orders and with both words of a relation, so four times.
"""

import argparse
import dataclasses
import math
from collections import defaultdict

import cv2
import numpy as np

from spatialvlm.kinds import KINDS
from spatialvlm.pipeline.collect.analytic import ray_cast
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.collect.solids import corners
from spatialvlm.pipeline.lift import LiftConfig, load_lift
from spatialvlm.pipeline.measure import MeasureConfig, measure
from spatialvlm.records import Camera, Frame, Instance, Source

STANDS_WITHIN_M = 0.06  # a thing on the plane whose visible surface reaches this low has its bottom on the plane


def exact_points(description, cast, index):
    """World points of all pixels of thing `index`, exact."""
    rows, columns = np.nonzero(cast.index == index)
    z = cast.depth_m[rows, columns]
    k = description.image_from_camera
    x = (columns + 0.5 - k[0, 2]) / k[0, 0] * z
    y = (rows + 0.5 - k[1, 2]) / k[1, 1] * z
    return np.stack([x, y, z], axis=1) @ cast.world_from_camera[:3, :3].T + cast.world_from_camera[:3, 3]


class Truth:
    """The exact quantities of one scene, with heights counted from a plane `plane_m` above the floor."""

    def __init__(self, description, cast, plane_m=0.0):
        self.points, self.low, self.high = {}, {}, {}
        for index, thing in enumerate(description.things):
            points = exact_points(description, cast, index) - [0.0, 0.0, plane_m]
            if len(points) == 0:
                continue
            name = str(index + 1)
            self.points[name] = points
            self.low[name], self.high[name] = np.percentile(points, (1, 99), axis=0)
            bottom_m = min(corners(part)[:, 2].min() for part in thing.parts)
            if abs(bottom_m - plane_m) < 1e-6 and self.low[name][2] < STANDS_WITHIN_M:
                self.low[name][2] = 0.0
        self.viewer = cast.world_from_camera[:3, 3] - [0.0, 0.0, plane_m]

    def centre(self, name):
        """The middle of the box."""
        return (self.low[name] + self.high[name]) / 2

    def single(self, quantity, name):
        """A quantity of one object."""
        extent = self.high[name] - self.low[name]
        return {
            "x": self.centre(name)[0],
            "y": self.centre(name)[1],
            "bottom": self.low[name][2],
            "elevation": self.low[name][2],
            "height": extent[2],
            "width": extent[0],
            "size": np.prod(extent) ** (1 / 3),
        }[quantity]

    def length(self, quantity, subjects):
        """A length about one or two objects."""
        if len(subjects) == 1:
            return self.single(quantity, subjects[0])
        a, b = (self.centre(s) for s in subjects)
        match quantity:
            case "distance":
                return np.linalg.norm(a - b)
            case "horizontal":
                return np.linalg.norm((a - b)[:2])
            case "vertical":
                return abs((a - b)[2])
            case "gap":
                return nearest(self.points[subjects[0]], self.points[subjects[1]])
        return abs(self.single(quantity, subjects[0]) - self.single(quantity, subjects[1]))

    def floor(self, quantity, a, b, config):
        """What "about the same" may hide, as MeasureConfig states it."""
        if quantity in ("x", "y", "bottom"):
            away = max(np.linalg.norm(self.centre(s) - self.viewer) for s in (a, b))
            return max(config.place_floor_m, config.place_floor_share * away)
        larger = max(self.single(quantity, s) for s in (a, b))
        share = config.volume_floor_share if quantity == "size" else config.size_floor_share
        return max(config.size_floor_m, share * larger)


def nearest(a, b):
    """The distance of the nearest pixels of two objects (every pixel of both)."""
    from scipy.spatial import cKDTree

    return float(cKDTree(a).query(b)[0].min())


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


def corrupted(frame, rng, *, noise, scale_error=0.0):
    """The frame as a sensor with independent relative noise and a scale error would have measured it."""
    depth_m = frame.depth_m * (1.0 + scale_error) * (1.0 + noise * rng.standard_normal(frame.depth_m.shape))
    return dataclasses.replace(frame, depth_m=depth_m.astype(np.float32))


def drawn(frame, rng, *, noise, config):
    """The frame with every error that LiftConfig states, drawn: noise, scale, gravity, and outlines of the masks.

    An outline moves by a whole pixel, in or out, as often as makes its 1 sigma that of the model.
    """
    moved = []
    for instance in frame.instances:
        mask, u = instance.mask.view(np.uint8), rng.random()
        moves = config.mask_edge_error_px**2
        if u < moves:
            change = cv2.erode if u < moves / 2 else cv2.dilate
            mask = change(mask, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
        moved.append(dataclasses.replace(instance, mask=mask.view(bool)))
    gravity = frame.gravity_in_camera
    if gravity is not None:
        gravity = gravity + rng.normal(0.0, config.given_gravity_error_rad, 3)
        gravity = gravity / np.linalg.norm(gravity)
    frame = dataclasses.replace(frame, instances=tuple(moved), gravity_in_camera=gravity)
    return corrupted(frame, rng, noise=noise, scale_error=float(rng.normal(0.0, config.depth_scale_error)))


class Tally:
    """Errors and verdicts over many scenes."""

    def __init__(self):
        self.lengths = defaultdict(list)  # quantity -> [(value, truth, sigma)]
        self.right, self.wrong = defaultdict(int), defaultdict(list)
        self.tilts, self.refused, self.scenes = [], defaultdict(int), 0

    def add(self, scene, truth, tag, config):
        """Compare all facts of a lifted scene with the truth."""
        facts = measure(scene, config)
        for kind, a, b, number, error, outcome in zip(
            facts.kind.tolist(),
            facts.a.tolist(),
            facts.b.tolist(),
            facts.number.tolist(),
            facts.error.tolist(),
            facts.outcome.tolist(),
        ):
            row = KINDS[facts.kinds[kind]]
            subjects = [facts.object_ids[i] for i in (a, b) if i >= 0]
            if row.form == "length":
                self.lengths[row.name].append((number, truth.length(row.quantity, subjects), error, tag, subjects))
            elif row.form == "predicate":
                exact = truth.single(row.quantity, subjects[0]) - truth.single(row.quantity, subjects[1])
                floor = truth.floor(row.quantity, *subjects, config)
                good = abs(exact) < floor if outcome == 0 else exact * row.sign * outcome > 0
                if good:
                    self.right[row.quantity] += 1
                else:
                    self.wrong[row.quantity].append((tag, subjects, row.name, outcome, exact, error, floor))


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
        frame = plain_frame(description, cast, f"s{k}")
        level = 0.0 if exact else float(rng.uniform(0, noise))
        if stated:
            frame = drawn(frame, rng, noise=level, config=lift_config)
        elif not exact:
            frame = corrupted(frame, rng, noise=level)
        if gravity == "found":
            frame = dataclasses.replace(frame, gravity_in_camera=None)
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
        rise = cast.world_from_camera[2, 3] - scene.world_from_camera[2, 3]
        tops = [corners(part)[:, 2].max() for thing in description.things for part in thing.parts]
        plane = min([0.0, *tops], key=lambda z: abs(z - rise)) if scene.support.surface else rise
        if scene.support.surface is None:
            tally.refused["support " + scene.support.refusal] += 1
        tally.add(scene, Truth(description, cast, plane), k, config)
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
