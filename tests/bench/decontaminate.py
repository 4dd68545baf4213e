"""Speed and hits of decontamination against MMLU, GSM8K and HumanEval.

    python tests/bench/decontaminate.py ../shared/data             all of it (about 2 minutes)
    python tests/bench/decontaminate.py ../shared/data --only speed

speed: CPU seconds of searching texts and of the node, Parquet in to Parquet out, medians of `--rounds`; and that the
time grows in line with the text where one item stands a million times. recall: every item in every disguise, and parts
of items. clean: hits in documents that should have none, each shown. rephrased: items put in other words (lm-sys's
llm-decontaminator), of which n-grams find few.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from tasks.benchmarks.benchmark import Benchmark, Item, load_items
from tasks.decontaminate.config import Config
from tasks.decontaminate.disguises import KINDS, shown
from tasks.decontaminate.index.items import ItemIndex, index_items
from tasks.decontaminate.outcome import write_outcome
from tasks.decontaminate.search import search
from tasks.decontaminate.selftest import embedded
from tasks.document import Document, DocumentWriter

FOLDERS = {"mmlu": "mmlu-hendrycks-2020", "gsm8k": "gsm8k", "humaneval": "humaneval"}


def benchmarks(data: Path) -> list[Benchmark]:
    return [Benchmark(name=name, data=str(data / "benchmarks" / folder)) for name, folder in FOLDERS.items()]


def clean(data: Path, most: int = 30 << 20) -> dict[str, list[str]]:
    """Real documents by where they come from; the source code is this Python's and its packages'."""
    corpora = data / "corpora"
    found: dict[str, list[str]] = {}
    for path in sorted(corpora.rglob("*.jsonl*")):
        if path.parent.name != "multiple_files" or path.suffix == ".jsonl":
            found.setdefault(path.relative_to(corpora).parts[0], []).extend(_texts(path))
    for name in ("test", "valid"):
        articles = (corpora / f"wikitext-2/{name}.txt").read_text(encoding="utf-8")
        found.setdefault("wikitext-2", []).extend(re.split(r"\n (?== [^=].* = \n)", articles))
    for path in (
        corpora / "gutenberg-kant/kant-critique-of-pure-reason.txt",
        corpora / "tinyshakespeare/input.txt",
    ):
        found[path.parent.name] = [path.read_text(encoding="utf-8")]
    found["source code"] = list(_code(most))
    return found


def _texts(path: Path) -> Iterator[str]:
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as file
    ):
        for line in file:
            row = json.loads(line)
            yield row.get("text") or row.get("raw_content") or ""


def _code(most: int) -> Iterator[str]:
    for folder in (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")):
        size = 0
        for path in sorted(Path(folder).rglob("*.py")):
            if size > most:
                break
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            size += len(text)
            yield text


def megabytes(texts: Sequence[str]) -> float:
    return sum(len(text.encode("utf-8", "replace")) for text in texts) / 1e6


def cpu(work: Callable[[], object], rounds: int) -> float:
    work()  # compiles
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def speed(data: Path, index: ItemIndex, rounds: int) -> None:
    config = Config(benchmarks=benchmarks(data))
    print("index:", f"{cpu(lambda: index_items(index.items, config), 1):.1f} s for {len(index.items)} items")
    for name, texts in clean(data, 15 << 20).items():
        if megabytes(texts) < 0.8:
            continue
        table = pa.array(texts, pa.large_string())
        size = megabytes(texts)
        searched = cpu(lambda table=table: search(table, index), rounds)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "documents.parquet"
            with DocumentWriter(path) as writer:
                for number, text in enumerate(texts):
                    writer.add(Document(str(number), text))
            out = Path(folder) / "out"
            whole = cpu(lambda path=path, out=out: write_outcome([str(path)], config, "bench", out), rounds)
            plain = cpu(lambda path=path, out=out: _copy(path, out), rounds)
        print(
            f"{name:16} {size:6.1f} MB: search {size / searched:5.0f} MB/s, Parquet to Parquet {size / whole:5.0f} "
            f"MB/s (copying it alone {size / plain:.0f})"
        )
    for name in ("gsm8k", "mmlu", "humaneval"):
        item = shown(next(item for item in index.items if item.benchmark == name).texts)
        for count in (10_000, 20_000, 40_000):
            text = f"{item}\n\n" * count
            seconds = cpu(lambda text=text: search([text], index), 1)
            print(f"one {name} item {count} times: {megabytes([text]) / seconds:.0f} MB/s, {seconds:.2f} s")


def _copy(path: Path, out: Path) -> None:
    from tasks.document import DOCUMENTS, TableWriter, read_batches

    with TableWriter(out / "copy.parquet", DOCUMENTS) as writer:
        for batch in read_batches([path], DOCUMENTS.names, rows=256):
            writer.write_table(batch)


def recall(data: Path, index: ItemIndex) -> None:
    around = [text for text in clean(data, 1 << 20)["techdocs"] if len(text) >= 500]
    parts: dict[str, Callable[[Item], str]] = {
        **{kind: lambda item, kind=kind: KINDS[kind](shown(item.texts)) for kind in KINDS},
        "embedded": lambda item: embedded(item, around),
        "question alone": lambda item: item.texts[0],
        "question and first other text": lambda item: "\n".join(item.texts[:2]),
        "answer, choices or code alone": lambda item: "\n".join(
            item.texts[1:2] if len(item.texts) < 4 else item.texts[1:]
        ),
    }
    totals = Counter(item.benchmark for item in index.items)
    missing = Counter(index.items[number].benchmark for number in index.unsearchable)
    print("items", dict(totals), "unsearchable", dict(missing))
    for kind, part in parts.items():
        hits = search([part(item) for item in index.items], index)
        found = {hit.text for hit in hits if _name(index.items[hit.text]) == (hit.benchmark, hit.item)}
        counts = Counter(index.items[number].benchmark for number in found)
        missed = [item.item for number, item in enumerate(index.items) if number not in found]
        shares = ", ".join(
            f"{name} {counts[name]} ({counts[name] / total:.2%})" for name, total in totals.items()
        )
        print(f"{kind:30} {shares}", f"missed {missed[:8]}" if missed else "")


def _name(item: Item) -> tuple[str, str]:
    return item.benchmark, item.item


def clean_hits(data: Path, index: ItemIndex) -> None:
    for name, texts in clean(data).items():
        hits = search(texts, index)
        print(
            f"{name:16} {len(texts)} documents, {megabytes(texts):.1f} MB: {len({hit.text for hit in hits})} hit"
        )
        for hit in hits[:20]:
            print("   ", hit)


def rephrased(data: Path, items: Sequence[Item]) -> None:
    for path in sorted((data / "dedup/llm-decontaminator/rephrase").glob("*.jsonl")):
        texts = list(_texts(path))
        for ngram in (13, 8):
            hits = search(texts, index_items(items, Config(ngram=ngram)))
            found = len({hit.text for hit in hits})
            print(f"{path.stem}: {found} of {len(texts)} rephrased items found by runs of {ngram} words")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", choices=("speed", "recall", "clean", "rephrased"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    config = Config(benchmarks=benchmarks(options.data))
    index = index_items([item for one in config.benchmarks for item in load_items(one)], config)
    for name, part in {
        "speed": lambda: speed(options.data, index, options.rounds),
        "recall": lambda: recall(options.data, index),
        "clean": lambda: clean_hits(options.data, index),
        "rephrased": lambda: rephrased(options.data, index.items),
    }.items():
        if options.only in (None, name):
            part()


if __name__ == "__main__":
    main()
