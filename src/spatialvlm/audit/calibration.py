"""How wrong a depth model is, measured: frames with sensor depth in, the `DepthErrors` of the model out.

The model sees the images alone. The logarithm of its depth over the sensor's is, in each frame, a constant (the error
of scale), plus a field that drifts over the picture (the local error), plus what happens at edges, which medians leave
out. `spatialvlm build --depth-errors` takes what comes out.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from rich.console import Console
from rich.table import Table

from spatialvlm.dataset import write_file
from spatialvlm.errors import UserError
from spatialvlm.models import Runtime
from spatialvlm.pipeline.collect import FrameSource, open_source
from spatialvlm.pipeline.estimate import DepthEstimate, DepthModel, load_depth
from spatialvlm.recipes import Recipe
from spatialvlm.records import DepthErrors, Frame

COLUMNS = 64  # of the grid that ratios are looked at on: drifts reach further than its step
LAGS = (1, 2, 3, 4, 6, 8, 11, 16, 22, 32)  # of that grid
REACHES = np.geomspace(0.02, 0.6, 40)
MIN_PLACES = 200  # places of the grid with both depths, in a frame
BATCH = 4
MIN_FRAMES = 20
MAD_OF_GAUSSIAN = 0.6745

Ratios = Float64[np.ndarray, "r c"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The errors of a model on some frames, its mean log ratio (its bias, which `errors.scale` includes), the counts.

    A sigma from n frames is itself sure to one part in the square root of 2 n.
    """

    model: str
    errors: DepthErrors
    bias: float
    frames: int
    skipped: int

    def as_json(self) -> dict[str, Any]:
        """Return what the file for `--depth-errors` holds."""
        return {
            "model": self.model,
            "depth_errors": asdict(self.errors),
            "bias": self.bias,
            "frames": self.frames,
            "skipped": self.skipped,
        }


def calibrate(source: FrameSource, model: DepthModel, limit: int | None = None) -> Calibration:
    """Measure a model on the frames of a source that have depth. One that needs focal lengths is told the frames' own.

    Raises UserError where fewer than two frames can be compared, or the model's depth has no metres.
    """
    total = len(source) if limit is None else min(limit, len(source))
    fields = [ratios for ratios in _ratios(source, total, model) if ratios is not None]
    if len(fields) < 2:
        raise UserError(
            f"{source.name}: {len(fields)} of {total} frames have sensor depth that can be compared with the model's, "
            "expected 2 or more (50 make a good measurement); give frames with depth"
        )
    errors, bias = fit(fields)
    said = f"measured on {len(fields)} frames of {source.name}"
    errors = replace(errors, source=said)
    return Calibration(f"{model.name}@{model.version}", errors, bias, len(fields), total - len(fields))


def fit(fields: Sequence[Ratios]) -> tuple[DepthErrors, float]:
    """Find the errors that make such fields of log ratios (NaN where unknown) likely, and their mean.

    The median of a frame takes a part of the drift for scale: all of it if it reaches far, little if it does not. That
    part is c, the mean correlation of two places of a frame, and goes back to the drift.
    """
    medians = np.array([float(np.nanmedian(field)) for field in fields])
    rests = [field - median for field, median in zip(fields, medians, strict=True)]
    spreads = [float(np.nanmedian(np.abs(rest))) / MAD_OF_GAUSSIAN for rest in rests]
    reach = _reach(rests, spreads)
    rows, columns = fields[0].shape
    within = _mean_correlation(rows, columns, reach)
    local = math.sqrt(float(np.mean(np.square(spreads))) / (1.0 - within))
    total = float(np.mean(medians**2))
    if within * local**2 > total:  # so few frames, or so far a reach, tell the two apart no more
        local = math.sqrt(total + float(np.mean(np.square(spreads))))
    # n medians know their spread to 1 / sqrt(2 n): less than that nobody can say.
    scale = math.sqrt(max(total - within * local**2, total / (2 * len(medians))))
    return DepthErrors(scale, local, reach), float(medians.mean())


def _ratios(source: FrameSource, total: int, model: DepthModel) -> Iterator[Ratios | None]:
    """Yield the field of log ratios of each frame; None where there is nothing to compare."""
    for start in range(0, total, BATCH):
        frames = [source.read(index).frame for index in range(start, min(start + BATCH, total))]
        measured = [frame for frame in frames if frame is not None and frame.depth_m is not None]
        yield from [None] * (len(frames) - len(measured))
        estimates = model([_alone(frame, model) for frame in measured]) if measured else []
        for frame, estimate in zip(measured, estimates, strict=True):
            yield _field(frame, estimate, model.name)


