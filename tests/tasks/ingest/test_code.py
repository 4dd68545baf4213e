from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.document import Document, Loss
from tasks.ingest.code import Source, read
from tasks.node import Input

SOURCE = "def add(a, b):\n    return a + b\n"


def code(folder: Path, name: str, data: bytes, sides=None, **keys) -> Document | Loss:
    path = folder / name.replace("/", "_")
    path.write_bytes(data)
    [item] = read(Source(name="c", paths=["."], **keys), Input(name, str(path), "d"), sides or {})
    return item


def test_a_source_file_is_a_document_with_repository_path_and_group(tmp_path: Path) -> None:
    item = code(tmp_path, "repo/json/decoder.py", SOURCE.encode())
    assert (item.text, item.kind) == (SOURCE, "code")
    assert item.metadata == {"group": "repo/json", "repository": "repo", "path": "json/decoder.py"}
    assert code(tmp_path, "repo/json.py", SOURCE.encode()).metadata["group"] == "repo/json"


def test_the_group_is_the_joined_captured_groups_and_may_have_an_alias(tmp_path: Path) -> None:
    keys = {"group": r"^repo/(?:_py_?|_*)(\w+)", "group_aliases": {"ntpath": "os"}}
    for name, group in [
        ("_pydecimal", "decimal"),
        ("_decimal", "decimal"),
        ("pydoc", "pydoc"),
        ("ntpath", "os"),
    ]:
        assert code(tmp_path, f"repo/{name}.py", SOURCE.encode(), **keys).metadata["group"] == group


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("repo/node_modules/x/a.py", SOURCE.encode(), "vendored"),
        ("repo/a_pb2.py", SOURCE.encode(), "generated"),
        ("repo/a.py", b"# @generated\nx = 1\n", "generated"),
        (
            "repo/a.py",
            b'""" Codec generated from \'MAPPINGS/A.TXT\' with gencodec.py."""\nx = 1\n',
            "generated",
        ),
        ("repo/a.js", b"x=1;" * 5000, "minified"),
        ("repo/a.py", b"x\0y", "binary"),
        ("repo/a.py", b" \n", "empty"),
        ("repo/a.py", b"x = 1\n" * 1000, "too-large"),
    ],
)
def test_what_is_left_out_has_its_reason(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    limit = 5000 if reason == "too-large" else 1 << 20
    assert code(tmp_path, name, data, max_bytes=limit).reason == reason


def test_the_licence_file_names_the_licence_and_can_decide(tmp_path: Path) -> None:
    licence = tmp_path / "LICENSE"
    licence.write_text("MIT License\n\nPermission is hereby granted, free of charge, ...")
    sides = {"licences": [Input("repo/LICENSE", str(licence), "x")]}
    assert code(tmp_path, "repo/a.py", SOURCE.encode(), sides).metadata["licence"] == "MIT"
    assert code(tmp_path, "repo/a.py", SOURCE.encode(), sides, licences=["Apache-2.0"]).reason == "licence"
    assert isinstance(code(tmp_path, "other/a.py", SOURCE.encode(), sides, licences=["", "MIT"]), Document)


def test_other_extensions_and_inner_licences_are_not_taken() -> None:
    source = Source(name="c", paths=["."], extensions=[".py"])
    taken: Callable[[str], bool] = source.accepts
    assert [taken(name) for name in ("r/a.py", "r/a.txt", "r/LICENSE.txt", "r/COPYING", "r/x/LICENSE")] == [
        True, False, True, True, False,
    ]  # fmt: skip
