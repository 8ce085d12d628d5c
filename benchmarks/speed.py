"""How fast are the geometry and the questions? CPU time per image of each stage, and questions per second.

    python benchmarks/speed.py [--images 30] [--questions 200]

640x480 frames with 8 masks (analytic scenes with 8 visible objects, relative depth noise 0.2 %), one process, one
thread, coding of images left out. Medians over the images; each stage is timed by process CPU time. "write" is the
share of one image in a shard of all: masks to run lengths, both Parquet files, their hashes and fsyncs.
"""

import argparse
import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import dataclasses
import tempfile
import time
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from spatialvlm.audit.corrupt import noisy
from spatialvlm.dataset.write import write_shard
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.lift import load_lift
from spatialvlm.pipeline.measure import measure
from spatialvlm.pipeline.phrase import Phrase, PhraseConfig
from spatialvlm.worlds.solids import frame_of


def frames_with_eight(count):
    """`count` frames with exactly eight objects, named apart so that all can be asked about."""
    frames, k = [], 0
    names = ("red box", "blue ball", "green can", "white lamp", "black bin", "yellow stool", "brown chest", "pink vase")
    while len(frames) < count:
        frame = frame_of(ShapesSource(100_000).describe(k), f"speed-{k}", picture=False)
        k += 1
        if len(frame.instances) < 8:
            continue
        kept = [dataclasses.replace(i, captions=(name,)) for i, name in zip(frame.instances[:8], names, strict=True)]
        frame = noisy(frame, np.random.default_rng(k), relative=0.002)
        frames.append(dataclasses.replace(frame, instances=tuple(kept), gravity_in_camera=None))
    return frames


def timed(function, *arguments):
    """The result and the CPU milliseconds of a call, the median of five runs of the same work."""
    spent = []
    for _ in range(5):
        start = time.process_time()
        result = function(*arguments)
        spent.append(1e3 * (time.process_time() - start))
    return result, median(spent)


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    lift, phrase = load_lift(), Phrase(PhraseConfig(questions_per_image=options.questions))
    rows, scenes, questions = [], [], []
    frames = frames_with_eight(options.images)
    for frame in [frames[0], *frames]:
        lifted, lift_ms = timed(lift, [frame], [frame.instances])
        scene = lifted[0].scene
        facts, measure_ms = timed(measure, scene)
        phrased, phrase_ms = timed(phrase, scene, facts, 0)
        rows.append((lift_ms, measure_ms, phrase_ms, len(phrased.questions), len(facts)))
        scenes.append((scene, frame.source))
        questions.append((scene.frame_id, phrased.questions))
    rows = rows[1:]
    with tempfile.TemporaryDirectory() as folder:
        write_ms = timed(lambda: write_shard(Path(folder), 0, scenes, questions, frames=len(scenes)))[1] / len(scenes)
    lift_ms, measure_ms, phrase_ms, asked, known = (median(column) for column in zip(*rows))
    total = median(sum(row[:3]) for row in rows)
    print(f"images {len(rows)}, questions per image {asked:.0f} of {known:.0f} facts")
    for name, value in (("lift", lift_ms), ("measure", measure_ms), ("phrase", phrase_ms), ("these", total)):
        print(f"{name:8s} {value:6.2f} ms CPU")
    print(f"write    {write_ms:6.2f} ms CPU")
    print(f"QA/s     {1e3 * asked / (total + write_ms):.0f} per process from depth to disk, ", end="")
    print(f"{1e3 * asked / (measure_ms + phrase_ms):.0f} from lifted scenes")


if __name__ == "__main__":
    main()
