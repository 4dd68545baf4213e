"""The house's rules: imports point one way and in no circle, and what does the work is reached through its room's face.

Imports inside functions and under TYPE_CHECKING count. A name that a face hands on stands for the file that it is from.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tasks.nodes import NODES, stages

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("flows", "tasks", "model")  # from the top down
STAGES = set(stages())
Graph = dict[str, set[str]]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {dotted(path): path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))}
PACKAGES = {name for name, path in FILES.items() if path.name == "__init__.py"}
# A stage's top level is open: nodes, config, registries. Every other package is a room with a face.
ROOMS = PACKAGES - {"flows", "tasks"} - {f"tasks.{stage}" for stage in STAGES}


@cache
def imports(module: str) -> list[tuple[str, str | None, int]]:
    """(module, name in it or None for the module itself, line) of everything of the project's that a file imports."""
    found: list[tuple[str, str | None, int]] = []
    for node in ast.walk(ast.parse(FILES[module].read_bytes())):
        if isinstance(node, ast.Import):
            found += [(name.name, None, node.lineno) for name in node.names if name.name in FILES]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                whole = f"{node.module}.{name.name}"
                if whole in FILES:
                    found.append((whole, None, node.lineno))
                elif node.module in FILES:
                    found.append((node.module, name.name, node.lineno))
    return found


def home(module: str, name: str | None) -> str:
    """The file that an imported name is from, through however many faces."""
    while name and module in PACKAGES:
        handed = {item: (target, item) for target, item, _ in imports(module) if item}
        modules = {
            target.rpartition(".")[2]: (target, None) for target, item, _ in imports(module) if not item
        }
        if name not in handed | modules:
            return module
        module, name = (handed | modules)[name]
    return module


def inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def files() -> Graph:
    """File -> the files that it imports."""
    return {
        module: {home(target, name) for target, name, _ in imports(module)} - {module}
        for module in FILES
        if module not in PACKAGES
    }


def between(packages: Iterable[str]) -> Graph:
    """Package -> the packages of a list that files in it import from."""
    packages = set(packages)
    graph: Graph = {package: set() for package in packages}
    for module, targets in files().items():
        for package in packages:
            if inside(module, package):
                graph[package] |= {other for target in targets for other in packages if inside(target, other)}
    return {package: others - {package} for package, others in graph.items()}


def circles(graph: Graph) -> list[list[str]]:
    """Every set of nodes that reach each other."""
    reach = {node: set(_reached(graph, node)) for node in graph}
    found = {
        frozenset(other for other in reach[node] if node in reach[other])
        for node in graph
        if node in reach[node]
    }
    return sorted(sorted(circle) for circle in found)


def _reached(graph: Graph, start: str) -> Iterator[str]:
    seen: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        node = ahead.pop()
        if node not in seen:
            seen.add(node)
            yield node
            ahead += graph.get(node, ())


def test_files_import_each_other_in_no_circle():
    assert circles(files()) == []


@pytest.mark.parametrize("folder", sorted(PACKAGES))
def test_the_packages_of_a_folder_import_each_other_in_no_circle(folder):
    children = {name for name in FILES if name.rpartition(".")[0] == folder}
    assert circles(between(children)) == []


def test_imports_run_down_from_flows_to_tasks_to_model():
    climbing = [
        f"{module}:{line} imports {target}"
        for module in FILES
        for target, _, line in imports(module)
        if FLOORS.index(target.partition(".")[0]) < FLOORS.index(module.partition(".")[0])
    ]
    assert climbing == []


def test_flows_names_no_stage():
    """What a stage is called stands in tasks/nodes.py and in the pipeline file; comments and docstrings may say it."""
    name = re.compile(rf"\b(?:{'|'.join(sorted(NODES, key=len, reverse=True))})\b")
    found = []
    for module in (module for module in FILES if inside(module, "flows")):
        tree = ast.parse(FILES[module].read_bytes())
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                found += [f"{module}:{node.lineno} says {word}" for word in name.findall(node.value)]
        found += [
            f"{module}:{line} imports {target}"
            for target, _, line in imports(module)
            if any(inside(target, f"tasks.{stage}") for stage in STAGES)
        ]
    assert found == []


def test_what_is_in_a_room_is_had_through_its_face():
    def handed_on(face: str) -> set[str]:
        return {name or target.rpartition(".")[2] for target, name, _ in imports(face)}

    past = []
    for module in FILES:
        for target, name, line in imports(module):
            rooms = [room for room in ROOMS if inside(target, room) and not inside(module, room)]
            if not rooms:
                continue
            face = min(rooms, key=len)
            through = target == face or (name is None and target.rpartition(".")[2] in handed_on(face))
            if not through:
                past.append(f"{module}:{line} imports {target}, past {face}")
    assert past == []


def test_a_face_hands_on_what_is_there_and_hides_no_module_by_a_name():
    for face in sorted(PACKAGES):
        modules = {name.removeprefix(f"{face}.") for name in FILES if name.rpartition(".")[0] == face}
        hidden = {name for target, name, _ in imports(face) if name and inside(target, face)} & modules
        assert hidden == set(), face


def test_references_and_training_are_not_on_the_shipped_path():
    def beside(module: str) -> bool:
        return any(part.startswith("reference") or part == "training" for part in module.split("."))

    found = [
        f"{module} imports {target}"
        for module, targets in files().items()
        for target in targets
        if beside(target) and not beside(module)
    ]
    assert found == []


def test_what_compiled_code_reads_names_the_folder_that_it_is_kept_in():
    from tasks import kernels

    covered = {name.removesuffix(".py") for name, _ in kernels._sources(ROOT / "tasks")}
    makers = {name: {item for target, item, _ in imports(name) if target == "tasks.jit"} for name in FILES}
    outside = []
    for module, found in makers.items():
        handed = {name: home(target, name) for target, name, _ in imports(module) if name}
        handed |= {target.rpartition(".")[2]: target for target, name, _ in imports(module) if not name}
        for function in ast.parse(FILES[module].read_bytes()).body:
            if isinstance(function, ast.FunctionDef) and _decorators(function) & (
                found | {"inner", "adding"}
            ):
                read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)} & (
                    set(handed) - found
                )
                outside += [(module, name) for name in read if handed[name] not in covered]
    assert outside == []


def _decorators(function: ast.FunctionDef) -> set[str]:
    return {node.id for node in function.decorator_list if isinstance(node, ast.Name)}


def test_a_folder_holds_at_most_a_dozen_files_and_none_of_over_500_lines():
    counts: dict[str, int] = {}
    for module, path in FILES.items():
        if path.name != "__init__.py":
            counts[module.rpartition(".")[0]] = counts.get(module.rpartition(".")[0], 0) + 1
    assert {folder: count for folder, count in counts.items() if count > 14} == {}
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_tests_mirror_the_sources():
    folders = {path.parent for floor in FLOORS for path in (ROOT / "tests" / floor).rglob("test_*.py")}
    assert [
        str(folder) for folder in folders if not (ROOT / folder.relative_to(ROOT / "tests")).is_dir()
    ] == []
