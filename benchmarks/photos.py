"""How fast do photos become questions, and what does the pipeline cost beside the forwards of its models?

    python benchmarks/photos.py [--images 3] [--size 640x480] [--device auto] [--depth small] [--batch-size 1]

Models of real size with random weights, which cost the same time: grounding-dino-tiny, sam-vit-base (or with --segment
sam2 sam2.1-hiera-tiny) and Depth Anything V2 Small (or depthpro; the two others need torchvision). They see photos of
drawn solids. What random weights say is thrown away and the truth about the drawing put in its place, so that masks,
geometry and questions are those of a usual photo. Forwards are timed by hooks, on a GPU in a run of their own with a
synchronisation around each. So that few images make several batches, a batch is no longer than --batch-size here; a
build takes at least 8. Times are medians over the batches. Where torch runs on all cores, whatever else runs on the
machine makes its threads wait for each other: compare the seconds of CPU too.
"""

import argparse
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch
import transformers

import real_size_depth
import real_size_detect
from spatialvlm.dataset import write_shard
from spatialvlm.engine import executor
from spatialvlm.models import Model, Runtime, torch_device
from spatialvlm.pipeline import Needs, Stage, run_stages
from spatialvlm.pipeline.collect import parse_size
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.cull import CullConfig
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models import cascade
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.estimate import DepthEstimate, EstimateConfig, estimator
from spatialvlm.recipes import Recipe
from spatialvlm.records import DepthErrors, Sample

DEPTHS = {"small": "depth_anything_v2_small", "depthpro": "depthpro"}
MASK_MODELS = {"sam": "sam_vit_base", "sam2": "sam2_hiera_tiny"}
MAX_OBJECTS = 8
ERRORS = DepthErrors(0.05, 0.01, source="made up, small enough for questions to be asked")


class Clock:
    """Seconds by name, one entry per call."""

    def __init__(self):
        self.spent = defaultdict(list)

    @contextmanager
    def timed(self, name):
        """Time what is done inside."""
        start = time.perf_counter()
        yield
        self.spent[name].append(time.perf_counter() - start)

    @contextmanager
    def forwards(self, networks, device):
        """Time the outermost of the calls of some networks and their parts, inside."""
        depth, started = [0], [0.0]

        def now():
            if device.type == "cuda":
                torch.cuda.synchronize()
            return time.perf_counter()

        def enter(*_):
            if depth[0] == 0:
                started[0] = now()
            depth[0] += 1

        def leave(*_):
            depth[0] -= 1
            if depth[0] == 0:
                self.spent["forwards"].append(now() - started[0])

        parts = [part for network in networks for name, part in network.named_modules() if name.count(".") <= 1]
        hooks = [part.register_forward_pre_hook(enter) for part in parts]
        hooks += [part.register_forward_hook(leave) for part in parts]
        yield
        for hook in hooks:
            hook.remove()


class Timed:
    """Some stages as one, timed."""

    def __init__(self, clock: Clock, name: str, *stages: Stage):
        self.clock, self.name, self.stages = clock, name, stages
        self.needs: Needs = stages[0].needs

    def __call__(self, samples: Sequence[Sample], /) -> list[Sample]:
        """Take a batch through the stages."""
        with self.clock.timed(self.name):
            return run_stages(self.stages, samples)


class Told:
    """A real model that is asked, timed, and not listened to."""

    def __init__(self, clock, name, model, answer):
        self._clock, self._name, self._model, self._answer = clock, name, model, answer

    def __getattr__(self, name):
        return getattr(self._model, name)

    def __call__(self, frames, *others):
        """Give the truth, after the model's time."""
        with self._clock.timed(self._name):
            self._model(frames, *others)
        return [self._answer(frame.id, *rest) for frame, *rest in zip(frames, *others, strict=True)]


class DrawnPhotos:
    """Drawn photos in a folder, and what is in them."""

    def __init__(self, folder, count, size):
        self.frames, self.size, self.models = {}, size, []
        folder.mkdir()
        for index in range(count):
            frame = ShapesSource(count).read(index).frame
            assert frame is not None
            self.frames[frame.id] = frame
            image = cv2.resize(frame.image[..., ::-1], size, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"{frame.id}.jpg"), image)

    def boxes(self, frame_id):
        """Answer for a box detector."""
        frame = self.frames[frame_id]
        scale = np.array([self.size[0] / frame.image.shape[1], self.size[1] / frame.image.shape[0]] * 2)
        return [
            Candidate((one.box_xyxy * scale).astype(np.float32), 0.9, one.captions)
            for one in frame.instances[:MAX_OBJECTS]
        ]

    def masks(self, frame_id, candidates):
        """Answer for a mask model."""
        boxes = [one.box_xyxy.tolist() for one in self.boxes(frame_id)]
        masks = [one.mask for one in self.frames[frame_id].instances]
        chosen = [masks[boxes.index(one.box_xyxy.tolist())] for one in candidates]
        return [cv2.resize(m.view(np.uint8), self.size, interpolation=cv2.INTER_NEAREST).view(bool) for m in chosen]

    def depth(self, frame_id):
        """Answer for a depth model."""
        frame = self.frames[frame_id]
        focal_px = frame.camera.image_from_camera[0, 0] * self.size[0] / frame.image.shape[1]
        depth_m = cv2.resize(frame.depth_m, self.size, interpolation=cv2.INTER_NEAREST)
        return DepthEstimate(depth_m, "metric", focal_px)

    def install(self, clock):
        """Put the truth in front of whatever is loaded from now on; `models` are what was."""
        for module, loader, name, answer in (
            (cascade, "load_box_detector", "detect", self.boxes),
            (cascade, "load_mask_model", "segment", self.masks),
            (estimator, "load_depth", "depth", self.depth),
        ):
            setattr(module, loader, partial(self._told, getattr(module, loader), clock, name, answer))

    def _told(self, load, clock, name, answer, *settings):
        self.models.append(load(*settings))
        return Told(clock, name, self.models[-1], answer)


