"""A small store that looks like a real one: every node's artifact, one finished run over three sources.

Run as a script, it writes the store to a folder: `python tests/sample_store.py FOLDER [--hostile | --large]`.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.document import DOCUMENTS, LEDGER, document_id, ledger_row
from tasks.nodes import NODES, stage_of

HOSTILE = (
    "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>\u202egnp.exe\u2066 \x1b[31mred\x1b]0;t\x07 "
    "NUL\x00 ]]></style></svg><!-- &lt; ${x} [bold]| `a`"
)
SECONDS = {
    "ingest": 6.1, "filter-edits": 0.9, "filter-classifier": 1.1, "filter-signals": 4.2, "filter-hosts": 0.1,
    "filter": 0.8, "dedup-signatures": 1.3, "dedup-candidates": 0.3, "dedup-matches": 0.6, "dedup-survivors": 0.2,
    "dedup-passages": 0.3, "dedup-repeats": 0.1,
    "dedup": 0.4, "decontaminate": 1.9, "tokenize-train": 3.2, "tokenize": 4.4, "pretrain": 431.0,
    "evaluate": 38.2,
}  # fmt: skip
SOURCES = {"pydoc-site": ("web", 420), "language-reference": ("book", 60), "standard-library": ("code", 240)}
WORDS = """
    the of and to in is a that object value module function returns class method argument string iterator
    sequence raises error when not with for this instance attribute list default type called name file
    encoding read write bytes buffer index key mapping exception import statement expression
