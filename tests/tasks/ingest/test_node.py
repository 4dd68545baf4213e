from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from growth import assert_linear
from pydantic import ValidationError

from flows.run.prepare import prepare, shard_fingerprint
from tasks.document import DOCUMENTS, read_documents
from tasks.errors import ConfigError, StageError
from tasks.ingest import node
from tasks.ingest.extract import ENGINES
from tasks.node import Input, Metrics, Shard, ShardResult


def config(*sources: dict, **keys) -> node.Config:
    return node.Config.model_validate({"sources": list(sources), **keys})


def run(shards: list[Shard], out: Path) -> tuple[Metrics, list[Path]]:
    results, folders = [], []
    for shard in shards:
        folders.append(out / shard.key)
        folders[-1].mkdir(parents=True)
        results.append(node.process(shard, folders[-1]))
    return node.finish(shards, results, out), folders


def rows(folders: list[Path], name: str) -> list[dict]:
    return [row for folder in folders for row in pq.read_table(folder / f"{name}.parquet").to_pylist()]


@pytest.fixture
def corpus(tmp_path: Path, page: Callable[..., bytes]) -> Path:
    """A crawl with a bad record, two books, a repository, JSON lines: 9 records, 6 of them documents."""
    root = tmp_path / "in"
    for folder in ("web", "books", "repo"):
        (root / folder).mkdir(parents=True)
    (root / "web/a.warc").write_bytes(page("one", 1) + page("two", 2, length=3) + page("three", 3))
    (root / "books/b.txt").write_text("A book.\n")
    (root / "books/empty.txt").write_text("")
    (root / "repo/m.py").write_text("x = 1\n")
    (root / "repo/LICENSE").write_text("MIT License")
    (root / "rows.jsonl").write_text(
        '{"text": "a", "id": "1"}\n{"text": "b", "id": "1"}\n{"text": "c", "id": "2"}\n'
    )
    return root


SOURCES = (
    {"kind": "warc", "name": "web", "paths": ["in/web"]},
    {"kind": "books", "name": "books", "paths": ["in/books"]},
    {"kind": "code", "name": "code", "paths": ["in/repo"]},
    {"kind": "jsonl", "name": "rows", "paths": ["in/rows.jsonl"]},
)


def test_every_record_is_in_the_ledger_and_every_kept_one_in_the_documents(
    corpus: Path, inputs, tmp_path: Path
) -> None:
    shards = node.partition(config(*SOURCES), inputs)
    assert [shard.key for shard in shards] == ["web-00000", "books-00000", "code-00000", "rows-00000"]
    metrics, folders = run(shards, tmp_path / "out")
    ledger = rows(folders, "ledger")
    kept = {row["id"] for row in ledger if row["verdict"] == "kept"}
    documents = list(read_documents([folder / "documents.parquet" for folder in folders]))
    assert kept == {document.id for document in documents}
    assert len({row["id"] for row in ledger}) == len(ledger) == 9
    assert sorted(row["rule"] for row in ledger if row["rule"]) == [
        "empty-file",
        "repeated-id",
        "wrong-length",
    ]
    assert [document.text for document in documents] == ["one", "three", "A book.", "x = 1\n", "a", "c"]
    assert documents[3].metadata["licence"] == "MIT"
    assert metrics["documents_in"] == 9
    assert metrics["documents_out"] == 6
    assert metrics["sources"]["web"]["dropped"]["wrong-length"]["documents"] == 1
    assert pq.read_schema(folders[0] / "documents.parquet").equals(DOCUMENTS)


def test_the_table_of_files_adds_up(corpus: Path, inputs, tmp_path: Path) -> None:
    _, folders = run(node.partition(config(*SOURCES), inputs), tmp_path / "out")
    files = {row["file"]: row for row in rows(folders, "files")}
    assert set(files) == {
        "a.warc",
        "b.txt",
        "empty.txt",
        "repo/m.py",
        "rows.jsonl",
    }
    for row in files.values():
        assert row["records"] == row["documents"] + row["lost"]
        assert sum(json.loads(row["reasons"]).values()) == row["lost"]
    assert json.loads(files["a.warc"]["reasons"]) == {"wrong-length": 1}


