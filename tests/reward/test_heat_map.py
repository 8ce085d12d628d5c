"""The heat map: metres of every pixel against exact truth, and a picture that says what its colours are."""

import base64
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest

from fixtures.folders.tiny import write_rgbd
from fixtures.worlds.robot_episodes import place, reach
from spatialvlm.errors import UserError
from spatialvlm.recipes import recipe_for
from spatialvlm.reward import SceneDistances, draw_heat_map, goals_of, heat_map


@pytest.fixture(scope="module")
def drawn():
    return reach(8, size=(160, 120))


@pytest.fixture(scope="module")
def told(drawn):
    sample = SceneDistances(recipe_for("", "given")).lifted(drawn.frames[0])
    return heat_map(sample.frame, sample.scene, goals_of("reach the red can")[0], 0.4)


def test_distances_are_those_of_the_places(told, drawn):
    """The pixels of the gripper are as far from the can as the gripper is, but for their sizes."""
    gripper = told.distances_m[told.things["gripper"]]
    assert np.median(gripper) == pytest.approx(drawn.truth_m["gripper", "red can"][0], abs=0.05)
    can = told.distances_m[told.things["red can"]]
    assert can.max() < 0.08
    assert np.nanmin(told.distances_m) == pytest.approx(can.min(), abs=0.01)


def test_the_floor_gets_further_from_the_can_in_every_direction(told):
    rows, columns = np.nonzero(told.things["red can"])
    row, last = int(rows.mean()), int(columns.max())
    assert (np.diff(told.distances_m[row, last + 3 :]) > 0).all()
    assert (np.diff(told.distances_m[int(rows.max()) + 3 :, int(columns.mean())]) > 0).all()


def test_unknown_depth_has_no_colour(told):
    distances = told.distances_m.copy()
    distances[:, :80] = np.nan
    picture = pixels_of(draw_heat_map(replace(told, distances_m=distances)))
    assert np.ptp(picture[100:, 50:250].astype(int), axis=2).max() < 12  # grey
    assert np.ptp(picture[100:, 400:600].astype(int), axis=2).min() > 30


def pixels_of(svg):
    data = base64.b64decode(re.search(r"base64,([^']+)'", svg)[1])
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)


def test_the_command_draws_it_with_a_legend_in_metres(run, tmp_path):
    folder = write_rgbd(tmp_path / "episode", place(24).frames)
    asked = ("--task", "put the red can on the blue box", "--threshold", "0.08", "--hold", 2, "--out", tmp_path / "out")
    code, _, err = run("reward", folder, *asked, "--heat-map", 0)
    assert code == 0, err
    svg = (tmp_path / "out/heat_map.svg").read_text()
    assert "How far each place is from the red can" in svg
    assert all(f">{says} m</text>" in svg for says in ("0", "0.2", "0.4"))
    assert svg.count("class='step'") > 3
    code, _, err = run("reward", folder, *asked, "--heat-map", 14)
    assert "from the blue box" in (tmp_path / "out/heat_map.svg").read_text()  # the stage that is open there
    code, _, err = run("reward", folder, *asked, "--heat-map", 99)
    assert code == 1
    assert "heat map of frame 99: the episode has 24; choose 0 to 23" in err


def test_a_model_that_says_only_how_far_makes_none(run, tmp_path, drawn):
    folder = write_rgbd(tmp_path / "episode", drawn.frames[:1])
    asked = ("--task", "reach the red can", "--source", "vlm", "--heat-map", 0, "--out", tmp_path / "out")
    code, _, err = run("reward", folder, *asked)
    assert code == 1
    assert "--heat-map: is made from depth" in err


def test_a_thing_that_is_out_of_sight_has_none(drawn):
    sample = SceneDistances(recipe_for("", "given")).lifted(drawn.frames[0])
    with pytest.raises(UserError, match="green mug: not in view; choose another frame"):
        heat_map(sample.frame, sample.scene, goals_of("reach the green mug")[0], 0.4)
