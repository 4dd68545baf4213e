"""Laws of the stage on random corpora: the result is a function of the documents, their sources' order and the
configuration; not of files, workers, hash seeds or former runs. A change costs what it touches."""

import errno
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from dedup_stage import Files, Stage, run_stage
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.minhash.sketch import shingles
from tasks.document import Document

ROOT = Path(__file__).parents[3]
EVERY_PAIR = {"bands": 100, "rows": 1}  # similar documents are sure to meet
TABLES = ("documents", "ledger", "clusters")


def letters(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


def text(family: int, changed: int, more: str = "") -> str:
    """40 words of a family, the last `changed` of them replaced."""
    words = [f"{letters(family)}x{letters(i)}" for i in range(40)]
    words[40 - changed :] = [f"v{letters(changed % 5)}{word}" for word in words[40 - changed :]]
    return " ".join([*words, more])


def jaccard(one: str, other: str) -> float:
    left, right = set(shingles(one)), set(shingles(other))
    return len(left & right) / len(left | right) if left | right else float(one == other)


# A source is a list of documents; each says its family, how many words differ, and a word more.
SOURCE = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 30), st.sampled_from(["", "Ä", "7"])), max_size=6
)
SOURCES = st.lists(SOURCE, min_size=1, max_size=4)


def corpus(sources: list[list[tuple[int, int, str]]]) -> list[list[Document]]:
    made = []
    for number, source in enumerate(sources):
        name = f"s{number}"
        made.append(
            [
                Document(f"{(n * 7919 + number * 31) % 1000:03d}-{name}", text(*item), source=name)
                for n, item in enumerate(source)
            ]
        )
    return made if any(made) else [[Document("only", "one", source="s0")]]


def files_of(sources: list[list[Document]], chance: random.Random) -> Files:
    """Each source cut into files anywhere, its documents in any order."""
    files = {}
    for source in sources:
        mixed = chance.sample(source, len(source))
        cuts = sorted(chance.randint(0, len(mixed)) for _ in range(chance.randint(0, 2)))
        for n, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(mixed)], strict=True)):
            files[f"{source[0].source if source else 'none'}-{n}-{len(files)}"] = mixed[start:stop]
    return files


def plain(sources: list[list[Document]], threshold: float) -> list[str]:
    """Survivors by the rule: earlier sources first, then the longer text, then the id; against every survivor."""
    kept: list[Document] = []
    for source in sources:
        for document in sorted(source, key=lambda item: (-len(item.text.encode()), item.id)):
            if all(jaccard(document.text, other.text) < threshold for other in kept):
                kept.append(document)
    return sorted(document.id for document in kept)


@settings(max_examples=15)
@given(SOURCES, st.sampled_from([0.5, 0.75, 0.9]), st.randoms(use_true_random=False))
def test_survivors_are_those_of_the_plain_rule_over_any_files(sources, threshold, chance):
    documents = corpus(sources)
    with tempfile.TemporaryDirectory() as folder:
        rules = {"priority": ["source", "length", "id"], "threshold": threshold, **EVERY_PAIR}
        stage = run_stage(Path(folder), files_of(documents, chance), **rules)
        assert stage.table("documents")["id"].to_pylist() == plain(documents, threshold)
        texts = {item.id: item.text for source in documents for item in source}
        for row in stage.rows("ledger"):
            if row["verdict"] == "dropped":
                assert row["similarity"] == jaccard(texts[row["id"]], texts[row["matched_id"]]) >= threshold


@settings(max_examples=8)
@given(SOURCES, SOURCES, st.randoms(use_true_random=False))
def test_a_store_with_a_past_gives_what_an_empty_one_gives(before, after, chance):
    """Sources added, taken away, moved and refilled between two runs in one store."""
    first, second = files_of(corpus(before), chance), files_of(corpus(after), chance)
    with tempfile.TemporaryDirectory() as folder:
        run_stage(Path(folder) / "old", first, **EVERY_PAIR)
        later = run_stage(Path(folder) / "old", second, **EVERY_PAIR)
        fresh = run_stage(Path(folder) / "new", second, **EVERY_PAIR)
        assert later.bytes() == fresh.bytes()


def pages(prefix: str, families: range, changed: int, source: str) -> list[Document]:
    return [Document(f"{prefix}{family}", text(family, changed), source=source) for family in families]