def test_a_record_met_twice_is_a_document_once(page: Callable[..., bytes], inputs, tmp_path: Path) -> None:
    (tmp_path / "a.warc").write_bytes(page("one", 1) * 3)
    metrics, folders = run(
        node.partition(config({**SOURCES[0], "paths": ["a.warc"]}), inputs), tmp_path / "out"
    )
    assert (metrics["documents_in"], metrics["documents_out"]) == (3, 1)
    assert len({row["id"] for row in rows(folders, "ledger")}) == 3


def test_wrong_digests_are_counted_per_file_and_in_all(
    page: Callable[..., bytes], inputs, tmp_path: Path
) -> None:
    wrong = b"WARC-Block-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\nContent-Length"
    (tmp_path / "a.warc").write_bytes(page("one", 1) + page("two", 2).replace(b"Content-Length", wrong, 1))
    metrics, folders = run(
        node.partition(config({**SOURCES[0], "paths": ["a.warc"]}), inputs), tmp_path / "out"
    )
    assert [row["digest_mismatches"] for row in rows(folders, "files")] == [1]
    assert (metrics["documents_out"], metrics["digest_mismatches"]) == (2, 1)


def test_a_shard_carries_its_own_source_only_and_no_path_as_identity(corpus: Path, inputs) -> None:
    shards = node.partition(config(*SOURCES), inputs)
    other = node.partition(config({**SOURCES[0], "paths": ["in/web/*.warc"]}), inputs)
    assert shards[0].config == other[0].config
    assert "paths" not in shards[0].config
    assert [file.name for file in shards[0].inputs["files"]] == [
        file.name for file in other[0].inputs["files"]
    ]


def test_the_same_input_gives_the_same_bytes(corpus: Path, inputs, tmp_path: Path) -> None:
    shards = node.partition(config(*SOURCES), inputs)
    _, first = run(shards, tmp_path / "one")
    _, second = run(shards, tmp_path / "two")
    for one, two in zip(first, second, strict=True):
        for name in ("documents", "ledger", "files"):
            assert (one / f"{name}.parquet").read_bytes() == (two / f"{name}.parquet").read_bytes()


def test_a_shard_of_code_depends_on_licences_and_attributes_above_its_files_only(
    tmp_path: Path, inputs
) -> None:
    files = ("a/x.py", "b/y.py", "b/c/z.py", ".hidden", ".git/.gitattributes")
    sides = ("LICENSE", "b/COPYING", "b/.gitattributes")
    for name in [f"repo/{name}" for name in files + sides]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n" * 20)
    shards = node.partition(config({"kind": "code", "name": "c", "paths": ["repo"]}, shard_bytes=50), inputs)
    found = {
        shard.inputs["files"][0].name: [side.name for side in shard.inputs["licences"]] for shard in shards
    }
    attributes = {
        shard.inputs["files"][0].name: [side.name for side in shard.inputs.get("attributes", ())]
        for shard in shards
    }
    assert attributes == {
        "repo/a/x.py": [],
        "repo/b/c/z.py": ["repo/b/.gitattributes"],
        "repo/b/y.py": ["repo/b/.gitattributes"],
    }
    assert found == {
        "repo/a/x.py": ["repo/LICENSE"],
        "repo/b/c/z.py": ["repo/LICENSE", "repo/b/COPYING"],
        "repo/b/y.py": ["repo/LICENSE", "repo/b/COPYING"],
    }


def test_overlapping_paths_give_a_file_once(corpus: Path, inputs, tmp_path: Path) -> None:
    source = {"kind": "books", "name": "b", "paths": ["in/books", "in/books/*.txt", "in/books/b.txt"]}
    shards = node.partition(config(source), inputs)
    assert [file.name for file in shards[0].inputs["files"]] == ["b.txt", "empty.txt"]
    metrics, _ = run(shards, tmp_path / "out")
    assert metrics["repeated_files"] == 3


def test_small_files_of_records_share_a_shard_and_large_ones_do_not(tmp_path: Path, inputs) -> None:
    sizes = {"a": 10, "b": 999, "c": 1000, "d": 20, "e": 5000}
    for name, size in sizes.items():
        (tmp_path / f"{name}.jsonl").write_bytes(b"x" * size)
    source = {"kind": "jsonl", "name": "rows", "paths": ["*.jsonl"]}
    shards = node.partition(config(source, shard_bytes=16_000_000), inputs)
    assert [shard_files(shard) for shard in shards] == [["a", "b", "c", "d", "e"]]
    shards = node.partition(config(source, shard_bytes=16_000), inputs)
    assert ["c"] in map(shard_files, shards)
    assert ["e"] in map(shard_files, shards)