""".split()  # noqa: SIM905
RULES = {
    "gopher-quality/min-words": (50.0, lambda r: float(r.randint(4, 49))),
    "fineweb/short-lines": (0.67, lambda r: r.uniform(0.67, 1)),
    "gopher-repetition/duplicate-lines": (0.3, lambda r: r.uniform(0.3, 0.8)),
    "language/score": (0.65, lambda r: r.uniform(0.1, 0.65)),
}


@dataclass
class Store:
    """Where the store lies, its run, and ids of documents with a known way."""

    path: Path
    run: Path
    ids: dict[str, str] = field(default_factory=dict)


@dataclass
class Builder:
    """Writes the artifacts one after the other; `mark` is put into every text, name and url.

    sources: name -> (kind, documents). shards: how many files a source's rows lie in.
    """

    path: Path
    mark: str = ""
    seed: int = 1
    sources: dict[str, tuple[str, int]] = field(default_factory=lambda: dict(SOURCES))
    shards: int = 1
    ids: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.documents = [
            self.document(source, kind, n)
            for source, (kind, total) in self.sources.items()
            for n in range(total)
        ]

    def fingerprint(self, node: str) -> str:
        return hashlib.sha256(node.encode()).hexdigest()

    def folder(self, node: str) -> Path:
        found = self.path / node / self.fingerprint(node)
        found.mkdir(parents=True, exist_ok=True)
        return found

    def document(self, source: str, kind: str, n: int) -> dict[str, Any]:
        words = max(8, int(self.random.lognormvariate(5.2, 0.9)))
        text = self.mark
        while words > 0:
            size = min(words, self.random.randint(5, 17))
            text += " ".join(self.random.choices(WORDS, k=size)).capitalize() + ". "
            text += "\n" * (self.random.random() < 0.25)
            words -= size
        return {
            "id": document_id(source, f"{source}.warc.gz", str(n)),
            "text": text,
            "url": f"http://{source}.test/page-{n}.html{self.mark}",
            "source": source + self.mark,
            "kind": kind,
            "language": None,
            "language_score": None,
            "date": "2024-01-01",
            "metadata": json.dumps({"group": f"{source}-{n % 40}"}),
        }

    def parquet(self, path: Path, rows: list[dict[str, Any]], schema: pa.Schema | None = None) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=120)

    def write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def sharded(
        self,
        node: str,
        output: str,
        rows: list[dict[str, Any]],
        schema: pa.Schema | None = None,
        source: Callable[[dict[str, Any]], str] = lambda row: row["source"],
    ) -> None:
        for number, name in enumerate(self.sources):
            part = [row for row in rows if source(row) == name + self.mark]
            for shard in range(self.shards):
                file = f"{number * self.shards + shard:05d}-{name}.parquet"
                here = [row for row in part if crc32(str(row.get("id")).encode()) % self.shards == shard]
                self.parquet(self.folder(node) / output / file, here, schema)

    def ledger(self, node: str, rows: list[dict[str, Any]]) -> None:
        """Rows with a `source` of their own, sorted by id as the writer does."""
        self.sharded(
            node,
            "ledger",
            sorted(rows, key=lambda row: row["id"] or ""),
            pa.schema([*LEDGER, pa.field("url", pa.string())]) if node == "ingest" else LEDGER,
        )

    def judge(self, node: str, verdicts: dict[str, tuple[str, dict[str, Any]]]) -> None:
        """Ledger, documents and the funnel's metrics: `verdicts` has id -> (rule, columns) of the dropped."""
        kept = [row for row in self.documents if row["id"] not in verdicts]
        rows = [
            ledger_row(
                row["id"],
                *(verdicts[row["id"]][:1] if row["id"] in verdicts else ()),
                **(verdicts[row["id"]][1] if row["id"] in verdicts else {}),
            )
            | {"source": row["source"]}
            for row in self.documents
        ]
        self.ledger(node, rows)
        self.sharded(node, "documents", kept, DOCUMENTS)
        size = {row["id"]: len(row["text"].encode("utf-8", "replace")) for row in self.documents}
        dropped: dict[str, Counter[str]] = {}
        for name, (rule, _) in verdicts.items():
            dropped.setdefault(rule, Counter()).update(documents=1, bytes=size[name])
        self.metrics[node] = {
            "documents_in": len(self.documents),
            "documents_out": len(kept),
            "bytes_in": sum(size.values()),
            "bytes_out": sum(size[row["id"]] for row in kept),
            "dropped": {rule: dict(numbers) for rule, numbers in sorted(dropped.items())},
        }
        self.documents = kept

    def ingest(self) -> None:
        first, *_, last = self.sources
        lost = [
            {
                "id": document_id(name, "lost", str(n)),
                "rule": reason + self.mark,
                "source": name + self.mark,
                "url": f"http://{name}.test/lost-{n}{self.mark}",
            }
            for name, reason, total in (
                (first, "not-html", 31),
                (first, "empty-text", 6),
                (last, "too-large", 3),
            )
            for n in range(total)
        ]
        rows = [
            ledger_row(row["id"], row.get("rule")) | {"url": row["url"], "source": row["source"]}
            for row in self.documents + lost
        ]
        self.ledger("ingest", rows)
        self.sharded("ingest", "documents", self.documents, DOCUMENTS)
        files = [
            {
                "file": f"{name}.warc.gz",
                "source": name + self.mark,
                "records": total,
                "documents": total,
                "lost": sum(row["source"] == name + self.mark for row in lost),
                "reasons": json.dumps({}),
                "bytes": total * 900,
            }
            for name, (_, total) in self.sources.items()
        ]
        self.sharded("ingest", "files", files)
        size = sum(len(row["text"].encode("utf-8", "replace")) for row in self.documents)
        self.metrics["ingest"] = {
            "documents_in": len(rows),
            "documents_out": len(self.documents),
            "bytes_in": int(size * 3.1),
            "bytes_out": size,
            "dropped": {
                reason + self.mark: {"documents": total, "bytes": total * 700}
                for reason, total in (("not-html", 31), ("empty-text", 6), ("too-large", 3))
            },
            "sources": {
                name + self.mark: {
                    "files": self.shards,
                    "documents_in": total + sum(row["source"] == name + self.mark for row in lost),
                    "documents_out": total,
                    "dropped": {
                        reason: {"documents": n, "bytes": 700 * n}
                        for reason, n in Counter(
                            row["rule"] for row in lost if row["source"] == name + self.mark
                        ).items()
                    },
                }
                for name, (_, total) in self.sources.items()
            },
        }

    def edits(self) -> None:
        """Edits of every seventh document; the texts stay as they are."""
        edited = self.documents[::7]
        rules = ("edits.boilerplate", "pii.email", "edits.cookies")
        rows = [
            {"id": row["id"], "rule": rule + self.mark, "count": 2, "bytes": 31, "source": row["source"]}
            for row in edited
            for rule in rules[: 1 + len(row["text"]) % 3]
        ]
        self.ids["edited"] = rows[0]["id"]
        self.sharded("filter-edits", "edits", sorted(rows, key=lambda row: row["id"]))
        samples = [
            row
            | {
                "text": "Share this | Tweet" + self.mark,
                "replacement": "<EMAIL>" if "pii" in row["rule"] else "",
            }
            for row in rows[:30]
        ]
        self.sharded("filter-edits", "samples", samples)
        self.sharded("filter-edits", "documents", self.documents, DOCUMENTS)
        counts: dict[str, Counter[str]] = {}
        for row in rows:
            counts.setdefault(row["rule"], Counter()).update(documents=1, count=2, bytes=31)
        size = sum(len(row["text"].encode("utf-8", "replace")) for row in self.documents)
        self.metrics["filter-edits"] = {
            "documents_in": len(self.documents),
            "documents_out": len(self.documents),
            "bytes_in": size + 31 * len(rows),
            "bytes_out": size,
            "dropped": {},
            "edited": len(edited),
            "emptied": 0,
            "edits": {rule: dict(numbers) for rule, numbers in counts.items()},
        }

    def filter(self) -> None:
        self.edits()
        rows = []
        for row in self.documents:
            score = round(min(1.0, self.random.betavariate(8, 1.2)), 4)
            rows.append(
                {
                    "id": row["id"],
                    "source": row["source"],
                    "language_score": score,
                    "language": "en" if score > 0.3 else self.random.choice(["de", "la", "fr"]),
                    "words": len(row["text"].split()),
                    "mean_word_length": self.random.gauss(4.9, 0.4),
                    "stop_words" + self.mark: 2,
                }
            )
        self.sharded("filter-signals", "signals", rows)
        for row in rows:
            self.ids[row["id"]] = ""
        chosen = self.random.sample(self.documents, 150)
        verdicts = {}
        for number, row in enumerate(chosen):
            rule, (threshold, score) = list(RULES.items())[min(3, int(math.log2(1 + number / 12)))]
            verdicts[row["id"]] = (
                rule + self.mark,
                {
                    "score": round(score(self.random), 4),
                    "threshold": threshold,
                    "failed_rules": [rule + self.mark, "c4/min-sentences"],
                },
            )
        self.ids["filtered"] = chosen[0]["id"]
        self.judge("filter", verdicts)

    def dedup(self) -> None:
        clusters, verdicts, cluster, at = [], {}, 0, 0
        while at < 150:
            size = self.random.choice([2, 2, 2, 3, 4, 9, 17])
            members = self.documents[at : at + size]
            at += size
            for number, row in enumerate(members):
                similarity = round(self.random.uniform(0.75, 1), 4) if number else 1.0
                clusters.append(
                    {
                        "id": row["id"],
                        "cluster": cluster,
                        "survivor": members[0]["id"],
                        "similarity": similarity,
                    }
                )
                if number:
                    rule = "exact-duplicate" if similarity > 0.99 else "near-duplicate"
                    verdicts[row["id"]] = (
                        rule + self.mark,
                        {
                            "score": similarity,
                            "threshold": 0.75,
                            "matched_id": members[0]["id"],
                            "similarity": similarity,
                        },
                    )
            cluster += 1
        self.ids["survivor"], self.ids["duplicate"] = clusters[0]["id"], clusters[1]["id"]
        self.parquet(self.folder("dedup") / "clusters.parquet", sorted(clusters, key=lambda row: row["id"]))
        for node in [name for name in NODES if name.startswith("dedup-")]:
            self.folder(node)
        self.judge("dedup", verdicts)
        cut = {"id": clusters[0]["id"], "rule": "duplicate-paragraphs", "count": 3, "bytes": 210}
        self.sharded("dedup", "edits", [cut], source=lambda row: next(iter(self.sources)) + self.mark)
        sample = {**cut, "text": "a notice that stands in another" + self.mark, "replacement": ""}
        self.sharded("dedup", "samples", [sample], source=lambda row: next(iter(self.sources)) + self.mark)
        self.metrics["dedup"] |= {
            "edits": {"duplicate-paragraphs": {"documents": 1, "count": 3, "bytes": 210}},
            "alarms": [
                f"the source '{name}' lost 60 of 100 documents as duplicates, more than 50%{self.mark}"
                for name in list(self.sources)[2:]
            ],
            "top_clusters": [
                {"cluster": row["cluster"], "documents": 17, "kept": 1, "samples": [
                    {**row, "text": "words of the survivor" + self.mark},
                    {**clusters[1], "text": "words of the other" + self.mark},
                ]}
                for row in clusters[:1]
            ],
        }  # fmt: skip

    def decontaminate(self) -> None:
        hits, verdicts = [], {}
        for number, row in enumerate(self.documents[100:107]):
            hits.append(
                {
                    "benchmark": ["mmlu_mini", "gsm8k_mini"][number % 2] + self.mark,
                    "item": f"item-{number}",
                    "id": row["id"],
                    "ngram": " ".join(WORDS[:13]) + self.mark,
                    "count": 3,
                    "share": 0.25,
                    "rule": "question",
                }
            )
            verdicts[row["id"]] = ("benchmark-overlap" + self.mark, {"score": 13.0, "threshold": 13.0})
        self.ids["contaminated"] = hits[0]["id"]
        self.parquet(self.folder("decontaminate") / "hits.parquet", hits)
        self.judge("decontaminate", verdicts)
        names = [name + self.mark for name in ("gsm8k_mini", "mmlu_mini")]
        self.metrics["decontaminate"]["benchmarks"] = {
            name: {
                "items": 40, "unsearchable": 1, "unsearchable_items": ["item-9" + self.mark],
                "items_hit": hit, "documents_hit": hit, "hits": hit,
            }
            for name, hit in zip(names, (3, 4), strict=True)
        }  # fmt: skip
        self.metrics["decontaminate"]["self_test"] = {
            name: {
                "verbatim": {"items": 39, "found": 39, "missed": []},
                "numbered": {"items": 39, "found": 38, "missed": ["item-7" + self.mark]},
            }
            for name in names
        }

    def tokenize(self) -> None:
        rows, offset = [], {"train": 0, "validation": 0}
        for number, row in enumerate(self.documents):
            split = "validation" if number % 11 == 0 else "train"
            size = len(row["text"].encode("utf-8", "replace"))
            rows.append(
                {
                    "id": row["id"],
                    "url": row["url"],
                    "source": row["source"],
                    "split": split,
                    "shard": 0,
                    "offset": offset[split],
                    "length": size // 4,
                    "bytes": size,
                }
            )
            offset[split] += size // 4
        self.ids["kept"] = rows[-1]["id"]
        self.parquet(self.folder("tokenize") / "documents.parquet", sorted(rows, key=lambda row: row["id"]))
        self.folder("tokenize-train")
        self.metrics["tokenize-train"] = {"vocabulary": 8192, "sample_bytes": 400_000}
        self.metrics["tokenize"] = {
            "documents_in": len(rows),
            "documents_out": len(rows),
            "tokens": sum(offset.values()),
            "tokens_train": offset["train"],
            "tokens_validation": offset["validation"],
            "bytes_in": sum(row["bytes"] for row in rows),
            "bytes_out": sum(row["bytes"] for row in rows),
        }

    def pretrain(self) -> None:
        lines, events, tokens = [], [{"step": 0, "event": "start", "detail": {"seed": 1}}], 0
        for step in range(1, 601):
            tokens += 8192
            loss = 1.9 + 7.1 * math.exp(-step / 70) + 0.9 * math.exp(-step / 400) + self.random.gauss(0, 0.07)
            lines.append(
                {
                    "step": step,
                    "tokens": tokens,
                    "loss": loss + 4 * (step in (240, 241)),
                    "seconds": step * 0.7,
                    "grad_norm": 0.4
                    + 3 * math.exp(-step / 40)
                    + abs(self.random.gauss(0, 0.08))
                    + 9 * (step == 240),
                    "learning_rate": 2e-3 * min(1, step / 40) * min(1, max(0.02, (600 - step) / 200)),
                    "tokens_per_second": 11_700 + self.random.gauss(0, 250),
                    "mfu": 0.31 + self.random.gauss(0, 0.006),
                }
            )
            if step % 100 == 0:
                lines.append(
                    {
                        "step": step,
                        "validation_loss": loss + 0.12,
                        "validation_bits_per_byte": (loss + 0.12) / 2.4,
                    }
                )
                events.append({"step": step, "event": "checkpoint", "detail": {"bytes": 48_000_000}})
        for step, event in (
            (240, "spike"),
            (241, "rollback"),
            (310, "nan"),
            (311, "skip"),
            (402, "resume"),
            (600, "finish"),
        ):
            events.append({"step": step, "event": event, "detail": {"why": "loss 5.9 > 3.2" + self.mark}})
        events.sort(key=lambda event: event["step"])
        folder = self.folder("pretrain")
        self.write(folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
        self.write(
            folder / "events.jsonl",
            "".join(json.dumps(e | {"time": "2026-11-22T06:40:00+00:00"}) + "\n" for e in events),
        )
        self.write(folder / "model" / "config.json", "{}")
        self.metrics["pretrain"] = {
            "steps": 600,
            "tokens": tokens,
            "parameters": 4_012_544,
            "loss": lines[-1].get("validation_loss"),
            "validation_loss": lines[-1].get("validation_loss"),
        }

    def evaluate(self) -> None:
        folder = self.folder("evaluate")
        scores = {
            "bits_per_byte": {
                "model": 1.418,
                "low": 1.391,
                "high": 1.446,
                "xz": 1.571,
                "gzip": 2.004,
                "documents": 39,
                "bytes": 51_000,
                "tokens": 12_750,
            },
            "benchmarks": {
                "mmlu_mini" + self.mark: {
                    "metric": "acc",
                    "value": 0.3,
                    "low": 0.18,
                    "high": 0.455,
                    "items": 40,
                    "contaminated": 4,
                    "more": {"acc_norm": 0.325},
                    "outcomes": {},
                },
                "gsm8k_mini": {
                    "metric": "strict",
                    "value": 0.0,
                    "low": 0.0,
                    "high": 0.109,
                    "items": 32,
                    "contaminated": 3,
                    "more": {"flexible": 0.031, "no_answer": 0.25},
                    "outcomes": {},
                },
                "humaneval_mini": {
                    "metric": "pass@1",
                    "value": 0.05,
                    "low": 0.009,
                    "high": 0.236,
                    "items": 20,
                    "contaminated": 0,
                    "more": {},
                    "outcomes": {"passed": 1, "failed": 14, "crashed": 4, "timeout": 1},
                },
            },
        }
        self.write(folder / "scores.json", json.dumps(scores))
        texts = [
            (
                "",
                "The iterator returns the next value of the sequence, and raises StopIteration when there is "
                "none.\n\nSee also the module functools." + self.mark,
            ),
            (
                "def read(",
                'self, size=-1):\n    """Read up to size bytes from the buffer."""\n    return self.buffer',
            ),
            ("The import statement" + self.mark, " is a sequence of names called the module."),
        ]
        self.write(
            folder / "generations.jsonl",
            "".join(json.dumps({"prompt": p, "text": t}) + "\n" for p, t in texts),
        )
        self.metrics["evaluate"] = {"bits_per_byte": 1.418}

    def manifest(self, node: str) -> None:
        folder = self.folder(node)
        files = [
            {
                "path": str(path.relative_to(folder)),
                "size": path.stat().st_size,
                "checksum": "0" * 64,
                "output": path.relative_to(folder).parts[0].split(".")[0],
                "digest": "1" * 64,
            }
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        ]
        outputs: dict[str, Any] = {}
        for item in files:
            found = outputs.setdefault(item["output"], {"digest": "ab" * 32, "files": 0, "bytes": 0})
            found["files"] += 1
            found["bytes"] += item["size"]
        config = {"language": {"minimum": 0.65, "note": self.mark}} if node == "filter" else {"seed": 1}
        self.write(
            folder / "manifest.json",
            json.dumps(
                {
                    "format": 1,
                    "node": node,
                    "stage": stage_of(node),
                    "fingerprint": self.fingerprint(node),
                    "payload": {
                        "node": node,
                        "version": 1,
                        "packages": {"pyarrow": "26.0.1"},
                        "config": config,
                        "inputs": {},
                    },
                    "config": config,
                    "inputs": {},
                    "outputs": outputs,
                    "files": files,
                    "shards": [
                        {
                            "key": f"{n:05d}",
                            "fingerprint": f"{n:064x}",
                            "reused": n == 0,
                            "seconds": 1.0,
                            "cpu_seconds": 0.9,
                            "metrics": {},
                        }
                        for n in range(len(self.sources) * self.shards)
                    ],
                    "metrics": self.metrics.get(node, {}),
                    "seeds": {"seed": 1},
                    "events": [],
                    "drift": "cd" * 32,
                    "git": {"commit": "d8a9de9c" * 5, "dirty": True},
                    "argv": ["smelt", "run"],
                    "host": {"name": "melting-pot", "cores": 2, "memory": 24 << 30, "python": "3.11.7"},
                    "start": "2026-11-22T06:30:00+00:00",
                    "end": "2026-11-22T06:30:12+00:00",
                    "seconds": SECONDS[node],
                    "cpu_seconds": SECONDS[node] * 1.7,
                }
            ),
        )

    def record(self, upto: str, failed: str | None) -> Path:
        entries = []
        names = list(NODES)[: list(NODES).index(upto) + 1]
        for node in names:
            status = "reused" if node in ("ingest", "filter-edits", "filter-signals") else "done"
            broken = failed is not None and names.index(node) >= names.index(failed)
            if broken:
                status = "failed" if node == failed else "waiting"
            entries.append(
                {
                    "node": node,
                    "stage": stage_of(node),
                    "action": "reuse" if status == "reused" else "run",
                    "reason": "filter.gopher_quality.min_words 50 → 60" + self.mark,
                    "status": status,
                    "fingerprint": self.fingerprint(node),
                    "shards": len(self.sources) * self.shards,
                    "shards_reused": len(self.sources) * self.shards if status == "reused" else 1,
                    "seconds": 0.0 if status == "reused" else None if status == "waiting" else SECONDS[node],
                    "error": "no document is left: 150 dropped" + self.mark if node == failed else None,
                }
            )
        folder = self.path / ".runs" / "20261122-063000-ab12"
        self.write(
            folder / "run.json",
            json.dumps(
                {
                    "id": folder.name,
                    "status": "failed" if failed else "done",
                    "start": "2026-11-22T06:30:00+00:00",
                    "end": "2026-11-22T06:38:12+00:00",
                    "seconds": 830.2,
                    "pipeline": "pipeline.yaml" + self.mark,
                    "argv": ["smelt", "run", self.mark],
                    "host": {"name": "melting-pot", "cores": 2, "python": "3.11.7"},
                    "git": {"commit": "d8a9de9c" * 5, "dirty": True},
                    "nodes": entries,
                    "links": {},
                    "settings": {
                        "seed": 1,
                        "ingest": {
                            "sources": [
                                {"name": name, "kind": kind, "paths": [f"data/{name}/*.warc.gz"]}
                                for name, (kind, _) in self.sources.items()
                            ]
                        },
                        "filter": {"profile": "fineweb", "gopher_quality": {"min_words": 60}},
                        "pretrain": {"steps": 600, "note": self.mark, "api_token": "hunter2"},
                    },
                    "error": "filter: no document is left" + self.mark if failed else None,
                }
            ),
        )
        latest = self.path / ".runs" / "latest"
        latest.unlink(missing_ok=True)
        latest.symlink_to(folder.name)
        return folder


def build_store(path: Path, *, hostile: bool = False, upto: str = "evaluate", failed: str | None = None,
                large: bool = False) -> Store:  # fmt: skip
    """Writes the store of a run that went as far as `upto`, or ended at the node `failed`.

    large: 40 sources with long names, 520 shards.
    """
    builder = Builder(path, HOSTILE if hostile else "")
    if large:
        names = [f"common-crawl-2024-{n:02d}-subset-of-news-and-reference-pages" for n in range(40)]
        kinds = ("web", "book", "code")
        builder = Builder(
            path, sources={name: (kinds[n % 3], 8 + 3 * n) for n, name in enumerate(names)}, shards=13
        )
    for stage in ("ingest", "filter", "dedup", "decontaminate", "tokenize", "pretrain", "evaluate"):
        getattr(builder, stage)()
    for node in NODES:
        builder.manifest(node)
    return Store(path, builder.record(upto, failed), builder.ids)


@pytest.fixture(scope="session")
def make_store() -> Callable[..., Store]:
    """Writes a store of one's own: `build_store`."""
    return build_store


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A finished run over three sources; read only."""
    return build_store(tmp_path_factory.mktemp("sample") / "store")


@pytest.fixture(scope="session")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The same with markup, control characters and bidirectional overrides in every text, name and url."""
    return build_store(tmp_path_factory.mktemp("hostile") / "store", hostile=True)


if __name__ == "__main__":
    print(build_store(Path(sys.argv[1]), hostile="--hostile" in sys.argv, large="--large" in sys.argv).run)