def worked(stage: Stage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in stage.worked:
        node, key = name.split(" ")
        found.setdefault(node, []).append(key)
    return found


def test_a_file_added_at_the_end_costs_its_own_shards(tmp_path: Path):
    old = {
        f"old-{n}": pages(f"o{n}-", range(n * 10, n * 10 + 14), 0, "old") for n in range(4)
    }  # they overlap
    run_stage(tmp_path, old)
    new = pages("n-", range(20, 40), 1, "new")
    stage = run_stage(tmp_path, {**old, "new-0": new})
    assert worked(stage) == {
        "dedup-signatures": ["new-0"],
        "dedup-candidates": ["00000"],
        "dedup-matches": ["new-0"],
        "dedup-survivors": ["survivors"],
        "dedup": ["new-0", "clusters"],
    }
    gone = [row["id"] for row in stage.rows("ledger") if row["verdict"] == "dropped"]
    assert len([id for id in gone if id.startswith("n-")]) == 20


def test_a_file_put_before_others_costs_the_files_that_it_touches(tmp_path: Path):
    files = {"b": pages("b", range(10), 0, "b"), "c": pages("c", range(50, 60), 0, "c")}
    run_stage(tmp_path, files)
    stage = run_stage(tmp_path, {"a": pages("a", range(5, 8), 1, "a"), **files})
    assert worked(stage)["dedup-matches"] == ["a", "b"]
    assert worked(stage)["dedup"] == ["a", "b", "clusters"]
    assert sorted(row["id"] for row in stage.rows("ledger") if row["rule"]) == ["b5", "b6", "b7"]


def test_a_file_without_documents_may_change_its_name(tmp_path: Path):
    files = {"a": pages("a", range(5), 0, "a"), "b": [], "c": pages("c", range(3, 9), 0, "c")}
    before = run_stage(tmp_path, files)
    after = run_stage(tmp_path, {"a": files["a"], "other": [], "c": files["c"]})
    assert worked(after) == {}
    assert after.rows("ledger") == before.rows("ledger")


def test_a_survivor_rule_verifies_nothing_again(tmp_path: Path):
    files = {"a": pages("a", range(5), 0, "a"), "b": pages("b", range(3, 9), 0, "b")}
    run_stage(tmp_path, files)
    stage = run_stage(tmp_path, files, priority=["-source"])
    assert set(worked(stage)) == {"dedup-survivors", "dedup"}
    assert set(worked(run_stage(tmp_path, files, priority=["-source"], alarm=None))) == set()


def test_a_changed_threshold_keeps_signatures_and_candidates(tmp_path: Path):
    files = {"a": pages("a", range(5), 0, "a"), "b": pages("b", range(3, 9), 2, "b")}
    run_stage(tmp_path, files)
    stage = run_stage(tmp_path, files, threshold=0.99)
    assert set(worked(stage)) == {"dedup-matches", "dedup-survivors", "dedup"}
    assert not any(row["rule"] for row in stage.rows("ledger"))


@pytest.mark.parametrize("name", ["bands", "words"])
def test_a_band_file_truncated_on_disk_is_a_miss_and_made_again(tmp_path: Path, name: str):
    files = {"a": pages("a", range(5), 0, "a"), "b": pages("b", range(3, 9), 0, "b")}
    whole = run_stage(tmp_path, files)
    shard = next(item for item in whole.manifests["dedup-signatures"]["shards"] if item["key"] == "b")
    path = next(whole.store.shard("dedup-signatures", shard["fingerprint"]).glob(f"{name}.*"))
    path.chmod(0o644)
    with open(path, "r+b") as file:  # the artifact's file is a hard link to it
        file.truncate(path.stat().st_size - 8)
    again = run_stage(tmp_path, files)
    assert worked(again) == {"dedup-signatures": ["b"]}
    assert again.bytes() == whole.bytes()


def test_a_full_disk_fails_and_the_next_run_goes_on(tmp_path: Path, monkeypatch):
    files = {"a": pages("a", range(5), 0, "a"), "b": pages("b", range(3, 9), 0, "b")}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("numpy.save", full)
        with pytest.raises(OSError, match="No space left"):
            run_stage(tmp_path, files)
    assert not list((tmp_path / "dedup-signatures").glob("*"))
    assert not [path for path in (tmp_path / ".work").rglob("*") if path.is_file()]
    assert len(run_stage(tmp_path, files).rows("ledger")) == 11


def test_hash_seeds_decide_nothing(tmp_path: Path):
    script = (
        "import hashlib, sys, pathlib\n"
        "from dedup_stage import run_stage\n"
        "from tasks.document import Document\n"
        "texts = [' '.join(f'w{n % 7}x{i}' for i in range(30 + n % 3)) for n in range(40)]\n"
        "files = {k: [Document(f'{k}{n}', t, source=k) for n, t in enumerate(texts)] for k in 'ab'}\n"
        "found = run_stage(pathlib.Path(sys.argv[1]), files, partition_bytes=1024).bytes()\n"
        "print(hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest())\n"
    )
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    said = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "77")
    }  # fmt: skip
    assert len(said) == 1


def test_ten_thousand_near_identical_pages_leave_one(tmp_path: Path):
    boilerplate = " ".join(f"b{letters(i)}" for i in range(200))
    everything = [Document(f"{n:05d}", f"{boilerplate} page{letters(n)}") for n in range(10_000)]
    files = {f"{at:05d}": everything[at : at + 2500] for at in range(0, 10_000, 2500)}
    stage = run_stage(tmp_path, files, priority=["-id"])
    assert stage.table("documents")["id"].to_pylist() == ["09999"]
    assert stage.metrics["dedup-candidates"]["candidates"] < 20 * 10_000
    least = min(row["similarity"] for row in stage.rows("clusters"))
    assert least == jaccard(everything[0].text, everything[1].text)


def test_a_table_in_memory_gives_what_files_give(tmp_path: Path):
    from tasks.dedup import Config, deduplicate

    chance = random.Random(8)
    everything = [
        Document(
            f"{n:03d}", text(chance.randint(0, 9), chance.randint(0, 20)), source="s", date=f"20{n % 30:02d}"
        )
        for n in range(200)
    ] + [Document(f"e{n}", "" if n % 2 else "?!") for n in range(6)]
    stage = run_stage(tmp_path, {f"{at:03d}": everything[at : at + 50] for at in range(0, 206, 50)})
    columns = ("id", "text", "source", "date")
    table = pa.Table.from_pylist([{name: getattr(item, name) for name in columns} for item in everything])
    kept, clusters, ledger = deduplicate(table, Config(sources=["s"]))
    assert sorted(kept) == stage.table("documents")["id"].to_pylist()
    assert clusters.equals(stage.table("clusters"))
    assert ledger.equals(stage.table("ledger"))
