"""A depth model with known errors is measured to have just these."""

import json
import math

import numpy as np
import pytest

from fixtures.folders.tiny import tiny_frames, write_rgbd
from spatialvlm.audit.calibration import calibrate, fit
from spatialvlm.audit.corrupt import drifting, scaled
from spatialvlm.errors import UserError
from spatialvlm.pipeline.collect import FrameSource
from spatialvlm.pipeline.collect.shapes import ShapesSource
from spatialvlm.pipeline.estimate import DepthEstimate
from spatialvlm.recipes.named import read_depth_errors
from spatialvlm.records import DepthErrors, Frame, Sample, Source


class Slants(FrameSource):
    """Frames of slanted planes with depth, at once."""

    name = fingerprint = "slants"
    measured_depth = thread_safe = True
    ordered = False

    def __init__(self, count, *, measured=True):
        self.count, self.measured = count, measured

    def __len__(self):
        return self.count

    def read(self, index):
        depth = np.tile(np.linspace(1.0, 2.0 + index % 3, 120, dtype=np.float32)[:, None], (1, 160))
        image = np.zeros((120, 160, 3), np.uint8)
        frame = Frame(f"slant-{index}", image, None, depth if self.measured else None, None, None, Source("slants"))
        return Sample(index, frame)


class Wrong:
    """Knows the true depth of a source's frames, and makes it wrong by known errors."""

    name, version, needs_focal = "wrong", "1", False
    errors = DepthErrors(0.5)

    def __init__(self, source, *, scale, local, reach, invariance="metric"):
        self.frames = {frame.id: frame for frame in (source.read(i).frame for i in range(len(source)))}
        self.scale, self.local, self.reach, self.invariance = scale, local, reach, invariance

    def __call__(self, frames):
        return [self._estimate(frame) for frame in frames]

    def _estimate(self, frame):
        assert frame.depth_m is None
        rng = np.random.default_rng([5, *frame.id.encode()])
        true = self.frames[frame.id]
        wrong = drifting(scaled(true, rng, relative=self.scale), rng, relative=self.local, reach=self.reach)
        return DepthEstimate(wrong.depth_m, self.invariance)


@pytest.mark.parametrize(("scale", "local", "reach"), [(0.08, 0.04, 1 / 6), (0.2, 0.05, 0.08), (0.03, 0.08, 0.3)])
def test_known_errors_are_found(scale, local, reach):
    source = Slants(80)
    found = calibrate(source, Wrong(source, scale=scale, local=local, reach=reach))
    assert found.frames == 80
    # n frames know a sigma to 1 / sqrt(2 n), a drift that reaches far is a few independent values in each
    assert found.errors.scale == pytest.approx(scale, rel=0.25, abs=0.4 * local)
    assert math.hypot(found.errors.scale, found.errors.local) == pytest.approx(math.hypot(scale, local), rel=0.2)
    assert found.errors.local == pytest.approx(local, rel=0.2)
    assert found.errors.reach == pytest.approx(reach, rel=0.3)
    assert abs(found.bias) < 3 * math.hypot(scale, local) / math.sqrt(80)


def test_a_constant_bias_counts_as_error_of_scale():
    fields = [np.full((48, 64), math.log(1.3)) for _ in range(4)]
    errors, bias = fit(fields)
    assert errors.scale == pytest.approx(math.log(1.3))
    assert errors.local == 0
    assert bias == pytest.approx(math.log(1.3))


def test_edges_and_holes_do_not_count():
    rng = np.random.default_rng(1)
    fields = []
    for _ in range(30):
        field = np.full((48, 64), 0.1 * rng.standard_normal())
        field[:, ::9] += 1.0  # what flies between two surfaces
        field[rng.random(field.shape) < 0.2] = np.nan
        fields.append(field)
    errors, _ = fit(fields)
    assert errors.local < 0.005
    assert errors.scale == pytest.approx(0.1, rel=0.4)


def test_relative_depth_and_frames_without_depth_are_refused():
    source = Slants(3)
    with pytest.raises(UserError, match="makes relative depth"):
        calibrate(source, Wrong(source, scale=0.0, local=0.0, reach=0.1, invariance="scale_invariant"))
    with pytest.raises(UserError, match="0 of 3 frames have sensor depth"):
        calibrate(Slants(3, measured=False), Wrong(source, scale=0.0, local=0.0, reach=0.1))


def test_the_command_writes_what_build_reads(run, tmp_path, monkeypatch):
    folder = write_rgbd(tmp_path / "frames", tiny_frames(6))
    source = ShapesSource(6, width=160, height=120)
    model = Wrong(source, scale=0.1, local=0.03, reach=0.15)
    monkeypatch.setattr("spatialvlm.audit.calibration.load_depth", lambda model_, runtime: model)
    out = tmp_path / "errors.json"
    code, shown, err = run("calibrate", folder, "--model", "depth=depthpro:some/weights", "--out", out)
    assert code == 0, err
    assert "6 frames" in shown
    written = json.loads(out.read_text())
    assert written["model"] == "wrong@1"
    errors = read_depth_errors(out)
    assert errors == DepthErrors(**written["depth_errors"])
    assert errors.source == "measured on 6 frames of frames"


def test_the_command_needs_a_depth_model(run, tmp_path):
    code, _, err = run("calibrate", "shapes:2", "--out", tmp_path / "e.json", "--model", "depth=none")
    assert code == 1
    assert "needs a depth model" in err
