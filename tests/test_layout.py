"""The house stays as it was drawn: imports run one way, files and functions stay short, the import stays light."""

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

from spatialvlm.kinds import KINDS

PACKAGE = Path(__file__).parents[1] / "src" / "spatialvlm"
MODULES = {
    ".".join(("spatialvlm", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}
STAGES = tuple(sorted(path.name for path in (PACKAGE / "pipeline").iterdir() if (path / "__init__.py").exists()))

# From the bottom up: a module imports of the package only what stands on a lower line, and its own folder.
ORDER = (
    ("errors", "options", "records"),
    ("geometry", "quantities", "weights"),
    ("inference",),
    ("depth", "draw", "kinds", "support", "vlm"),
    tuple(f"pipeline.{stage}" for stage in STAGES),
    ("catalogue", "recipe"),
    ("recipes",),
    ("audit", "calibrate", "engine", "view"),
    ("benchmark",),
    ("evaluate",),
    ("library",),
    ("cli",),
)
LEVELS = {f"spatialvlm.{name}": level for level, names in enumerate(ORDER) for name in names}

MODULE_LINES, LONG_MODULE_LINES = 300, 400
LONG_MODULES: dict[str, str] = {}
"""Modules of more than 300 lines, each with the reason."""
FUNCTION_LINES = 65
IMPORT_S = 0.3


def unit_of(module: str) -> str | None:
    """What a module belongs to in ORDER; None for the package itself and for `pipeline`, which import nothing."""
    return next((unit for unit in LEVELS if module == unit or module.startswith(f"{unit}.")), None)


def imports_of(module: str) -> set[str]:
    """The modules of the package that a module imports, at its top or inside functions."""
    found: set[str] = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} line {node.lineno}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return {name for name in found if name.split(".")[0] == "spatialvlm"}


def test_every_module_has_its_place():
    assert {m for m in MODULES if unit_of(m) is None} == {"spatialvlm", "spatialvlm.pipeline"}
    assert imports_of("spatialvlm.pipeline") == set()


@pytest.mark.parametrize("module", [m for m in MODULES if unit_of(m) is not None])
def test_imports_run_one_way(module):
    own = unit_of(module)
    for imported in imports_of(module):
        if imported == "spatialvlm":
            continue  # for __version__; it imports nothing until it is asked
        other = unit_of(imported)
        assert other is not None, f"{module} imports {imported}, which holds nothing"
        allowed = other == own or LEVELS[other] < LEVELS[str(own)]
        assert allowed, f"{module} imports {imported}: the arrow runs the other way"


def test_what_stands_at_the_bottom_needs_nothing_of_ours():
    assert imports_of("spatialvlm.records") == imports_of("spatialvlm.errors") == set()


def test_stages_are_the_six_in_the_order_of_the_flow():
    flow = ["collect", "cull", "detect", "lift", "measure", "phrase", "write"]
    assert list(STAGES) == [stage for stage in flow if stage in STAGES]
    assert {"collect", "detect", "lift", "measure", "phrase", "write"} <= set(STAGES)


def test_the_package_imports_nothing_until_it_is_asked():
    functions = [node for node in ast.walk(TREES["spatialvlm"]) if isinstance(node, ast.FunctionDef)]
    lazy = {id(inner) for function in functions for inner in ast.walk(function)}
    top = [node for node in ast.walk(TREES["spatialvlm"]) if isinstance(node, ast.ImportFrom) and id(node) not in lazy]
    assert {node.module for node in top} == {"typing", "spatialvlm.library"}, (
        "the library's names are for type checkers"
    )


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short(module):
    lines = len(MODULES[module].read_text().splitlines())
    assert lines <= LONG_MODULE_LINES
    assert lines <= MODULE_LINES or module in LONG_MODULES, f"{module} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module):
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{module}.{node.name} has {lines} lines"


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_what_they_are(module):
    text = ast.get_docstring(TREES[module])
    assert text, f"{module} has no docstring"
    assert len(text) > 30


@pytest.mark.parametrize("module", MODULES)
def test_no_error_is_swallowed_unseen(module):
    broad = {"Exception", "BaseException"}
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{module} line {node.lineno}: a bare except"
            names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
            assert not names & broad, f"{module} line {node.lineno}: a broad except"


def test_no_folder_for_what_has_no_place():
    parts = {part for module in MODULES for part in module.split(".")}
    assert not parts & {"utils", "util", "misc", "common", "helpers", "registry"}


def test_every_kind_has_its_templates_and_the_other_way_round():
    folder = PACKAGE / "pipeline" / "phrase" / "templates"
    assert {path.stem for path in folder.glob("*.txt")} == set(KINDS)


def test_import_is_fast_and_light():
    program = (
        "import time; start = time.perf_counter(); import spatialvlm; took = time.perf_counter() - start;"
        "import sys; heavy = {'torch', 'transformers', 'cv2', 'numpy', 'scipy', 'pyarrow', 'rich'} & set(sys.modules);"
        "print(took, *heavy)"
    )
    runs = [run(program).split() for _ in range(5)]
    assert median(float(words[0]) for words in runs) < IMPORT_S
    assert not runs[0][1:]


def test_the_core_needs_no_torch():
    program = "import sys, spatialvlm as sv, spatialvlm.cli; sv.build, sv.read; print('torch' in sys.modules)"
    assert run(program) == "False"


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
