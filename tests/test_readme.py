"""What the README and the other pages say: their commands parse, their snippets run, their lists match the tree."""

import json
import re
import shlex
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer

import spatialvlm as sv
from fixtures.plain_facts import LENGTHS, MEASURED, rows_of
from fixtures.worlds.fetch_robot import skip_without_robot
from spatialvlm.answers import Length
from spatialvlm.cli import app
from spatialvlm.dataset import schema
from spatialvlm.pipeline.collect import CollectConfig, open_rooms
from spatialvlm.pipeline.lift import LiftConfig
from spatialvlm.pipeline.measure import REASONS, MeasureConfig
from spatialvlm.pipeline.phrase import PhraseConfig
from spatialvlm.pipeline.phrase.similarity import load_similarity
from spatialvlm.quantities import parse
from spatialvlm.records import DepthErrors, Facts, Scene

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}


def blocks(language: str, but: str = "") -> list[Any]:
    """The fenced blocks of a language in all pages `but` one, as test parameters."""
    return [
        pytest.param(block, id=f"{name}-{number}")
        for name, text in TEXTS.items()
        if name != but
        for number, block in enumerate(re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the dataset `demo` in it, smaller than the one that `make demo` builds."""
    folder = tmp_path_factory.mktemp("readme")
    small = CollectConfig((320, 240), spp=1)  # whatever the light, the geometry is the same
    sv.build("rooms:4", folder / "demo", collect=small)
    return folder


@pytest.mark.parametrize("snippet", blocks("python", but="docs/exports.md"))  # those are run with the readers
def test_python_runs(snippet: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    if "worlds.fetch" in snippet:
        skip_without_robot()
    monkeypatch.chdir(place)
    exec(compile(snippet, "snippet", "exec"), {})
    if "print" in snippet:
        assert capsys.readouterr().out


@pytest.mark.parametrize("block", blocks("json"))
def test_json_parses(block: str):
    try:
        json.loads(block)
    except json.JSONDecodeError:
        assert all(isinstance(json.loads(line), dict) for line in block.splitlines())


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXTS[page])
    for link in links:
        if not link.startswith("https://"):
            assert ((ROOT / page).parent / link).resolve().exists(), link


def commands(pattern: str) -> list[str]:
    """What the pages run: whole indented lines, or code in a sentence."""
    code = [line for text in TEXTS.values() for line in re.findall(r"^    (\S.*)$|`([^`\n]+)`", text, re.MULTILINE)]
    lines = [first or second for first, second in code]
    return sorted({line.partition("  #")[0].strip() for line in lines if re.match(pattern, line)})


@pytest.mark.parametrize("line", commands(r"(?:\.venv/bin/)?spatialvlm [a-z]"))
def test_spatialvlm_commands_parse(line: str):
    group: Any = typer.main.get_command(app)
    _, name, *rest = shlex.split(line)
    assert name in group.commands
    if rest:
        group.commands[name].make_context(name, rest)


def test_other_commands_exist():
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line for line in commands("make ") if line.split()[1] not in targets] == []
    scripts = commands(r"python [a-z]+/")
    assert "python benchmarks/accuracy.py" in scripts
    for script in scripts:
        path, *options = script.split()[1:]
        source = (ROOT / path).read_text(encoding="utf-8")
        assert all(f'"{option}"' in source for option in options if option.startswith("--")), script


def test_the_tree_is_the_tree():
    (listing,) = re.findall(r"^```\n(src/.*?)^```", TEXTS["README.md"], re.MULTILINE | re.DOTALL)
    parents, listed = {0: ROOT}, []
    for line in listing.splitlines():
        name, indent = line.split()[0], len(line) - len(line.lstrip())
        path = parents[indent] / name
        parents[indent + 2] = path
        listed.append(path)
    package = ROOT / "src/spatialvlm"
    folders = [p for p in package.rglob("*") if p.is_dir() and p.name != "__pycache__"]
    top = [ROOT / name for name in ("benchmarks", "checkpoints", "docs", "examples", "integrations", "tests")]
    assert sorted(listed) == sorted([package, *folders, *top])


def test_named_files_exist():
    named = re.findall(r"`((?:[\w.]+/)+[\w.]+)`|`(\w+\.py)`", TEXTS["CONTRIBUTING.md"])
    assert named
    for path in (first or second for first, second in named):
        places = (ROOT, ROOT / "src/spatialvlm", ROOT / "src/spatialvlm/pipeline")
        assert any((place / path).exists() for place in places), path


def shown() -> list[dict[str, Any]]:
    """The questions that the README shows."""
    (block,) = re.findall(r"^```json\n(.*?)^```", TEXTS["README.md"], re.MULTILINE | re.DOTALL)
    return [json.loads(line) for line in block.splitlines()]


@pytest.mark.parametrize("row", [pytest.param(row, id=row["kind"]) for row in shown()])
def test_the_questions_shown_are_true(row: dict[str, Any]):
    """Of a demo frame: their objects are called so there, and their numbers are what is measured there."""
    scene = demo_scene(3)
    facts = sv.measure(scene, kinds=MEASURED)
    captions = {o.instance.id: o.instance.captions for o in scene.objects}
    assert all(any(name in row["question"] for name in captions[id_]) for id_ in row["subjects"])
    number, error, outcome = looked_up(facts, row["kind"], row["subjects"])
    if row["number"] is None:
        assert row["label"] == {1: "true", -1: "false", 0: "similar"}[outcome]
    else:
        assert row["number"] == pytest.approx(number, abs=0.5 * error)
        assert parse(row["answer"]) == pytest.approx(row["number"], rel=0.22)
    assert row["error"] == pytest.approx(error, rel=0.5)
    assert set(row) <= {field.name for field in schema.QUESTION}


@cache
def demo_scene(room: int) -> Scene:
    """What is lifted of a room of `make demo`; the light decides nothing."""
    scene = sv.lift(open_rooms(room + 1, seed=0).truth(room).frame).scene
    assert scene is not None
    return scene


def looked_up(facts: Facts, kind: str, subjects: list[str]) -> tuple[float, float, int]:
    """Number, error and outcome of one fact."""
    (row,) = rows_of(facts, kind, *map(facts.object_ids.index, subjects)).tolist()
    return float(facts.number[row]), float(facts.error[row]), int(facts.outcome[row])


def test_the_example_of_an_rgbd_folder_is_read(tmp_path: Path):
    line, listed = (block.values[0] for block in blocks("json") if "rgbd" in str(block.id))
    record = json.loads(line)
    for name in ("rgb", "depth", "instances", "masks"):
        (tmp_path / name).mkdir()
    mask = np.zeros((480, 640), np.uint8)
    mask[100:140, 200:260] = 255
    cv2.imwrite(str(tmp_path / record["image"]), np.zeros((480, 640, 3), np.uint8))
    cv2.imwrite(str(tmp_path / record["depth"]), np.full((480, 640), 1500, np.uint16))
    cv2.imwrite(str(tmp_path / json.loads(listed)[0]["mask"]), mask)
    (tmp_path / record["instances"]).write_text(listed)
    (tmp_path / "frames.jsonl").write_text(json.dumps(record))
    (sample,) = sv.collect(str(tmp_path))
    frame = sample.frame
    assert sample.drops == ()
    assert frame is not None
    assert frame.camera is not None
    assert frame.depth_m is not None
    assert frame.depth_m[0, 0] == pytest.approx(1.5)
    assert [one.captions for one in frame.instances or ()] == [("red mug", "mug"), ("laptop",)]
    table = re.findall(r"^\| `(\w+)` \|", TEXTS["docs/rgbd.md"], re.MULTILINE)
    from spatialvlm.pipeline.collect.rgbd import KEYS

    assert sorted(table) == sorted(KEYS)


def test_the_fields_of_a_dataset_are_listed(place: Path):
    first, second = re.split(r"^## `scenes`$", TEXTS["docs/dataset.md"], flags=re.MULTILINE)
    assert re.findall(r"^\| `(\w+)` \|", first, re.MULTILINE) == [field.name for field in schema.QUESTION]
    assert re.findall(r"^\| `(\w+)` \|", second, re.MULTILINE) == schema.SCENES.names
    (objects,) = re.findall(r"^\| `objects` \| .* \| (.*) \|$", second, re.MULTILINE)
    assert re.findall(r"`(\w+)`", objects) == [field.name for field in schema.OBJECT]
    (tree,) = re.findall(r"^DATASET/\n(.*?)^```", first, re.MULTILINE | re.DOTALL)
    named = {line.split()[0].rstrip(",") for line in tree.splitlines()}
    written = {p.relative_to(place / "demo").as_posix() for p in (place / "demo").rglob("*") if p.is_file()}
    parts = {name for name in written if re.search(r"/part-\d{5}\.parquet$", name)}
    written.add("stamps.json")  # is there where a source is files
    assert {re.sub(r"part-\d{5}", "part-00000", name) for name in written} == named
    assert parts == {f"{folder}/part-{number:05d}.parquet" for folder in ("scenes", "qa") for number in range(4)}


def test_numbers_are_of_lengths_and_labels_of_comparisons(place: Path):
    for _, questions in sv.read(place / "demo").questions():
        for qa in questions:
            assert (qa.family == "quantitative") == isinstance(qa.value, Length) == (qa.kind in LENGTHS)


def test_every_refusal_and_setting_is_explained():
    page = TEXTS["docs/questions.md"]
    listed = re.findall(r"^\| `(\w+)` \|", page.partition("## Refusals")[2].partition("\n##")[0], re.MULTILINE)
    assert set(REASONS) <= set(listed)
    folders = ("pipeline/phrase", "captions")
    sources = [p.read_text("utf-8") for name in folders for p in (ROOT / "src/spatialvlm" / name).glob("*.py")]
    of_phrase = {reason for text in sources for reason in re.findall(r'"(reference_\w+|unnamed|given_away)"', text)}
    assert set(listed) == set(REASONS) | of_phrase
    known = {field.name for config in (LiftConfig, MeasureConfig, PhraseConfig) for field in fields(config)}
    settings = re.findall(r"`(\w+_(?:sigmas|share|floor_m|floor_share|errors?|error_rad|error_px)|min_length_m)`", page)
    assert settings
    assert set(settings) <= known
    assert {field.name for field in fields(MeasureConfig)} <= set(settings) | {"rules"}
    assert "`rules`" in page
    assert {field.name for field in fields(DepthErrors)} - {"source"} <= set(re.findall(r"`(\w+)`", page))
    assert load_similarity(PhraseConfig().similarity).threshold > 0
    planes = ("geometry/planes.py", "pipeline/lift/world.py", "pipeline/lift/lifter.py")
    text = "".join((ROOT / "src/spatialvlm" / path).read_text("utf-8") for path in planes)
    reasons = re.findall(r"`(too_little\w+|no_plane\w+|plane_\w+|no_object_\w+|depth_has_\w+)`", page)
    assert len(reasons) >= 5
    for reason in reasons:
        assert f'"{reason}"' in text


def test_the_library_is_named():
    for name in sv.__all__:
        assert name == "__version__" or f"`{name}`" in TEXTS["CHANGELOG.md"]


def test_the_picture_is_small_and_whole():
    data = (ROOT / "docs/picture.png").read_bytes()
    assert len(data) < 300_000
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is not None


def test_no_figure_is_missing():
    assert not [name for name, text in TEXTS.items() if "TODO" in text or "@TABLE@" in text]
