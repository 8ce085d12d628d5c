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
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

import cv2
import numpy as np
import torch
import transformers
from spatialvlm.pipeline.cull.repeats import find_repeats

import real_size_depth
import real_size_detect
from spatialvlm.dataset.write import write_shard
from spatialvlm.engine import stages as engine
from spatialvlm.models import Model, Runtime, torch_device
from spatialvlm.pipeline.collect import parse_size
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.cull import CullConfig
from spatialvlm.pipeline.detect import DetectConfig
from spatialvlm.pipeline.detect.models import cascade
from spatialvlm.pipeline.detect.models.candidate import Candidate
from spatialvlm.pipeline.estimate import SenseConfig, sense
from spatialvlm.pipeline.estimate.depth import Estimate
from spatialvlm.recipes.recipe import Recipe
from spatialvlm.records import DepthErrors

DEPTHS = {"small": "depth_anything_v2_small", "depthpro": "depthpro"}
MASK_MODELS = {"sam": "sam_vit_base", "sam2": "sam2_hiera_tiny"}
MAX_OBJECTS = 8
ERRORS = DepthErrors(0.05, 0.01, source="made up, small enough for questions to be asked")


class Told:
    """A real model that is asked and not listened to."""

    def __init__(self, model, answer):
        self.model, self.answer = model, answer
        self.name, self.version, self.errors = model.name, model.version, getattr(model, "errors", None)

    def __call__(self, frames, *others):
        """The truth, after the model's time."""
        self.model(frames, *others)
        return [self.answer(frame.id, *rest) for frame, *rest in zip(frames, *others, strict=True)]


class Truth:
    """Drawn photos in a folder, and what is in them."""

    def __init__(self, folder, count, size):
        self.frames = {}
        for index in range(count):
            frame = ShapesSource(count).read(index).frame
            self.frames[frame.id] = frame
            folder.mkdir(exist_ok=True)
            image = cv2.resize(frame.image[..., ::-1], size, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(folder / f"{frame.id}.jpg"), image)
        self.size = size

    def boxes(self, frame_id):
        """The boxes of a box detector."""
        frame = self.frames[frame_id]
        scale = np.array([self.size[0] / frame.image.shape[1], self.size[1] / frame.image.shape[0]] * 2)
        return [
            Candidate((one.box_xyxy * scale).astype(np.float32), 0.9, one.captions)
            for one in frame.instances[:MAX_OBJECTS]
        ]

    def masks(self, frame_id, candidates):
        """The masks of a mask model."""
        boxes = [one.box_xyxy.tolist() for one in self.boxes(frame_id)]
        masks = [one.mask for one in self.frames[frame_id].instances]
        chosen = [masks[boxes.index(one.box_xyxy.tolist())] for one in candidates]
        return [cv2.resize(m.view(np.uint8), self.size, interpolation=cv2.INTER_NEAREST).view(bool) for m in chosen]

    def depth(self, frame_id):
        """The depth map of a depth model."""
        frame = self.frames[frame_id]
        focal_px = frame.camera.image_from_camera[0, 0] * self.size[0] / frame.image.shape[1]
        return Estimate(cv2.resize(frame.depth_m, self.size, interpolation=cv2.INTER_NEAREST), "metric", focal_px)

    def install(self):
        """Put the truth in front of whatever is loaded from now on."""
        for module, name, answer in (
            (cascade, "load_box_detector", self.boxes),
            (cascade, "load_mask_model", self.masks),
            (sense, "load_depth", self.depth),
        ):
            load = getattr(module, name)
            setattr(module, name, lambda *told, load=load, answer=answer: Told(load(*told), answer))


class Clock:
    """Seconds by name, one entry per call."""

    def __init__(self):
        self.spent = defaultdict(list)

    def timed(self, name, function):
        """The function, timed."""

        def run(*arguments):
            start = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.spent[name].append(time.perf_counter() - start)

        return run

    @contextmanager
    def forwards(self, models, device):
        """Times the outermost of the calls of some networks and their parts, inside."""
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

        parts = [part for model in models for name, part in model.named_modules() if name.count(".") <= 1]
        hooks = [part.register_forward_pre_hook(enter) for part in parts]
        hooks += [part.register_forward_hook(leave) for part in parts]
        yield
        for hook in hooks:
            hook.remove()


