"""Remote sources through the frame: asked by a run, remembered for a plan, kept out of what is written down."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pyarrow.parquet as pq
import pytest
import yaml
from loopback import Fault, Loopback, Time

from flows.run.engine import is_transient
from flows.run.plan import Selection, file_digests, make_plan
from flows.run.prepare import StoreInputs, prepare
from flows.run.record import RunRecord
from flows.run.stage import run_node
from flows.settings import load_settings
from flows.store.store import Store
from tasks.errors import StageError, TransientError
from tasks.io import remote_file
from tasks.nodes import NODES

LIST = "crawl-data/CC-MAIN-2024-22/wet.paths.gz"
PATHS = [f"crawl-data/CC-MAIN-2024-22/segments/1/wet/{n}.warc.wet.gz" for n in range(4)]


def wet(n: int) -> bytes:
    """A file with 20 pages of text."""
    parts = []
    for page in range(20):
        text = f"Page {page} of file {n}.\n".encode() * 200
        head = (
            f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:{n}-{page}>\r\n"
            f"WARC-Target-URI: http://example.com/{n}/{page}\r\nContent-Type: text/plain\r\n"
            f"Content-Length: {len(text)}\r\n\r\n"
        )
        parts.append(gzip.compress(head.encode() + text + b"\r\n\r\n", mtime=0))
    return b"".join(parts)


FILES = {LIST: gzip.compress("\n".join(PATHS).encode(), mtime=0)} | {
    path: wet(n) for n, path in enumerate(PATHS)
}


@pytest.fixture(autouse=True)
def only_ingest(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(remote_file, "PATIENCE", Time().patience(tries=3))
    with mock.patch.dict(NODES, {"ingest": "tasks.ingest.node"}, clear=True):
        yield


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback(dict(FILES)) as running:
        yield running


def write(root: Path, base: str, **keys: object) -> Path:
    source = {
        "kind": "common_crawl",
        "name": "cc",
        "crawl": "CC-MAIN-2024-22",
        "format": "wet",
        "base_url": base,
    }
    file = root / "pipeline.yaml"
    file.write_text(yaml.safe_dump({"store": "store", "ingest": {"sources": [{**source, **keys}]}}))
    return file


def run(file: Path) -> tuple[dict, int]:
    """Runs ingest in this process: its manifest, and how many shards did work."""
    settings = load_settings(file)
    store, worked = Store(settings.store), []

    def mapper(function, jobs):
        worked.extend(job for job in jobs if function.__name__ == "run_shard")
        return [function(*job) for job in jobs]

    store.prepare()
    with store.workspace("test") as work:
        inputs = StoreInputs(store, settings.root, file_digests(store), {}, online=True)
        prepared = prepare("ingest", settings.configs["ingest"], inputs, {})
        manifest, _ = run_node(prepared, store, work, mapper)
    return manifest, len(worked)


def planned(file: Path) -> tuple[str, str, int | None]:
    [step] = make_plan(load_settings(file), Selection())
    return step.action, step.reason, step.shards_reused


def outputs(manifest: dict) -> dict[str, str]:
    return {name: output["digest"] for name, output in manifest["outputs"].items()}


def test_a_crawl_whose_server_dies_half_way_comes_out_as_from_a_local_folder(tmp_path: Path) -> None:
    for path, data in FILES.items():
        (tmp_path / "local/mirror" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "local/mirror" / path).write_bytes(data)
    local, worked = run(write(tmp_path / "local", "mirror"))
    assert worked == 4
    assert local["metrics"]["documents_out"] == 80
    with Loopback(dict(FILES)) as server:
        file = write(tmp_path, server.url(""))
        # Five questions (the list and four files), the list, two files; the third ends in its midst.
        server.faults = [None] * 8 + [Fault(cut=700, before=server.stop)]
        with pytest.raises(TransientError, match=r"segments/1/wet/2\.warc\.wet\.gz can't be had now"):
            run(file)
    with Loopback(dict(FILES)) as server:
        manifest, worked = run(write(tmp_path, server.url("")))
        assert outputs(manifest) == outputs(local)
        assert sum(shard["reused"] for shard in manifest["shards"]) == 2
        assert len(server.ranges) == 3  # the list and the two files that were left


def test_a_plan_uses_no_network_and_says_what_it_does_not_know(server: Loopback, tmp_path: Path) -> None:
    file = write(tmp_path, server.url("", user="me:secret@"), files=2)
    action, reason, _ = planned(file)
    assert action == "run"
    assert reason == f"{server.url(LIST)}: unknown until the run, a plan uses no network"
    assert server.requests == []
    run(file)
    asked = len(server.requests)
    action, reason, _ = planned(file)
    assert action == "reuse"
    assert "its remote files as they were on 20" in reason
    action, reason, reused = planned(write(tmp_path, server.url(""), files=4))
    assert (action, reused) == ("run", 2)
    assert "and 1 more: unknown until the run, a plan uses no network" in reason
    assert len(server.requests) == asked


def test_a_run_asks_again_and_reads_only_what_has_changed(server: Loopback, tmp_path: Path) -> None:
    file = write(tmp_path, server.url(""))
    first, _ = run(file)
    again, worked = run(file)
    assert (again["fingerprint"], worked) == (first["fingerprint"], 0)
    server.files[PATHS[1]] = wet(9)
    changed, worked = run(file)
    assert worked == 1
    assert changed["fingerprint"] != first["fingerprint"]


def test_the_same_version_from_another_place_is_reused(server: Loopback, tmp_path: Path) -> None:
    first, _ = run(write(tmp_path, server.url("")))
    with Loopback(dict(FILES)) as mirror:
        manifest, worked = run(write(tmp_path, mirror.url("")))
        assert (manifest["fingerprint"], worked) == (first["fingerprint"], 0)
        assert mirror.ranges == ["bytes=0-"]  # the list


def test_a_missing_file_is_a_loss_and_the_rest_is_read(server: Loopback, tmp_path: Path) -> None:
    del server.files[PATHS[2]]
    manifest, _ = run(write(tmp_path, server.url("")))
    assert manifest["metrics"]["documents_out"] == 60
    assert manifest["metrics"]["dropped"] == {"http-404": {"documents": 1, "bytes": 0}}
    folder = Store(tmp_path / "store").artifact("ingest", manifest["fingerprint"])
    files = [row for path in sorted(folder.glob("files/*")) for row in pq.read_table(path).to_pylist()]
    assert [(row["file"], row["lost"]) for row in files] == [(path, int(path == PATHS[2])) for path in PATHS]
    server.files[PATHS[2]] = FILES[PATHS[2]]
    manifest, worked = run(write(tmp_path, server.url("")))
    assert worked == 1
    assert manifest["metrics"]["documents_out"] == 80


def test_a_file_that_changes_while_it_is_read_leaves_nothing(server: Loopback, tmp_path: Path) -> None:
    def change() -> None:
        server.files[PATHS[0]] = wet(9)

    server.faults = [None] * 6 + [Fault(cut=700), Fault(before=change)]
    with pytest.raises(
        StageError, match=r"0\.warc\.wet\.gz has changed since this run asked for it. Run again"
    ):
        run(write(tmp_path, server.url("")))
    assert not list((tmp_path / "store/.shards").glob("ingest/*/shard.json"))
    manifest, worked = run(write(tmp_path, server.url("")))
    assert worked == 4
    assert manifest["metrics"]["documents_out"] == 80


def test_a_server_without_an_answer_fails_the_run_by_name(server: Loopback, tmp_path: Path) -> None:
    server.faults = [None] * 3 + [Fault(503)] * 99
    with pytest.raises(TransientError, match="the server says 503") as raised:
        run(write(tmp_path, server.url("")))
    assert is_transient(raised.value)
    assert not is_transient(StageError("x"))


def test_no_secret_is_written_down(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = server.url("", user="me:hunter2@") + "?token=hunter2"
    monkeypatch.setattr("sys.argv", ["smelt", "run", "--set", f"ingest.sources.0.base_url={base}"])
    file = write(tmp_path, base)
    manifest, _ = run(file)
    settings = load_settings(file)
    RunRecord(Store(settings.store), "run", settings, make_plan(settings, Selection()), ["smelt", base])
    assert manifest["metrics"]["documents_out"] == 80
    assert all(fields["authorization"] for _, fields in server.requests)
    written = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert [path for path in written if b"hunter2" in path.read_bytes()] == []
    assert json.loads((tmp_path / "store/.runs/run/run.json").read_text())["argv"] == [
        "smelt",
        server.url(""),
    ]


def test_plain_kinds_read_addresses_too(server: Loopback, tmp_path: Path) -> None:
    server.files["rows.jsonl"] = b'{"text": "one"}\n{"text": "two"}\n'
    file = tmp_path / "pipeline.yaml"
    source = {"kind": "jsonl", "name": "rows", "paths": [server.url("rows.jsonl")]}
    file.write_text(yaml.safe_dump({"store": "store", "ingest": {"sources": [source]}}))
    assert "rows.jsonl: unknown until the run" in planned(file)[1]
    manifest, _ = run(file)
    assert manifest["metrics"]["documents_out"] == 2
    assert planned(file)[0] == "reuse"