def write(made: Iterable[Sample], clock: Clock) -> float:
    """Take what a run makes to files, print what it was, and return its seconds."""
    start, cpu = time.perf_counter(), time.process_time()
    samples = list(made)
    with tempfile.TemporaryDirectory() as out, clock.timed("write"):
        summary = write_shard(Path(out), 0, samples)
    spent = time.perf_counter() - start
    print(f"{summary['scenes']} scenes, {summary['qa']} questions, {time.process_time() - cpu:.1f} s of CPU", end=", ")
    return spent


def in_turn(stages: Sequence[Stage], count: int, size: int) -> Iterable[Sample]:
    """Run one stage after the other, batch by batch."""
    for start in range(0, count, size):
        yield from run_stages(stages, [Sample(index) for index in range(start, min(start + size, count))])


def recipe_of(folder, options):
    """Make the recipe, and write its checkpoints where they are not there yet."""
    weights = Path(options.weights or folder / "weights")
    depth, _ = real_size_depth.checkpoint(weights, DEPTHS[options.depth])
    for name in ("grounding_dino", MASK_MODELS[options.segment]):
        if not (weights / name / "config.json").exists():
            (weights / name).mkdir(parents=True, exist_ok=True)
            real_size_detect.MODELS[name](weights / name)
    return Recipe(
        str(folder / "photos"),
        cull=CullConfig(min_side_px=32, duplicate_bits=6),
        detect=DetectConfig(
            "grounded",
            detect=Model("grounding_dino", str(weights / "grounding_dino")),
            segment=Model("sam", str(weights / MASK_MODELS[options.segment])),
        ),
        estimate=EstimateConfig(depth=depth, depth_errors=ERRORS),
    )


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=3)
    parser.add_argument("--size", default="640x480")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--depth", choices=DEPTHS, default="small")
    parser.add_argument("--segment", choices=MASK_MODELS, default="sam")
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--weights", help="a folder to keep the checkpoints in")
    options = parser.parse_args()
    torch.manual_seed(0)
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as temporary:
        photos = DrawnPhotos(Path(temporary, "photos"), options.images, parse_size(options.size))
        measure(photos, recipe_of(Path(temporary), options), options)


def measure(photos, recipe, options):
    """Run the recipe in turn and at once, and print the times."""
    count, size, clock = options.images, options.batch_size, Clock()
    runtime = Runtime(options.device, batch_size=size)
    device = torch_device(runtime)
    photos.install(clock)
    executor.MIN_BATCH = size
    collect, cull, detect, estimate, *tail = plain = recipe.stages(runtime)
    start = time.perf_counter()
    executor.survey(plain, range(count))
    print(f"looking for duplicates {1e3 * (time.perf_counter() - start) / count:.1f} ms an image, before the run")
    stages = (
        Timed(clock, "read", collect),
        Timed(clock, "cull", cull),
        detect,
        estimate,
        Timed(clock, "geometry", *tail),
    )
    write(in_turn(stages, 1, size), clock)
    print("to warm up")
    clock.spent.clear()
    box_detector, mask_model, depth_model = photos.models
    with clock.forwards((box_detector._model, mask_model._model, depth_model._network.model), device):
        turn_s = write(in_turn(stages, count, size), clock)
    forward_s, spent = sum(clock.spent.pop("forwards")), {name: list(calls) for name, calls in clock.spent.items()}
    print(f"one step after the other {turn_s:.2f} s, {count / turn_s:.3f} images/s")
    once_s = write(executor.run(stages, range(count), size), clock)
    print(f"at once {once_s:.2f} s, {count / once_s:.3f} images/s, {turn_s / once_s - 1:+.1%}")
    for name, calls in spent.items():
        ms = 1e3 * median(calls) / (count if name == "write" else size)
        print(f"{name:9s} {ms:9.1f} ms an image, {sum(calls) / turn_s:6.1%} of the run in turn")
    print(f"forwards of the models {forward_s:.2f} s on {device}")
    print(f"overhead above the forwards: {turn_s / forward_s - 1:.1%} in turn, {once_s / forward_s - 1:.1%} at once")


if __name__ == "__main__":
    main()
