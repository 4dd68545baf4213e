"""Which paragraphs go, against the plain rule; whatever the files and the parts in which hashes are looked at."""

import random
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.dedup.config import Config
from tasks.dedup.minhash.table import signatures
from tasks.dedup.paragraphs.cut import without
from tasks.dedup.paragraphs.duplicates import write_repeats
from tasks.dedup.paragraphs.split import passages
from tasks.document import Document, DocumentWriter
from tasks.node import Input, Shard
from tasks.text.words import folded

PARAGRAPHS = st.sampled_from(
    ["", "* *", "a b c", "A, b: c!", "d e f", "g h", "é i j k", "e i j k", "l m n o"]
)
PAGES = st.lists(
    st.tuples(st.lists(PARAGRAPHS, max_size=5), st.sampled_from("st"), st.sampled_from(["web", "book"])),
    max_size=8,
)


def expected(documents: list[Document], min_words: int, max_cut: float | None) -> dict[str, str]:
    """The plain rule: texts by id of those that stay."""
    ordered = sorted(
        (item for item in documents if item.kind == "web"), key=lambda item: (item.source, item.id)
    )

    def lost(counted: list[Document]) -> dict[str, list[bool]]:
        """Of each document's lines, which an earlier one of those counted has."""
        first: dict[str, str] = {}
        for item in counted:
            for line in item.text.split("\n"):
                if len(folded(line).split()) >= min_words:
                    first.setdefault(folded(line), item.id)
        place = {item.id: n for n, item in enumerate(ordered)}
        return {
            item.id: [
                place[first.get(folded(line), item.id)] < place[item.id] for line in item.text.split("\n")
            ]
            for item in ordered
        }

    gone, cut = set(), lost(ordered)
    for item in ordered:
        lines = item.text.split("\n")
        kept = [line for line, out in zip(lines, cut[item.id], strict=True) if not out]
        if any(cut[item.id]) and not folded(" ".join(kept)):
            gone.add(item.id)
        if max_cut is not None:
            size = sum(end - start for start, end, out in spans(item.text, cut[item.id]) if out)
            if size > max_cut * len(item.text.encode()):
                gone.add(item.id)
    cut = lost([item for item in ordered if item.id not in gone])
    found = {item.id: item.text for item in documents if item.id not in gone}
    for item in ordered:
        if item.id in found and any(cut[item.id]):
            parts = [
                item.text.encode()[start:end] for start, end, out in spans(item.text, cut[item.id]) if not out
            ]
            found[item.id] = b"".join(parts).decode()
            if spans(item.text, cut[item.id])[-1][2]:
                found[item.id] = found[item.id].rstrip(" \t\r\n")
    return found


def spans(text: str, out: list[bool]) -> list[tuple[int, int, bool]]:
    """Paragraphs in bytes with the lines of nothing but whitespace that follow them, and whether they go."""
    found: list[tuple[int, int, bool]] = []
    at = 0
    lines = text.split("\n")
    for n, (line, gone) in enumerate(zip(lines, out, strict=True)):
        end = at + len(line.encode()) + (n + 1 < len(lines))
        if found and (not line.strip() or not text.encode()[:at].strip()):
            found[-1] = (found[-1][0], end, found[-1][2] or gone)
        else:
            found.append((at, end, gone))
        at = end
    return found


def stay(
    folder: Path, files: list[list[Document]], max_cut: float | None, size: int
) -> tuple[dict[str, str], dict[str, str]]:
    """The texts that stay, by id, through the files that the nodes hand on; and whom each dropped document names.

    size: bytes of passages that are looked at together.
    """
    inputs: dict[str, list[Input]] = {"signatures": [], "passages": []}
    for number, part in enumerate(files):
        with DocumentWriter(folder / f"{number}.parquet") as writer:
            for document in part:
                writer.add(document)
        for name, end in (("signatures", "parquet"), ("passages", "npy")):
            path = folder / name / f"{number}.{end}"
            path.parent.mkdir(exist_ok=True)
            inputs[name].append(Input(name, str(path), "d"))
        found = passages(str(folder / f"{number}.parquet"), np.empty(0, np.int64), ["web"], False, 3)
        np.save(inputs["passages"][-1].path, found)
        rows = signatures(pq.read_table(folder / f"{number}.parquet"), Config())
        pq.write_table(rows, inputs["signatures"][-1].path)
    config = {"max_cut": max_cut, "sources": ["s", "t"]}
    write_repeats(Shard("a", config, inputs, {"partition_bytes": size}), folder)
    kept, named = {}, {}
    for number in range(len(files)):
        table = pq.read_table(folder / f"{number}.parquet")
        texts, _ = without(table["text"].combine_chunks(), np.load(folder / f"cuts/{number:06d}.npy"))
        drops = pq.read_table(folder / f"drops/{number:06d}.parquet").to_pylist()
        gone = {row["row"]: row["survivor"] for row in drops}
        named |= {table["id"][row].as_py(): survivor for row, survivor in gone.items()}
        rows = zip(table["id"].to_pylist(), texts.to_pylist(), strict=True)
        kept |= {id: text for row, (id, text) in enumerate(rows) if row not in gone}
    return kept, named


@settings(max_examples=30)
@given(PAGES, st.sampled_from([None, 0.4, 0.7]), st.randoms(use_true_random=False))
def test_what_stays_is_what_the_plain_rule_says_whatever_the_files(
    tmp_path_factory: pytest.TempPathFactory, pages: list, max_cut: float | None, chance: random.Random
):
    documents = [
        Document(f"{n}", "\n".join(lines), source=source, kind=kind)
        for n, (lines, source, kind) in enumerate(pages)
    ]
    chance.shuffle(documents)
    cut = chance.randrange(len(documents) + 1)
    files = [documents[:cut], documents[cut:]]
    kept, named = stay(tmp_path_factory.mktemp("files"), files, max_cut, 1 << 20)
    assert kept == expected(documents, 3, max_cut)
    assert stay(tmp_path_factory.mktemp("files"), files[::-1], max_cut, 80) == (kept, named)
    assert named.keys() == {item.id for item in documents} - kept.keys()
    assert max_cut is not None or set(named.values()) <= kept.keys()


@pytest.mark.parametrize("size", [40, 1 << 20])
def test_of_equally_long_paragraphs_the_earlier_documents_names_it(tmp_path: Path, size: int):
    texts = {"a": "one two three\nx", "b": "two one three\ny", "c": "two one three\none two three\n"}
    documents = [Document(id, text, source="s", kind="web") for id, text in texts.items()]
    _, named = stay(tmp_path, [documents], None, size)
    assert named == {"c": "a"}
