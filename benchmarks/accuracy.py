"""How right are the facts, and how honest their error bars? Measured on analytic scenes with exact truth.

    python benchmarks/accuracy.py [--scenes 300] [--noise 0.01] [--gravity given|found] [--stated]

Each scene is lifted from its depth map with independent relative noise drawn per scene from [0, --noise]; with
--stated also with the errors of scale, gravity and outlines drawn as LiftConfig states them. Truth is that of
`spatialvlm.audit`: the boxes of docs/questions.md over the exact visible pixels. Every pair is counted in both orders
and with both words of a relation, so four times.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fixtures.worlds.solids_accuracy import run


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
    """Print a row: errors in mm, the shares within tolerance and within 1 and 2 sigma, the median sigma, and the bias.

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
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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
