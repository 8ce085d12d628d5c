"""How fast are the geometry and the questions, from files to files? CPU time per image of each stage, and questions per
second.

    python benchmarks/speed.py [--images 30] [--questions 200]

640x480 frames with 8 masks (analytic scenes with 8 visible objects, relative depth noise 0.2 %), one process, one
thread. Medians over the images; each stage is timed by process CPU time. "these" are lift, measure and phrase, "all" is
them with decode and write. "decode" reads a frame from an RGB-D folder, all PNG: a picture with the noise of a camera,
depth in 16 bits, eight masks in 8 bits. "write" is the share of one image in a shard of all: masks to run lengths, both
Parquet files, their hashes and fsyncs.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_name, "1")

import dataclasses
import json
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from PIL import Image

from spatialvlm.audit.corrupt import noisy
from spatialvlm.dataset import write_shard
from spatialvlm.pipeline.collect import open_source
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.tail import tail
from spatialvlm.records import Sample
from spatialvlm.worlds.solids import frame_of


def frames_with_eight(count):
    """Draw `count` frames with exactly eight objects, named apart so that all can be asked about."""
    frames, k = [], 0
    names = ("red box", "blue ball", "green can", "white lamp", "black bin", "yellow stool", "brown chest", "pink vase")
    while len(frames) < count:
        frame = frame_of(ShapesSource(100_000).describe(k), f"speed-{k}", picture=False)
        k += 1
        instances = frame.instances or ()
        if len(instances) < 8:
            continue
        kept = [dataclasses.replace(i, captions=(name,)) for i, name in zip(instances[:8], names, strict=True)]
        frame = noisy(frame, np.random.default_rng(k), relative=0.002)
        frames.append(dataclasses.replace(frame, instances=tuple(kept), gravity_in_camera=None))
    return frames


def write_folder(folder, frames):
    """Write frames as an RGB-D folder. The pictures have the colours of their objects and the noise of a camera."""
    rng, lines = np.random.default_rng(0), []
    colours = rng.integers(30, 220, (8, 3))
    for frame in frames:
        picture, entries = np.full(frame.image.shape, 128.0), []
        for instance, colour in zip(frame.instances, colours, strict=True):
            picture[instance.mask] = colour
            mask = f"{frame.id}-{instance.id}.png"
            Image.fromarray(instance.mask.astype(np.uint8) * 255).save(folder / mask)
            entries.append({"id": instance.id, "captions": instance.captions, "mask": mask})
        picture *= np.linspace(0.7, 1.1, frame.image.shape[1])[:, None]
        noisy = picture + rng.normal(0.0, 2.0, picture.shape)
        image, depth, instances = (f"{frame.id}{ending}" for ending in (".png", "-depth.png", ".json"))
        cv2.imwrite(str(folder / image), noisy.clip(0, 255).astype(np.uint8))
        cv2.imwrite(str(folder / depth), (1e3 * np.nan_to_num(frame.depth_m)).astype(np.uint16))
        (folder / instances).write_text(json.dumps(entries))
        lines.append(json.dumps({"id": frame.id, "image": image, "depth": depth, "instances": instances}))
    (folder / "frames.jsonl").write_text("\n".join(lines))


def timed(function, *arguments):
    """Return the result and the CPU milliseconds of a call, the median of five runs of the same work."""
    results, spent = [], []
    for _ in range(5):
        start = time.process_time()
        results.append(function(*arguments))
        spent.append(1e3 * (time.process_time() - start))
    return results[-1], median(spent)


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    stages = tail(phrase=PhraseConfig(questions_per_image=options.questions))
    rows, samples = [], []
    frames = frames_with_eight(options.images)
    for frame in [frames[0], *frames]:
        batch, spent = [Sample(frame=frame)], []
        for stage in stages:
            batch, milliseconds = timed(stage, batch)
            spent.append(milliseconds)
        facts = batch[0].facts
        assert facts is not None
        rows.append((*spent, len(batch[0].questions), len(facts)))
        samples += batch
    rows = rows[1:]
    with tempfile.TemporaryDirectory() as folder:
        write_ms = timed(lambda: write_shard(Path(folder), 0, samples))[1] / len(samples)
        write_folder(Path(folder), frames)
        source = open_source(folder)
        decode_ms = median(timed(source.read, index)[1] for index in range(len(frames)))
    lift_ms, measure_ms, phrase_ms, asked, known = (median(column) for column in zip(*rows))
    total = median(sum(row[:3]) for row in rows)
    print(f"images {len(rows)}, questions per image {asked:.0f} of {known:.0f} facts")
    stages = {"lift": lift_ms, "measure": measure_ms, "phrase": phrase_ms, "these": total, "decode": decode_ms}
    for name, value in (stages | {"write": write_ms, "all": total + decode_ms + write_ms}).items():
        print(f"{name:8s} {value:6.2f} ms CPU")
    print(f"QA/s     {1e3 * asked / (total + write_ms):.0f} per process from depth to disk, ", end="")
    print(f"{1e3 * asked / (measure_ms + phrase_ms):.0f} from lifted scenes")


if __name__ == "__main__":
    main()
