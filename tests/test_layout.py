"""The house stays as it was drawn: imports run one way, files and functions stay short, the import stays light."""

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import spatialvlm
from spatialvlm.kinds import KINDS

PACKAGE = Path(__file__).parents[1] / "src" / "spatialvlm"
MODULES = {
    ".".join(("spatialvlm", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {name: ast.parse(path.read_text()) for name, path in MODULES.items()}
FLOW = ("collect", "cull", "detect", "estimate", "lift", "measure", "phrase")

# From the bottom up: a module imports of the package only what stands on a lower line, and its own folder.
ORDER = (
    ("errors",),
    ("answers", "array_checks"),
    ("records",),
    ("captions", "geometry", "models", "quantities"),
    ("kinds",),
    ("page", "pipeline", "worlds"),
    ("worlds.rooms", "worlds.solids"),
    tuple(f"pipeline.{stage}" for stage in FLOW),
    ("pipeline.scene_answers", "pipeline.tail"),
    ("dataset",),
    ("chains",),
    ("recipes",),
    ("engine",),
    ("audit", "view"),
    ("evaluate",),
    ("annotate", "train"),
    ("cli",),
)
LEVELS = {f"spatialvlm.{name}": level for level, names in enumerate(ORDER) for name in names}
NAMESPACES = {"spatialvlm"}

MODULE_LINES, LONG_MODULE_LINES = 300, 400
LONG_MODULES: dict[str, str] = {}
"""Modules of more than 300 lines, each with the reason."""
FUNCTION_LINES = 65
IMPORT_S = 0.3
SHARED_NAMES = {"rooms"}
"""Modules that are called as people call them on the command line: the source `rooms`, the task `rooms`."""


def unit_of(module: str) -> str | None:
    """What a module belongs to in ORDER, the innermost; None for the package itself."""
    if module in LEVELS:
        return module
    parent = module.rpartition(".")[0]
    return None if module in NAMESPACES or not parent else unit_of(parent)


def imports_of(module: str, *, lazy: bool = True) -> set[str]:
    """The modules of the package that a module imports: at its top, and inside functions where `lazy`."""
    tree = TREES[module]
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(inner) for function in functions for inner in ast.walk(function)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in inside and not lazy:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} line {node.lineno}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return {name for name in found if name.split(".")[0] == "spatialvlm"}


def test_every_module_has_its_place():
    assert {m for m in MODULES if unit_of(m) is None} == NAMESPACES


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


@pytest.mark.parametrize("module", [m for m in MODULES if unit_of(m) is not None])
def test_from_outside_a_package_is_imported_through_what_its_init_names(module):
    for imported in imports_of(module):
        other = unit_of(imported)
        if other is not None and other != unit_of(module):
            assert imported == other, f"{module} imports {imported}; import it from {other}, which names what it offers"


def test_no_module_imports_itself_by_a_circle():
    """Of a package and its own modules only what is imported at the top counts: `match` chooses a backend lazily."""
    arrows = {
        module: {
            other
            for other in imports_of(module)
            if other in MODULES
            and other != module
            and not (other.startswith(f"{module}.") and other not in imports_of(module, lazy=False))
        }
        for module in MODULES
        if module != "spatialvlm"  # the front door imports everything, when it is asked
    }
    assert circles(arrows) == []


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach each other."""
    reach = {module: reachable(module, arrows) for module in arrows}
    groups = {frozenset(o for o in reach[m] if m in reach.get(o, ())) for m in arrows if m in reach[m]}
    return sorted(sorted(group) for group in groups)


def reachable(start: str, arrows: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    todo = list(arrows[start])
    while todo:
        module = todo.pop()
        if module not in seen:
            seen.add(module)
            todo += arrows.get(module, ())
    return seen


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_no_two_public_classes_and_no_two_modules_have_one_name():
    classes = [
        node.name
        for tree in TREES.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    stems = [path.stem for path in MODULES.values() if path.stem != "__init__"]
    assert repeated(classes) == set()
    assert repeated(stems) == SHARED_NAMES


def repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def test_records_and_errors_need_nothing_else():
    assert imports_of("spatialvlm.errors") == set()
    assert imports_of("spatialvlm.array_checks") == {"spatialvlm.errors"}
    below = {"spatialvlm.answers", "spatialvlm.array_checks", "spatialvlm.errors"}
    for module in MODULES:
        if module.startswith("spatialvlm.records"):
            assert {one for one in imports_of(module) if not one.startswith("spatialvlm.records")} <= below


def test_the_folders_sort_in_the_order_of_the_flow():
    folders = sorted(path.name for path in (PACKAGE / "pipeline").iterdir() if (path / "__init__.py").exists())
    assert folders == [*FLOW]


def test_the_package_imports_nothing_until_it_is_asked():
    functions = [node for node in ast.walk(TREES["spatialvlm"]) if isinstance(node, ast.FunctionDef)]
    lazy = {id(inner) for function in functions for inner in ast.walk(function)}
    top = [node for node in ast.walk(TREES["spatialvlm"]) if isinstance(node, ast.ImportFrom) and id(node) not in lazy]
    checked = {
        alias.asname or alias.name for node in top if str(node.module).startswith("spatialvlm.") for alias in node.names
    }
    assert checked | {"__version__"} == set(spatialvlm.__all__), "what type checkers are told is what there is"


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


NO_VERBS = {
    *("a", "all", "an", "at", "both", "by", "each", "every", "for", "from", "how", "in", "it", "its", "no", "of", "on"),
    *("one", "some", "that", "the", "this", "what", "whether"),
}


@pytest.mark.parametrize("module", MODULES)
def test_docstrings_of_functions_begin_with_a_verb(module):
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node):
            first = (ast.get_docstring(node) or "Say").split()[0]
            assert first.lower() not in NO_VERBS, f"{module}.{node.name}: {first}"


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


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
