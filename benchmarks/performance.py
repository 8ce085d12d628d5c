"""Every figure of speed and memory, as the table of docs/performance.md.

    python benchmarks/performance.py [--quick]

Runs the other benchmarks as commands of their own, one after the other, and writes their figures between the markers of
the page. Nothing else should run on the machine meanwhile. `--quick` prints the table from short runs instead.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def run(arguments, **environment):
    """Return what a benchmark prints."""
    command = [sys.executable, *arguments.split()]
    print("$", "python", arguments, file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=HERE, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments}: failed\n{done.stderr[-2000:]}")
    return done.stdout


def found(pattern, text):
    """Find the groups of the pattern in what a benchmark printed."""
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"{pattern}: not in\n{text}")
    return match.groups()


def stages(quick):
    """Measure the milliseconds of each stage."""
    text = run(f"speed.py --images {5 if quick else 30}")
    for name in ("lift", "measure", "phrase", "write"):
        yield f"{name}, 640x480, 8 objects, 200 questions", f"{found(rf'{name} +([0-9.]+) ms', text)[0]} ms", "speed.py"
    yield "from depth to disk", f"{int(found(r'QA/s +([0-9]+)', text)[0]):,} QA/s", "speed.py"


def stored(quick):
    """Measure questions from stored scenes."""
    text = run(f"stored.py --scenes {64 if quick else 384} --repeats {1 if quick else 3}")
    for rate, mix, epochs in re.findall(r"Parquet +([0-9]+) QA/s per core, mix (.+), (.+) epochs", text):
        asked = f"mix {mix}, {epochs} epoch{'s' * (epochs != '1')}"
        yield f"stored scenes to Parquet, {asked}", f"{int(rate):,} QA/s", "stored.py"
    for rate, order in re.findall(r"lazy +([0-9]+) questions/s per worker, (.+)", text):
        yield f"lazy questions, 20 per scene, {order}", f"{int(rate):,} a second", "stored.py"
    clock, cpu, size, epochs = found(
        r"2 billion ([0-9.]+) hours by the clock, ([0-9.]+) hours of CPU, ([0-9]+) GB; E = ([0-9.]+) million", text
    )
    yield "two billion questions, 2 workers, projected from a slice", f"{clock} hours, {size} GB", "stored.py"
    yield "the same, CPU time of all cores together", f"{cpu} hours", "stored.py"
    yield "epochs for two billion questions", f"{epochs} million / the number of scenes", "stored.py"


def memory(quick):
    """Measure the most memory a build holds, against the number of images."""
    for frames in (160, 320) if quick else (500, 2000, 5000):
        (most,) = found(r"memory ([0-9.]+) MB", run(f"memory.py --frames {frames}"))
        yield f"most memory of a build of {frames:,} images, 160x120", f"{float(most):.0f} MB", "memory.py"


def rooms(quick):
    """Measure rendered frames."""
    for variant in ("scalar_rgb", "llvm_ad_rgb"):
        environment = {"SPATIALVLM_ROOMS_VARIANT": variant}
        try:
            text = run(f"rooms.py --layout 0 --render {3 if quick else 30}", **environment)
        except SystemExit:
            yield f"rooms, {variant}", "not on this machine", "rooms.py"
            continue
        for name, what in (("frames", "with pictures"), ("truth alone", "truth alone")):
            (rate,) = found(rf"{name}: ([0-9.]+) a second", text)
            yield f"rooms, 320x240, 16 spp, {variant}, {what}", f"{rate} frames/s", "rooms.py --layout 0"


def main():
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    rows = [row for part in (stages, stored, memory, rooms) for row in part(options.quick)]
    lines = [
        "| what, per process (one core) unless said | figure | by, of benchmarks/ |",
        "| --- | --- | --- |",
    ]
    lines += [f"| {what} | {figure} | `{script}` |" for what, figure, script in rows]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    table = "\n".join(["", *lines, "", f"Measured on {machine}.", ""])
    if options.quick:
        print(table)
        return
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + BEGIN + table + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
