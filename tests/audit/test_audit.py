"""The audit as a whole, on a few tiny rooms: what it writes, that it repeats, and what it refuses."""

import json
import re

import pytest
from typer.testing import CliRunner

from fixtures.plain_facts import PAPER
from spatialvlm.audit import audit
from spatialvlm.audit.audit_page import render
from spatialvlm.audit.tally import Tally
from spatialvlm.cli import app
from spatialvlm.errors import UserError
from spatialvlm.kinds import KINDS

SIZE = (160, 120)
PRESETS = ("exact", "monocular")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("audit")
    audit(3, out, presets=PRESETS, size=SIZE)
    return out


def test_command_writes_what_it_promises(tmp_path):
    out = tmp_path / "a" / "b"
    done = CliRunner().invoke(
        app, ["audit", "--rooms", "2", "--out", str(out), "--presets", "exact,monocular", "--size", "160x120"]
    )
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {"audit.json", "audit.html"}
    runs = json.loads((out / "audit.json").read_text())["presets"]
    assert set(runs) == {"exact", "monocular", "monocular untold"}
    assert "monocular untold" in done.stdout
    assert str(out / "audit.html") in done.stdout


def test_figures_are_shares_and_add_up(folder):
    result = json.loads((folder / "audit.json").read_text())
    assert (result["rooms"], result["size"]) == (3, [160, 120])
    for run in result["presets"].values():
        assert run["rooms"] == 3
        assert run["asked"] > 0
        assert set(run["kinds"]) == set(KINDS)
        for name in ("asked", "refused"):
            assert run[name] == sum(run["kinds"][kind][name] for kind in PAPER)
        assert run["refused"] == sum(run["refused_by_reason"].values())
        assert run["pairs_refused_share"] == pytest.approx(run["refused"] / (run["asked"] + run["refused"]), abs=0.1)
        for figure in ("qualitative_accuracy", "qualitative_accuracy_amodal", "coverage_1sigma", "coverage_2sigma"):
            assert 0.0 <= run[figure] <= 1.0
        assert run["coverage_1sigma"] <= run["coverage_2sigma"]
        observed = [share for _, share in run["calibration"]]
        assert observed == sorted(observed)
        assert run["kinds"]["gap"]["median_relative_error_amodal"] is None
    exact, monocular = result["presets"]["exact"], result["presets"]["monocular"]
    assert exact["median_relative_error"] < monocular["median_relative_error"]


def test_every_pair_and_kind_is_asked_or_refused_once(folder):
    for run in json.loads((folder / "audit.json").read_text())["presets"].values():
        for name, kind in ((name, run["kinds"][name]) for name in PAPER):
            expected = run["pairs"] if KINDS[name].subjects == 2 else run["objects"]
            assert kind["asked"] + kind["refused"] == expected, name


@pytest.mark.slow
def test_same_bytes_again_and_for_any_number_of_workers(folder, tmp_path):
    audit(3, tmp_path, presets=PRESETS, size=SIZE, workers=2)
    for name in ("audit.json", "audit.html"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes(), name


def test_a_preset_does_not_depend_on_the_others(folder, tmp_path):
    alone = audit(3, tmp_path, presets=["monocular"], size=SIZE)["presets"]
    both = json.loads((folder / "audit.json").read_text())["presets"]
    assert json.loads(json.dumps(alone["monocular"])) == both["monocular"]


def test_page_is_whole_and_names_every_run(folder):
    page = (folder / "audit.html").read_text()
    assert page.rstrip().endswith("</html>")
    assert "<script" not in page
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert not re.search(r"\$[a-z]+", page), "every slot of the template is filled"
    for name in ("exact", "monocular", "monocular untold"):
        assert f"<th scope='row'>{name}" in page


def test_page_of_rooms_where_nothing_could_be_asked(folder):
    result = json.loads((folder / "audit.json").read_text())
    nothing = Tally(rooms=3).figures()
    result["presets"] = {name: {**run, **nothing} for name, run in result["presets"].items()}
    assert "nothing asked" in render(result)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"rooms": 0}, "rooms 0"),
        ({"workers": 0}, "workers 0"),
        ({"seed": -1}, "seed -1"),
        ({"size": (0, 480)}, "size 0x480"),
        ({"presets": ["exact", "fog"]}, "'fog': unknown; choose from exact, "),
    ],
)
def test_bad_settings_are_refused(tmp_path, settings, says):
    with pytest.raises(UserError, match=says):
        audit(**{"rooms": 1, "out": tmp_path, **settings})
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_is_left_alone(tmp_path):
    path = tmp_path / "taken"
    path.write_text("mine")
    with pytest.raises(UserError, match="taken"):
        audit(1, path, presets=["exact"], size=SIZE)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("size", ["640", "x480", "640x", "-1x5", "a x b", "0x0"])
def test_a_size_that_is_none(tmp_path, size):
    done = CliRunner().invoke(app, ["audit", "--rooms", "1", "--out", str(tmp_path), f"--size={size}"])
    assert done.exit_code == 2
    assert not list(tmp_path.iterdir())