def _alone(frame: Frame, model: DepthModel) -> Frame:
    """Return the frame without its depth, and without its camera, which photos have not, unless the model needs one."""
    return replace(frame, depth_m=None, instances=None, camera=frame.camera if model.needs_focal else None)


def _field(frame: Frame, estimate: DepthEstimate, name: str) -> Ratios | None:
    if estimate.invariance != "metric":
        raise UserError(f"{name}: makes relative depth, which has no scale to be wrong; give a metric model")
    assert frame.depth_m is not None
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.log(_sparse(estimate.depth) / _sparse(frame.depth_m))
    ratios[~np.isfinite(ratios)] = np.nan
    return ratios if np.count_nonzero(np.isfinite(ratios)) >= MIN_PLACES else None


def _sparse(depth_m: Float32[np.ndarray, "h w"]) -> Float64[np.ndarray, "r c"]:
    """Take the depths at the middles of a grid of square cells, COLUMNS of them to a row."""
    height, width = depth_m.shape
    step = width / COLUMNS
    rows = ((np.arange(max(1, int(height / step))) + 0.5) * step).astype(np.int64)
    columns = ((np.arange(COLUMNS) + 0.5) * step).astype(np.int64)
    return depth_m[rows[:, None], columns].astype(np.float64)


def _reach(rests: Sequence[Ratios], spreads: Sequence[float]) -> float:
    """Find the reach whose correlations at some lags fit best; in shares of the width."""
    pairs = list(zip(rests, spreads, strict=True))
    found = [np.mean([_correlation(rest, lag, spread) for rest, spread in pairs]) for lag in LAGS]
    lags = np.array(LAGS)
    rows, columns = rests[0].shape
    misfits = []
    for reach in REACHES:
        within = _mean_correlation(rows, columns, reach)
        model = (np.exp(-0.5 * (lags / (reach * columns)) ** 2) - within) / (1.0 - within)
        misfits.append(float(np.sum((model - found) ** 2)))
    return float(REACHES[int(np.argmin(misfits))])


def _correlation(rest: Ratios, lag: int, spread: float) -> float:
    """Say how much places `lag` columns apart share, by the median of their differences, which edges don't move."""
    apart = rest[:, lag:] - rest[:, :-lag]
    apart = apart[np.isfinite(apart)]
    if apart.size == 0 or spread == 0:
        return 0.0
    difference = float(np.median(np.abs(apart))) / MAD_OF_GAUSSIAN
    return 1.0 - 0.5 * (difference / spread) ** 2


def _mean_correlation(rows: int, columns: int, reach: float) -> float:
    """Average exp(-d^2 / 2 r^2) over all pairs of places of a frame: the product of that of rows and of columns."""

    def along(count: int) -> float:
        apart = np.arange(count)[:, None] - np.arange(count)
        return float(np.exp(-0.5 * (apart / (reach * columns)) ** 2).mean())

    return along(rows) * along(columns)


def calibrate_to_file(recipe: Recipe, out: Path, runtime: Runtime) -> None:
    """Measure the depth model of a recipe on its source, write the file, and print what came out beside the published.

    Raises UserError where the recipe has no depth model, or the file cannot be written.
    """
    if recipe.estimate.depth is None:
        raise UserError("calibrate: needs a depth model; give one with --model depth=BACKEND:WEIGHTS, or a --recipe")
    source = open_source(recipe.source, recipe.collect, recipe.seed)
    model = load_depth(recipe.estimate.depth, runtime)
    found = calibrate(source, model, recipe.limit)
    write_file(out, lambda file: file.write(json.dumps(found.as_json(), indent=1).encode() + b"\n"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in (f"{found.frames} frames", "scale", "local", "reach"):
        table.add_column(heading)
    for label, errors in (("measured", found.errors), ("published", model.errors)):
        table.add_row(label, f"{errors.scale:.1%}", f"{errors.local:.1%}", f"{errors.reach:.2f}")
    console = Console()
    console.print(table)
    if found.frames < MIN_FRAMES:
        console.print(f"few frames: each figure is unsure by a factor of about {1 + 1 / math.sqrt(found.frames):.1f}")
    console.print(f"mean of the model's depth over the sensor's: {math.exp(found.bias):.3f}", highlight=False)
    console.print(f"depth errors: {out}", soft_wrap=True, highlight=False, markup=False)