def shard_files(shard: Shard) -> list[str]:
    return [file.name.removesuffix(".jsonl") for file in shard.inputs["files"]]


def test_a_shard_is_known_by_the_reader_of_its_own_kind(
    corpus: Path, inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change beside the sources whose shards it makes again."""
    web = {**SOURCES[0], "name": "web-trafilatura", "engine": "trafilatura"}
    monkeypatch.setattr("flows.run.prepare.package_version", lambda name: installed.get(name, "1"))
    installed: dict[str, str] = {}

    def fingerprints() -> dict[str, str]:
        prepared = prepare("ingest", config(*SOURCES, web), inputs, {})
        return {shard.key[:-6]: shard_fingerprint(prepared, shard) for shard in prepared.shards}

    def changed() -> set[str]:
        return {name for name, fingerprint in fingerprints().items() if fingerprint != before[name]}

    before = fingerprints()
    for package, names in {
        "trafilatura": {"web-trafilatura"},
        "lxml": {"web-trafilatura", "books"},
        "resiliparse": {"web", "web-trafilatura", "books", "code"},
        "pyarrow": set(),
    }.items():
        installed[package] = "2"
        assert changed() == names, package
        del installed[package]
    with monkeypatch.context() as patch:
        patch.setattr("tasks.ingest.tables.jsonl.VERSION", 2)
        assert changed() == {"rows"}
    with monkeypatch.context() as patch:
        patch.setitem(ENGINES, "fast", ENGINES["fast"]._replace(version=2))
        assert changed() == {"web"}
    monkeypatch.setattr(node, "VERSION", node.VERSION + 1)
    assert changed() == set(before)


def test_a_new_file_costs_few_shards(tmp_path: Path, inputs) -> None:
    (tmp_path / "many").mkdir()
    for number in range(400):
        (tmp_path / f"many/{number:03d}.txt").write_bytes(b"x" * 997)
    cfg = config({"kind": "books", "name": "b", "paths": ["many"]}, shard_bytes=10_000)
    before = [tuple(file.name for file in shard.inputs["files"]) for shard in node.partition(cfg, inputs)]
    (tmp_path / "many/200b.txt").write_bytes(b"y" * 997)
    after = [tuple(file.name for file in shard.inputs["files"]) for shard in node.partition(cfg, inputs)]
    assert 20 < len(before) < 90
    assert len(set(after) - set(before)) <= 4


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"kind": "warc", "name": "x", "paths": ["in/nothing/*.warc"]}, "matches no file"),
        ({"kind": "warc", "name": "x", "paths": ["nowhere.warc"]}, "matches no file"),
        ({"kind": "code", "name": "x", "paths": ["in/repo"], "extensions": [".rs"]}, "only licences"),
        ({"kind": "books", "name": "x", "paths": ["in/books/b.txt", "in/other/b.txt"]}, "same name"),
    ],
)
def test_a_source_that_can_not_be_read_is_one_message(
    corpus: Path, inputs, source: dict, message: str
) -> None:
    (corpus / "other").mkdir()
    (corpus / "other/b.txt").write_text("another")
    with pytest.raises(ConfigError, match=message) as raised:
        node.partition(config(source), inputs)
    assert "'x'" in str(raised.value)


def test_no_sources_and_two_of_one_name_are_refused(inputs) -> None:
    with pytest.raises(ConfigError, match="no sources"):
        node.partition(config(), inputs)
    with pytest.raises(ValidationError, match="two sources are named 'web'"):
        config(SOURCES[0], SOURCES[0])


@pytest.mark.parametrize(
    "keys", [{"kind": "nope"}, {"grup": "x"}, {"group": "("}, {"group": "x"}, {"name": "a b"}]
)
def test_mistyped_keys_are_refused(keys: dict) -> None:
    with pytest.raises(ValidationError):
        config({**SOURCES[0], **keys})


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_is_one_message(corpus: Path, inputs) -> None:
    (corpus / "web").chmod(0)
    with pytest.raises(ConfigError, match="can't be read"):
        node.partition(config(SOURCES[0]), inputs)
    (corpus / "web").chmod(0o755)


def test_a_folder_that_fails_to_list_is_one_message(
    corpus: Path, inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: object) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(ConfigError, match="can't be read"):
        node.partition(config(SOURCES[0]), inputs)


def test_an_unreadable_file_is_counted_and_the_rest_is_read(corpus: Path, inputs, tmp_path: Path) -> None:
    (corpus / "books/gone.txt").symlink_to(corpus / "nowhere.txt")
    shards = node.partition(config({**SOURCES[1], "paths": ["in/books/*.txt"]}), inputs)
    assert [file.digest for file in shards[0].inputs["files"]][2] == node.UNREADABLE
    metrics, _ = run(shards, tmp_path / "out")
    assert metrics["dropped"]["unreadable"]["documents"] == 1
    assert metrics["documents_out"] == 1


def test_a_file_that_vanishes_after_the_plan_stops_the_shard(corpus: Path, inputs, tmp_path: Path) -> None:
    [shard] = node.partition(config(SOURCES[1]), inputs)
    (corpus / "books/b.txt").unlink()
    with pytest.raises(StageError, match=r"b\.txt could be read a moment ago"):
        node.process(shard, tmp_path)


def test_no_document_at_all_is_a_failure_with_the_reasons() -> None:
    dropped = {"arc": {"documents": 2, "bytes": 10}, "not-warc": {"documents": 5, "bytes": 10}}
    result = ShardResult({"files": 7, "documents_in": 7, "documents_out": 0, "dropped": dropped})
    with pytest.raises(StageError, match=r"7 files with 7 records gave no document \(not-warc: 5, arc: 2\)"):
        node.finish([Shard("a", {"name": "web"})], [result], Path())


def test_a_source_whose_files_have_not_the_column_is_one_message(
    corpus: Path, inputs, tmp_path: Path
) -> None:
    (corpus / "t.csv").write_text("body,n\nx,1\n")
    sources = {"kind": "csv", "name": "t", "paths": ["in/t.csv"], "columns": {"text": "txt"}}, SOURCES[1]
    with pytest.raises(StageError, match="'t' gave no document: its files have no column 'txt'"):
        run(node.partition(config(*sources), inputs), tmp_path / "out")


def test_planning_takes_time_in_proportion_to_the_files(
    tmp_path: Path, inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def repository(files: int) -> str:
        for number in range(files):
            path = tmp_path / f"of-{files}/p{number // 100}/{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x = 1\n")
        return f"of-{files}"

    def plan(path: str) -> list[Shard]:
        return node.partition(config({"kind": "code", "name": "c", "paths": [path]}), inputs)

    monkeypatch.setattr(inputs, "file", lambda path, name: Input(name, str(path), "d"))
    assert_linear(plan, repository, 2000)
    assert sum(len(shard.inputs["files"]) for shard in plan("of-2000")) == 2000


def test_the_node_imports_nothing_heavy() -> None:
    heavy = "{'pyarrow', 'numpy', 'fastwarc', 'resiliparse'}"
    code = f"import sys, tasks.ingest.node; print(sorted({heavy} & set(sys.modules)))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_a_document_beyond_the_sources_limit_is_a_loss_with_its_size(tmp_path: Path) -> None:
    """Bytes count, not characters."""
    lines = [{"text": text, "id": text} for text in ("abcdef", "abcdefg", "é€", "é€漢", "ab")]
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    shard = Shard(
        "s",
        {"kind": "jsonl", "name": "s", "max_document_bytes": 6},
        {"files": [Input("rows.jsonl", str(tmp_path / "rows.jsonl"), "d")]},
    )
    metrics, folders = run([shard], tmp_path / "out")
    assert [row["text"] for row in rows(folders, "documents")] == ["abcdef", "é€", "ab"]
    assert metrics["dropped"] == {"too-large": {"documents": 2, "bytes": 7 + 8}}
    assert (metrics["documents_in"], metrics["documents_out"]) == (5, 3)
    with pytest.raises(ValidationError, match="max_document_bytes"):
        config({"kind": "jsonl", "name": "s", "paths": ["x"], "max_document_bytes": 1 << 30})
