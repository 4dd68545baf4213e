from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.document import read_documents
from tasks.errors import ConfigError, StageError
from tasks.ingest import node
from tasks.ingest.warc import common_crawl
from tasks.ingest.warc.common_crawl import read_paths, sample

CRAWL = "crawl-data/CC-MAIN-2024-22"
PATHS = [f"{CRAWL}/segments/17159/warc/CC-MAIN-{n:05d}.warc.gz" for n in range(200)]


def config(**keys: object) -> node.Config:
    source = {"kind": "common_crawl", "name": "cc", "crawl": "CC-MAIN-2024-22", **keys}
    return node.Config.model_validate({"sources": [source]})


@pytest.fixture
def mirror(tmp_path: Path, page: Callable[..., bytes]) -> Path:
    """Part of a crawl in a local folder: four files, their list, and a list of WET files."""
    for n, path in enumerate(PATHS[:4]):
        (tmp_path / "mirror" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mirror" / path).write_bytes(gzip.compress(page(f"page {n}", n)))
    lists = tmp_path / "mirror" / CRAWL
    (lists / "warc.paths.gz").write_bytes(gzip.compress("\n".join(PATHS[:4]).encode()))
    (lists / "wet.paths.gz").write_bytes(gzip.compress(PATHS[3].encode() + b"\n\n"))
    return tmp_path / "mirror"


@given(st.integers(0, 9), st.integers(0, 200), st.integers(0, 200))
def test_a_larger_sample_keeps_the_smaller_one(seed: int, one: int, two: int) -> None:
    small, large = sample(PATHS, min(one, two), seed), sample(PATHS, max(one, two), seed)
    assert set(small) <= set(large)
    assert len(large) == max(one, two)


@given(st.permutations(PATHS[:12]))
def test_the_order_of_the_list_is_of_no_account(paths: list[str]) -> None:
    assert sample(paths, 5, 1) == sample(PATHS[:12], 5, 1)


def test_seeds_draw_differently_and_all_is_all() -> None:
    assert len({tuple(sample(PATHS, 20, seed)) for seed in range(10)}) == 10
    assert sample(PATHS[::-1], None, 1) == PATHS


def test_a_local_mirror_is_a_crawl(mirror: Path, inputs, tmp_path: Path) -> None:
    shards = node.partition(config(base_url="mirror"), inputs)
    assert [file.name for shard in shards for file in shard.inputs["files"]] == PATHS[:4]
    out = tmp_path / "out"
    out.mkdir()
    node.process(shards[2], out)
    [document] = read_documents([out / "documents.parquet"])
    assert document.text == "page 2"
    assert document.source == "cc"


def test_a_sample_is_no_part_of_a_shard(mirror: Path, inputs) -> None:
    small = node.partition(config(base_url="mirror", files=2), inputs)
    large = node.partition(
        config(base_url=str(mirror), files=3, paths_file=f"mirror/{CRAWL}/warc.paths.gz"), inputs
    )
    assert [shard.config for shard in small] == [large[0].config] * 2
    assert {shard.inputs["files"][0].name for shard in small} < {
        shard.inputs["files"][0].name for shard in large
    }
    assert not {"crawl", "files", "seed", "base_url", "paths_file", "paths"} & set(small[0].config)


def test_the_format_chooses_the_list(mirror: Path, inputs) -> None:
    [shard] = node.partition(config(base_url="mirror", format="wet"), inputs)
    assert shard.inputs["files"][0].name == PATHS[3]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"base_url": "mirror", "files": 5}, "files is 5, but .* names 4"),
        ({"base_url": "elsewhere"}, "list of paths .*warc.paths.gz can't be read"),
    ],
)
def test_a_crawl_that_is_not_there_is_one_message(mirror: Path, inputs, keys: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        node.partition(config(**keys), inputs)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"paths": ["a.warc.gz"]}, "common_crawl has crawl, base_url and paths_file, not paths"),
        ({"crawl": ""}, "crawl is missing"),
        ({"crawl": "../x"}, "pattern"),
        ({"files": 0}, "greater than or equal to 1"),
        ({"format": "wat"}, "'warc' or 'wet'"),
    ],
)
def test_a_mistyped_source_is_refused(keys: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        config(**keys)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "a/../../b", "..", "https://example.com/a", "a b", "a//b", "./a", "a\x00b"]
)
def test_a_list_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "list").write_text(f"fine/a.warc.gz\n{path}\n")
    with pytest.raises(StageError, match="is no list of paths"):
        read_paths(tmp_path / "list", "list")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (gzip.compress(b"a\n" * 900, mtime=0)[:-9], "is cut off"),
        (b"\x1f\x8b\x08nonsense", "is no list of paths"),
        (b"\xff\xfe", "is no list of paths"),
    ],
)
def test_a_damaged_list_is_one_message(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "list").write_bytes(data)
    with pytest.raises(StageError, match=message):
        read_paths(tmp_path / "list", "list")


def test_a_list_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common_crawl, "LIST_BYTES", 1000)
    (tmp_path / "list").write_bytes(gzip.compress(b"a\n" * 100_000))
    with pytest.raises(StageError, match="more than 1,000 bytes"):
        read_paths(tmp_path / "list", "list")


def test_credentials_stay_out_of_what_is_written_down() -> None:
    [source] = config(
        base_url="https://me:secret@example.com/?key=secret", paths_file="https://x/?secret"
    ).sources
    assert "secret" not in source.model_dump_json()
    assert source.base_url.startswith("https://me:secret@")
    assert source.model_copy(update={"paths_file": None}).list_place == (
        f"https://me:secret@example.com/{CRAWL}/warc.paths.gz?key=secret"
    )