def watch(stages, clock):
    """Time every step; returns the networks."""
    told = {"detect": stages.detect._detect, "segment": stages.detect._segment, "depth": stages.sense._depth}
    networks = [told["detect"].model._model, told["segment"].model._model, told["depth"].model._network.model]
    stages.source.read = clock.timed("read", stages.source.read)
    stages.cull = clock.timed("cull", stages.cull)
    for name, model in told.items():
        model.model = clock.timed(name, model.model)
    stages.lift = clock.timed("geometry", stages.lift)
    stages._ask = clock.timed("geometry", stages._ask)
    return networks


def run(stages, batches, size, at_once, clock):
    """Seconds of a run over all frames to files, one step after the other or at once."""
    start, cpu = time.perf_counter(), time.process_time()
    shard = engine.Shard()
    with closing(stages._at_once(batches, size) if at_once else stages._in_turn(batches)) as made:
        for part in made:
            shard.add(part)
    write = clock.timed("write", lambda *parts: write_shard(*parts[:4], frames=parts[4]))
    with tempfile.TemporaryDirectory() as out:
        write(Path(out), 0, shard.scenes, shard.questions, shard.frames)
        spent = time.perf_counter() - start
    print(f"{len(shard.scenes)} scenes, {sum(len(qas) for _, qas in shard.questions)} questions", end=", ")
    print(f"{time.process_time() - cpu:.1f} s of CPU", end=", ")
    return spent


def recipe_of(folder, options):
    """The recipe, with its checkpoints written where they are not there yet."""
    weights = Path(options.weights or folder / "weights")
    depth, _ = real_size_depth.checkpoint(weights, DEPTHS[options.depth])
    models = []
    for name in ("grounding_dino", MASK_MODELS[options.segment]):
        if not (weights / name / "config.json").exists():
            (weights / name).mkdir(parents=True, exist_ok=True)
            real_size_detect.MODELS[name](weights / name)
        models.append(Model({"grounding_dino": "grounding_dino"}.get(name, "sam"), str(weights / name)))
    detect = DetectConfig("grounded", detect=models[0], segment=models[1])
    cull = CullConfig(min_side_px=32, duplicate_bits=6)
    return Recipe(str(folder / "photos"), cull=cull, detect=detect, sense=SenseConfig(depth=depth, depth_errors=ERRORS))


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
        Truth(Path(temporary, "photos"), options.images, parse_size(options.size)).install()
        measured(recipe_of(Path(temporary), options), options)


def measured(recipe, options):
    """Run and print."""
    runtime, count, size = Runtime(options.device, batch_size=options.batch_size), options.images, options.batch_size
    device, clock = torch_device(runtime), Clock()
    stages = engine.Stages(recipe, runtime)
    start = time.perf_counter()
    find_repeats(stages.source, count, recipe.cull)
    print(f"looking for duplicates {1e3 * (time.perf_counter() - start) / count:.1f} ms an image, before the run")
    stages.load()
    run(stages, [range(1)], size, False, clock)
    print("to warm up")
    networks, batches = watch(stages, clock), [range(i, min(i + size, count)) for i in range(0, count, size)]
    clock.spent.clear()
    with clock.forwards(networks, device):
        turn_s = run(stages, batches, size, False, clock)
    forward_s, spent = sum(clock.spent.pop("forwards")), {name: list(calls) for name, calls in clock.spent.items()}
    print(f"one step after the other {turn_s:.2f} s, {count / turn_s:.3f} images/s")
    once_s = run(stages, batches, size, True, clock)
    print(f"at once {once_s:.2f} s, {count / once_s:.3f} images/s, {turn_s / once_s - 1:+.1%}")
    for name, calls in spent.items():
        ms = 1e3 * median(calls) / {"read": 1, "write": count, "geometry": 1}.get(name, size)
        if name == "geometry":
            ms = 1e3 * sum(calls) / count
        print(f"{name:9s} {ms:9.1f} ms an image, {sum(calls) / turn_s:6.1%} of the run in turn")
    print(f"forwards of the models {forward_s:.2f} s on {device}")
    print(f"overhead above the forwards: {turn_s / forward_s - 1:.1%} in turn, {once_s / forward_s - 1:.1%} at once")


if __name__ == "__main__":
    main()
