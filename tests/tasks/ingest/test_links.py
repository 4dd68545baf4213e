"""Trees from elsewhere: links out of them, in circles, to devices; pipes; what is put in a file's place after the plan."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.document import read_documents
from tasks.errors import ConfigError, StageError
from tasks.ingest import node
from tasks.ingest.kinds import KINDS
from tasks.node import Input

SECRET = "password = 'not-a-real-one'\n"
MIT = "MIT License\n\nPermission is hereby granted, free of charge, ..."


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one file of its own and one link or pipe of every sort; the secret lies beside it."""
    (tmp_path / "secret.py").write_text(SECRET)
    (tmp_path / "private").mkdir()
    (tmp_path / "private/key.py").write_text(SECRET)
    (tmp_path / "MIT").write_text(MIT)
    (tmp_path / "attributes").write_text("*.py linguist-generated\n")
    src = tmp_path / "repo/src"
    src.mkdir(parents=True)
    (src / "a.py").write_text("x = 1\n")
    for name, target in {
        "out.py": "../../secret.py",
        "folder.d": "../../private",
        "circle": "..",
        "again.py": "a.py",
        "gone.py": "nowhere.py",
        "loop.py": "loop.py",
        "zero.py": "/dev/zero",
        "LICENSE": "../../MIT",
        ".gitattributes": "../../attributes",
        "picture.png": "a.py",  # no code by its name: not met, like any other picture
        ".hidden.py": "a.py",
    }.items():
        (src / name).symlink_to(target)
    os.mkfifo(src / "pipe.py")
    return tmp_path / "repo"


LINKS = {
    "out.py",
    "folder.d",
    "circle",
    "again.py",
    "gone.py",
    "loop.py",
    "zero.py",
    "LICENSE",
    ".gitattributes",
}


def partition(inputs, *paths: str, kind: str = "code") -> list:
    return node.partition(
        node.Config.model_validate({"sources": [{"kind": kind, "name": "s", "paths": list(paths)}]}), inputs
    )


def digests(inputs, *paths: str, kind: str = "code") -> dict[str, str]:
    return {
        file.name: file.digest
        for shard in partition(inputs, *paths, kind=kind)
        for file in shard.inputs["files"]
    }


def refusals(inputs, *paths: str, kind: str = "code") -> dict[str, str]:
    return {name: digest for name, digest in digests(inputs, *paths, kind=kind).items() if len(digest) < 64}


def test_links_and_pipes_of_a_tree_are_losses_and_the_ledger_adds_up(
    tree: Path, inputs, tmp_path: Path
) -> None:
    [shard] = partition(inputs, "repo")
    assert set(shard.inputs) == {"files"}  # a linked LICENSE says nothing about others
    (tmp_path / "out").mkdir()
    metrics = node.process(shard, tmp_path / "out").metrics
    [document] = read_documents([tmp_path / "out/documents.parquet"])
    assert (document.text, document.metadata.get("licence")) == ("x = 1\n", None)
    files = {
        row["file"]: json.loads(row["reasons"])
        for row in pq.read_table(tmp_path / "out/files.parquet").to_pylist()
    }
    assert files == {
        "repo/src/a.py": {},
        "repo/src/pipe.py": {"not-a-file": 1},
        **{f"repo/src/{name}": {"link": 1} for name in LINKS},
    }
    ledger = pq.read_table(tmp_path / "out/ledger.parquet").to_pylist()
    assert len({row["id"] for row in ledger}) == len(ledger) == metrics["documents_in"] == 2 + len(LINKS)
    assert metrics["bytes_read"] == len("x = 1\n")


