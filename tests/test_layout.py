"""The house stays as it was drawn: imports run one way, files and functions stay short, the import stays light."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import median

import spatialvlm
from spatialvlm.kinds import KINDS

PACKAGE = Path(__file__).parents[1] / "src" / "spatialvlm"
MODULES = {
    ".".join(("spatialvlm", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
FLOW = ("collect", "cull", "detect", "estimate", "lift", "measure", "phrase")

# From the bottom up: a module imports of the package only what stands on a lower line, and its own folder.
ORDER = (
    ("errors",),
    ("answers", "array_checks", "http_server"),
    ("records",),
    ("captions", "geometry", "models", "quantities"),
    ("kinds",),
    ("page", "pipeline", "worlds"),
    ("worlds.fetch", "worlds.rooms", "worlds.solids"),
    tuple(f"pipeline.{stage}" for stage in FLOW),
    ("pipeline.scene_answers", "pipeline.tail"),
    ("dataset",),
    ("chains",),
    ("recipes",),
    ("engine",),
    ("audit", "view"),
    ("evaluate",),
    ("annotate", "answering", "train"),
    ("reason", "reward", "serving"),
    ("lerobot_plugin", "mcp_server", "reward_bench"),
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


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


def functions_of(module: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@cache
def imports_of(module: str, *, lazy: bool = True) -> set[str]:
    """The modules of the package that a module imports: at its top, and inside functions where `lazy`."""
    tree = tree_of(module)
    inside = {id(inner) for function in functions_of(module) for inner in ast.walk(function)}
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


def test_imports_run_one_way():
    wrong = [
        f"{module} imports {imported}"
        for module in MODULES
        for imported in imports_of(module) - {"spatialvlm"}  # for __version__; it imports nothing until it is asked
        if unit_of(module) is not None and not may_import(str(unit_of(module)), unit_of(imported))
    ]
    assert wrong == []


def may_import(own: str, other: str | None) -> bool:
    return other is not None and (other == own or LEVELS[other] < LEVELS[own])


def test_from_outside_a_package_is_imported_through_what_its_init_names():
    wrong = [
        f"{module} imports {imported}, not {unit_of(imported)}, which names what it offers"
        for module in MODULES
        for imported in imports_of(module)
        if unit_of(module) is not None and unit_of(imported) not in (None, unit_of(module), imported)
    ]
    assert wrong == []


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
        for module in MODULES
        for node in tree_of(module).body
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
    lazy = {id(inner) for function in functions_of("spatialvlm") for inner in ast.walk(function)}
    nodes = ast.walk(tree_of("spatialvlm"))
    top = [node for node in nodes if isinstance(node, ast.ImportFrom) and id(node) not in lazy]
    checked = {
        alias.asname or alias.name for node in top if str(node.module).startswith("spatialvlm.") for alias in node.names
    }
    assert checked | {"__version__"} == set(spatialvlm.__all__), "what type checkers are told is what there is"


def test_modules_are_short():
    lines = {module: len(path.read_text().splitlines()) for module, path in MODULES.items()}
    limits = {module: LONG_MODULE_LINES if module in LONG_MODULES else MODULE_LINES for module in MODULES}
    assert {module: count for module, count in lines.items() if count > limits[module]} == {}


def test_functions_are_short():
    lines = {
        f"{module}.{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in MODULES
        for node in functions_of(module)
    }
    assert {name: count for name, count in lines.items() if count > FUNCTION_LINES} == {}


def test_modules_say_what_they_are():
    assert [module for module in MODULES if len(ast.get_docstring(tree_of(module)) or "") <= 30] == []


NO_VERBS = {
    *("a", "all", "an", "at", "both", "by", "each", "every", "for", "from", "how", "in", "it", "its", "no", "of", "on"),
    *("one", "some", "that", "the", "this", "what", "whether"),
}


def test_docstrings_of_functions_begin_with_a_verb():
    first = {
        f"{module}.{node.name}": (ast.get_docstring(node) or "Say").split()[0]
        for module in MODULES
        for node in functions_of(module)
        if not is_property(node)
    }
    assert {name: word for name, word in first.items() if word.lower() in NO_VERBS} == {}


def is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in function.decorator_list)


def test_no_error_is_swallowed_unseen():
    broad = [
        f"{module} line {node.lineno}"
        for module in MODULES
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    ]
    assert broad == []


def catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {name.id for name in ast.walk(handler.type) if isinstance(name, ast.Name)}
    return bool(names & {"Exception", "BaseException"})


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
