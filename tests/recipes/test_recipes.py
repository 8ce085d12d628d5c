"""Recipes by name and by wish, what they record, and that docs/recipes.md lists just what they run."""

import json
import math
import re
from pathlib import Path

import pytest

import spatialvlm.recipes.roles
from spatialvlm.errors import UserError
from spatialvlm.models import Located, Model
from spatialvlm.pipeline.collect import FrameSource
from spatialvlm.pipeline.cull import CULL_MODELS
from spatialvlm.pipeline.detect import BOX_DETECTORS
from spatialvlm.pipeline.estimate.camera import CAMERA_MODELS
from spatialvlm.pipeline.estimate.depth import DEPTH_MODELS
from spatialvlm.pipeline.estimate.floor import FLOOR_MODELS
from spatialvlm.pipeline.lift import Anchor, LiftConfig
from spatialvlm.recipes import RECIPES, ROLES, Overrides, Recipe, parse_role, recipe_for, with_models
from spatialvlm.records import DepthErrors, Sample

PAGE = (Path(__file__).parents[2] / "docs/recipes.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", PAGE, re.MULTILINE))


def models(recipe: Recipe) -> dict[str, Model]:
    """The models of a recipe by their roles."""
    return dict(recipe.models)


class Slides(FrameSource):
    """A source that nothing is read of."""

    name, fingerprint = "photos", "fingerprint"
    measured_depth, ordered, thread_safe = False, False, True

    def __len__(self) -> int:
        return 0

    def read(self, index: int) -> Sample:
        raise IndexError(index)