def test_nothing_of_what_is_refused_is_hashed(tree: Path, inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(inputs, "file", lambda path, name: hashed.append(name) or Input(name, str(path), "d"))
    partition(inputs, "repo")
    assert hashed == ["repo/src/a.py"]


def test_a_plan_of_the_command_ends(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("ingest:\n  sources: [{kind: code, name: s, paths: [repo]}]\n")
    command = [sys.executable, "-m", "flows.cli", "plan", "-f", "p.yaml"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(node.__file__).parents[2])},
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_glob_follows_links_to_data_but_none_in_code(tree: Path, inputs, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk/b.txt").write_text("A book.\n")
    (tmp_path / "disk/inner.txt").symlink_to("b.txt")
    (tmp_path / "books").mkdir()
    (tmp_path / "books/linked.txt").symlink_to("../disk/b.txt")
    (tmp_path / "books/folder").symlink_to("../disk")
    (tmp_path / "books/zero.txt").symlink_to("/dev/zero")
    assert refusals(inputs, "books/*", kind="books") == {"folder/inner.txt": "link", "zero.txt": "not-a-file"}
    assert set(digests(inputs, "books/l*", kind="books")) == {"linked.txt"}
    assert refusals(inputs, "books", kind="books") == {
        "folder": "link",
        "linked.txt": "link",
        "zero.txt": "link",
    }
    assert refusals(inputs, "repo/s*/*.py") == {
        f"src/{name}": "not-a-file" if name == "pipe.py" else "link"
        for name in {*LINKS, "pipe.py", ".hidden.py"}
        if name.endswith(".py")
    }
    [shard] = partition(inputs, "repo/*/circle/*/*.py", "repo/src/a.py")
    assert {file.name: file.digest for file in shard.inputs["files"] if file.name != "a.py"} == {
        "src/circle": "link"
    }
    assert shard.runtime["repeated_files"] == 0


def test_what_paths_name_may_be_a_link_but_must_be_a_file(tree: Path, inputs, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to("repo")
    assert {name.partition("/")[0] for name in digests(inputs, "alias")} == {"repo"}
    assert refusals(inputs, "alias") == refusals(inputs, "repo")
    (tmp_path / "one.txt").symlink_to("MIT")
    assert refusals(inputs, "one.txt", kind="books") == {}
    assert refusals(inputs, "repo/src/pipe.py", "/dev/zero", kind="books") == {
        "pipe.py": "not-a-file",
        "zero": "not-a-file",
    }
    with pytest.raises(ConfigError, match="matches no file"):
        partition(inputs, "repo/src/gone.py")


def test_a_file_met_through_a_link_too_counts_as_met_again(inputs, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A book.\n")
    (tmp_path / "b.txt").symlink_to("a.txt")
    [shard] = partition(inputs, "*.txt", kind="books")
    assert [file.name for file in shard.inputs["files"]] == ["a.txt"]
    assert shard.runtime["repeated_files"] == 1


@pytest.mark.parametrize("put", ["link", "folder", "pipe"])
def test_what_is_put_in_a_file_s_place_after_the_plan_is_not_read(put: str, inputs, tmp_path: Path) -> None:
    (tmp_path / "repo/src").mkdir(parents=True)
    (tmp_path / "repo/src/a.py").write_text("x = 1\n")
    (tmp_path / "private").mkdir()
    (tmp_path / "private/a.py").write_text(SECRET)
    [shard] = partition(inputs, "repo")
    shutil.rmtree(tmp_path / "repo/src") if put == "folder" else (tmp_path / "repo/src/a.py").unlink()
    if put == "link":
        (tmp_path / "repo/src/a.py").symlink_to(tmp_path / "private/a.py")
    elif put == "folder":
        (tmp_path / "repo/src").symlink_to(tmp_path / "private")
    else:
        os.mkfifo(tmp_path / "repo/src/a.py")
    with pytest.raises(StageError, match=r"a\.py could be read a moment ago"):
        node.process(shard, tmp_path)


@pytest.mark.parametrize("name", ["LICENSE", ".gitattributes"])
def test_a_licence_that_becomes_a_link_stops_the_shard(name: str, inputs, tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/a.py").write_text("x = 1\n")
    (tmp_path / "repo" / name).write_text("nothing")
    (tmp_path / "MIT").write_text(MIT)
    [shard] = partition(inputs, "repo")
    (tmp_path / "repo" / name).unlink()
    (tmp_path / "repo" / name).symlink_to("../MIT")
    with pytest.raises(StageError, match=f"{name} could be read a moment ago"):
        node.process(shard, tmp_path)


@pytest.mark.parametrize("kind", ["warc", "books", "jsonl", "csv", "parquet", "code"])
def test_no_reader_opens_a_link_or_waits_for_a_pipe(kind, page: Callable[..., bytes], tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "parquet")
    for name, data in {
        "warc": page("x"),
        "books": b"x",
        "jsonl": b'{"text": "x"}',
        "csv": b"text\nx\n",
        "code": b"x\n",
    }.items():
        (tmp_path / name).write_bytes(data)
    module = KINDS[kind]
    (tmp_path / "link.py").symlink_to(kind)
    os.mkfifo(tmp_path / "pipe.py")
    source = module.Source(name="s", paths=["."])

    def reasons(name: str) -> list[str | None]:
        items = module.read(source, Input("r/a.py", str(tmp_path / name), "d"), {})
        return [getattr(item, "reason", None) for item in items]

    assert reasons(kind) == [None]
    assert reasons("link.py") == reasons("pipe.py") == ["unreadable"]
