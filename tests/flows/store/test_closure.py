import ast
import shutil
from pathlib import Path

import pytest

from flows.store.closure import CHECKED, ROOT, _imports, closure, source_closure
from tasks.nodes import NODES

SOURCES = [path for floor in ("tasks", "model") for path in sorted((ROOT / floor).rglob("*.py"))]


def files(node: str) -> set[str]:
    path = ROOT / f"{NODES[node].replace('.', '/')}.py"
    return {file.relative_to(ROOT).as_posix() for file in closure(path)}


@pytest.fixture
def project(tmp_path):
    """write(name, text) makes a file of a project; drifts(name, text) says whether changing it changes a node's digest."""
    copies = iter(range(100))

    def write(name: str, text: str, root: Path = tmp_path / "0") -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    def drifts(name: str, text: str) -> bool:
        copy = tmp_path / f"copy{next(copies)}"
        shutil.copytree(tmp_path / "0", copy)
        write(name, text, copy)
        digests = {source_closure(str(root / "tasks/a/node.py"), root) for root in (tmp_path / "0", copy)}
        return len(digests) == 2

    return write, drifts


def test_code_that_two_stages_use_is_drift_for_both():
    for node in ("dedup-signatures", "decontaminate"):
        assert "tasks/text/words.py" in files(node)


def test_references_trainers_and_other_stages_are_no_drift():
    assert not {name for name in files("ingest") if "/reference" in name or "/training/" in name}
    assert not {name for name in files("filter-signals") if "/reference" in name}
    assert {name.split("/")[1] for name in files("dedup-matches") if name.count("/") > 1} == {"dedup", "text"}
    assert "tasks/filter/heuristics/gopher_quality.py" not in files("filter-signals")


def test_data_and_programs_that_a_module_names_belong_to_it():
    assert {"tasks/text/folding.txt", "tasks/benchmarks/tasks/gsm8k.yaml"} <= files("decontaminate")
    assert "tasks/ingest/extract/blocks/weights.json" in files("ingest")
    assert "tasks/pretrain/train.py" in files("pretrain")
    assert {"tasks/evaluate/sandbox/child.py", "model/transformer.py"} <= files("evaluate")


@pytest.mark.parametrize(
    ("line", "drift"),
    [
        ("from tasks.room import one", True),
        ("from tasks.room import other", False),
        ("def f():\n    from tasks.room import (\n        one,\n    )", True),
        ("import tasks.room.one_home", True),
        ("if TYPE_CHECKING:\n    from tasks.room import one", False),
        ("if TYPE_CHECKING:\n    from tasks.room import other\nfrom tasks.room import one", True),
        ('COMMAND = ["-m", "tasks.room.one_home"]', True),
    ],
)
def test_a_name_of_a_face_is_its_home_and_nothing_else(project, line, drift):
    write, drifts = project
    listed = "    from tasks.room.one_home import one\n    from tasks.room.other_home import other\n"
    write("tasks/room/__init__.py", f"if TYPE_CHECKING:\n{listed}")
    write("tasks/room/one_home.py", "one = 1")
    write("tasks/room/other_home.py", "other = 1")
    write("tasks/a/node.py", f"{line}\n")
    assert drifts("tasks/room/one_home.py", "one = 2") == drift
    assert drifts("tasks/a/node.py", "changed = 1\n")
    assert not drifts("tasks/a/trainer.py", "more = 1\n")


def test_every_import_is_found_as_the_parser_finds_it():
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        found = list(_imports(CHECKED.sub("", text)))
        assert sorted(found, key=str) == sorted(parsed(ast.parse(text)), key=str), path


def parsed(tree: ast.AST) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            found += [(name.name, None) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level
            found += [(str(node.module), name.name) for name in node.names]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found += [item for other in node.orelse for item in parsed(other)]
        else:
            found += parsed(node)
    return [item for item in found if item[0].split(".")[0] in ("tasks", "model")]