def rows(section: str) -> list[list[str]]:
    """The cells of the table in a section, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def gigabytes(text: str) -> float:
    """The number of "1.50 GB", 0 for "none"."""
    return float(text.split()[0]) if text[0].isdigit() else 0.0


# -- the recipes and their page ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
def test_the_page_lists_the_models_of_each_recipe(name):
    wanted = [
        (role, f"`{model.weights}@{model.revision}`" if model.revision else f"`{model.weights}`")
        for role, model in models(RECIPES[name]("photos/")).items()
    ]
    assert [(cells[0], cells[2]) for cells in rows(name)] == wanted
    assert all(cells[3] and (gigabytes(cells[4]) > 0) != (cells[4] == "none") for cells in rows(name))


def test_the_overview_adds_the_sizes_up():
    overview = re.findall(r"^\| `([\w-]+)` \| [^|]* \| ([^|]*) \|", PAGE.partition("\n## ")[0], re.MULTILINE)
    assert [name for name, _ in overview] == list(RECIPES)
    for name, size in overview:
        assert gigabytes(size) == pytest.approx(sum(gigabytes(cells[4]) for cells in rows(name)), rel=0.05)


def test_every_hub_id_is_pinned_to_a_commit_and_to_one_only():
    pinned = {
        model
        for name in RECIPES
        for model in RECIPES[name]("photos/").models.values()
        if not model.weights.startswith("models/") and model.backend != "lines"
    }
    assert len({model.weights for model in pinned}) == len(pinned) > 10
    for model in pinned:
        assert re.fullmatch(r"[0-9a-f]{40}", str(model.revision)), model
    known = {model.weights: model.revision for model in pinned}
    downloads = re.findall(r"hf download (\S+) --revision (\w+)", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL))
    downloads += re.findall(r"depth_to_onnx\.py (\S+)@(\w+)", PAGE)
    assert len(downloads) == 3
    assert all(known[weights] == revision for weights, revision in downloads)


def test_the_page_lists_the_roles_and_their_backends():
    offered = {
        "cull": CULL_MODELS,
        "detect": BOX_DETECTORS,
        "segment": ("sam", "semantic"),
        "caption": ("transformers", "openai", "idefics3"),
        "depth": DEPTH_MODELS,
        "camera": CAMERA_MODELS,
        "floor": FLOOR_MODELS,
    }
    listed = {cells[0].strip("`"): tuple(re.findall(r"`(\w+)`", cells[2])) for cells in rows("Another model")}
    assert listed == offered == {name: role.backends for name, role in ROLES.items()}


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_recorded_is_json_and_names_every_version(name, monkeypatch):
    monkeypatch.setattr(
        spatialvlm.recipes.roles, "locate", lambda m, files: Located(Path("x"), m.weights, f"version of {m.backend}")
    )
    recipe = recipe_for("a/photos", name, seed=3)
    header = json.loads(json.dumps(recipe.header(Slides())))
    assert header["source"] == "photos"
    assert header["config"]["seed"] == 3
    for model in recipe.models.values():
        if model.backend == "lines":  # no weights
            continue
        assert header["versions"][str(model)] == f"version of {model.backend}"


# -- which one ---------------------------------------------------------------------------------------------------------


def test_a_folder_of_images_gets_photos_and_all_else_given(tmp_path):
    photos, rgbd = tmp_path / "photos", tmp_path / "rgbd"
    for folder in (photos, rgbd):
        folder.mkdir()
    (rgbd / "frames.jsonl").write_text("")
    assert recipe_for(str(photos)) == RECIPES["photos"](str(photos))
    for source in (str(rgbd), "rooms:2", "shapes:3"):
        assert recipe_for(source) == RECIPES["given"](source)
        assert recipe_for(source).models == {}
    assert recipe_for(str(rgbd), "laptop", limit=5).limit == 5


def test_photos_have_a_mix_of_their_own():
    mixes = {name: recipe_for("photos/", name).phrase.mix for name in RECIPES}
    assert mixes == {"given": "paper", "photos": "photo", "photos-fast": "photo", "laptop": "photo", "paper": "paper"}


def test_an_unknown_recipe_or_role_or_field_is_refused():
    with pytest.raises(UserError, match="'fast': unknown; choose one of given, photos, photos-fast, laptop, paper"):
        recipe_for("photos/", "fast")
    with pytest.raises(UserError, match="role 'deptH': unknown; choose one of cull, detect"):
        recipe_for("photos/", "photos", Overrides(models=("deptH=onnx:x.onnx",)))
    with pytest.raises(UserError, match="seed -1"):
        recipe_for("photos/", "photos", seed=-1)


# -- wishes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backend", "detector", "threshold"),
    [
        ("grounding_dino", "grounded", 0.3),
        ("owl", "grounded", 0.1),
        ("sam3", "concepts", 0.5),
        ("florence", "regions", 0.0),
        ("yolox", "boxes", 0.5),
    ],
)
def test_a_box_detector_brings_its_detector_and_threshold(backend, detector, threshold):
    changed = with_models(RECIPES["given"]("rooms:2"), {"detect": Model(backend, "x")}).detect
    assert (changed.detector, changed.detect) == (detector, Model(backend, "x"))
    assert changed.score_threshold == threshold
    wanted = recipe_for("p", "photos", Overrides(models=(f"detect={backend}:x",))).detect
    assert (wanted.detector, wanted.score_threshold) == (detector, threshold)


def test_without_a_box_detector_objects_are_given_or_found_in_depth():
    assert recipe_for("p", "photos", Overrides(models=("detect=none",))).detect.detector == "auto"
    with pytest.raises(UserError, match="'some': unknown; choose one of grounding_dino, owl"):
        with_models(RECIPES["given"]("rooms:2"), {"detect": Model("some", "x")})


@pytest.mark.parametrize("role", [role for role in ROLES if role != "detect"])
def test_one_role_changes_and_the_others_stay(role):
    before = recipe_for("p", "paper")
    after = recipe_for("p", "paper", Overrides(models=(f"{role} = {ROLES[role].backends[0]}:a/b@c1",)))
    assert models(after) == models(before) | {role: Model(ROLES[role].backends[0], "a/b", "c1")}
    without = recipe_for("p", "paper", Overrides(models=(f"{role}= none",)))
    assert models(without) == {name: model for name, model in models(before).items() if name != role}
    assert without.detect.detector == before.detect.detector
    assert (
        recipe_for("p", "paper", Overrides(models=(f"{role}={ROLES[role].backends[0]}:x", f"{role}=none"))) == without
    )
    with pytest.raises(UserError, match=f"no backend 'some' to {role}; choose one of {ROLES[role].backends[0]}"):
        parse_role(f"{role}=some:x")


def test_fields_of_a_recipe_can_be_changed_and_no_others():
    lift = LiftConfig(DepthErrors(0.02))
    recipe = recipe_for("p", "photos", Overrides(known=("height:door=2",)), lift=lift, seed=4)
    assert (recipe.seed, recipe.lift.depth_errors.scale) == (4, 0.02)
    assert [anchor.said for anchor in recipe.lift.anchors] == ["height of 'door'"]
    with pytest.raises(UserError, match="setting 'foo': unknown; a recipe has source, seed, "):
        recipe_for("p", "photos", foo=1)


@pytest.mark.parametrize(
    "errors", [{"scale": "x"}, {"scale": math.nan}, {"scale": -1.0}, {"scale": 0.1, "reach": 0.0}, {"scale": math.inf}]
)
def test_depth_errors_that_are_none_are_refused(errors, tmp_path):
    path = tmp_path / "errors.json"
    path.write_text(json.dumps({"depth_errors": errors}))
    with pytest.raises(UserError, match="depth errors"):
        recipe_for("p", "photos", Overrides(depth_errors=path))


@pytest.mark.parametrize("text", ["depth", "depth=", "depth=onnx", "depth=onnx:", "depthpro:apple/DepthPro-hf"])
def test_what_is_no_role_with_a_model_is_refused(text):
    with pytest.raises(UserError, match=r"expected (ROLE=BACKEND|BACKEND):WEIGHTS"):
        parse_role(text)


def test_known_lengths_become_anchors():
    wanted = Overrides(known=("height:front door=2.03", "distance:chair,lamp=1.5"), camera_height_m=1.4)
    assert recipe_for("p", "photos", wanted).lift.anchors == (
        Anchor("camera_height", 1.4),
        Anchor("height", 2.03, ("front door",)),
        Anchor("distance", 1.5, ("chair", "lamp")),
    )
    assert recipe_for("p", "photos").lift.anchors == ()
    for wrong in ("height:door", "depth:door=1", "height:door=tall", "distance:chair=1.5", "height:door=0"):
        with pytest.raises(UserError, match=r"height|distance"):
            recipe_for("p", "photos", Overrides(known=(wrong,)))
    with pytest.raises(UserError, match="camera height: got 0 m"):
        recipe_for("p", "photos", Overrides(camera_height_m=0.0))


def test_a_field_of_view_is_in_degrees():
    assert recipe_for("p", "photos", Overrides(fov_degrees=90.0)).estimate.fov_rad == pytest.approx(math.pi / 2)
    for wrong in (0.0, -60.0, 1.2, 180.0, math.nan):
        with pytest.raises(UserError, match="expected 5 to 150 degrees"):
            recipe_for("p", "photos", Overrides(fov_degrees=wrong))


def test_detector_and_prompts_are_as_wanted():
    wanted = recipe_for("p", "photos", Overrides(detector="clusters", prompts=("sofa", "lamp"))).detect
    assert (wanted.detector, wanted.prompts) == ("clusters", ("sofa", "lamp"))
    assert recipe_for("p", "photos").detect.detector == "grounded"
    with pytest.raises(UserError, match="needs at least one prompt"):
        recipe_for("p", "photos", Overrides(prompts=()))
    with pytest.raises(UserError, match="'seen': unknown"):
        recipe_for("p", "photos", Overrides(detector="seen"))


def test_depth_errors_come_from_a_file(tmp_path):
    path = tmp_path / "errors.json"
    errors = {"scale": 0.08, "local": 0.03, "reach": 0.2, "shift": 0.0, "source": "measured"}
    path.write_text(json.dumps({"depth_errors": errors, "frames": 12}))
    assert recipe_for("p", "photos", Overrides(depth_errors=path)).estimate.depth_errors == DepthErrors(**errors)
    assert recipe_for("p", "photos").estimate.depth_errors is None
    with pytest.raises(UserError, match=r"no such file; make one with: spatialvlm calibrate"):
        recipe_for("p", "photos", Overrides(depth_errors=tmp_path / "none.json"))
    for text in ("", "no json", "[]", "{}", '{"depth_errors": {"scal": 1}}', '{"depth_errors": {}}'):
        path.write_text(text)
        with pytest.raises(UserError, match="holds no depth errors"):
            recipe_for("p", "photos", Overrides(depth_errors=path))
