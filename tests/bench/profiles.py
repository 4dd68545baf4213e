"""Verdicts against datatrove's, rule by rule, and each profile against human labels.

With PEERS_PYTHON (see filter.py) datatrove judges Common Crawl, CCNet's head and every eighth page of technical
documentation; the documents that a rule sees otherwise are written to the file that DISAGREEMENTS names.
Human labels: 281 Common Crawl texts that all annotators of DCLM would keep (1) or drop (0).
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

DATA = Path(__file__).resolve().parents[2].parent / "shared/data"
SETS = (
    ("cc-main-2019/*.jsonl.gz", 1),
    ("cc-net-head/multiple_files/*.jsonl.gz", 1),
    ("techdocs/*.jsonl.gz", 8),
)


def documents() -> list[str]:
    texts: list[str] = []
    for pattern, step in SETS:
        for path in sorted((DATA / "corpora").glob(pattern)):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines][::step]
            texts += [row.get("text") or row.get("raw_content") or "" for row in rows]
    return [text for text in texts if text.strip()]


def datatrove(texts: list[str]) -> list[set[str]]:
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
        source.write_text("".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)))
        script = str(Path(__file__).parent / "datatrove_rules.py")
        subprocess.run([os.environ["PEERS_PYTHON"], script, "verdicts", str(source), str(out)], check=True)
        return [set(json.loads(line)["failed"]) for line in out.read_text().splitlines()]


def agreement() -> None:
    from tasks.filter import judge, score
    from tasks.filter.families import FAMILIES

    texts = documents()
    scores = score(texts)
    ours = [set(row) for row in judge(scores)["failed_rules"].to_pylist()]
    theirs = datatrove(texts)
    names = [
        f"{family}.{rule.key}"
        for family in ("gopher_repetition", "gopher_quality", "c4", "fineweb")
        for rule in FAMILIES[family].RULES
        if f"{family}.{rule.key}" != "fineweb.min_lines"
    ]
    print(f"profiles.datatrove.documents\t{len(texts)}\tdocuments")
    apart = []
    for name in names:
        differ = [n for n in range(len(texts)) if (name in ours[n]) != (name in theirs[n])]
        failing = Counter(name in row for row in theirs)[True]
        print(
            f"profiles.datatrove.{name}\t{100 * (1 - len(differ) / len(texts)):.2f}\t% agree; it drops {failing}"
        )
        apart += [{"rule": name, "ours": name in ours[n], "row": n, "text": texts[n]} for n in differ]
    same = sum(
        bool(mine - {"fineweb.min_lines"}) == bool(row) for mine, row in zip(ours, theirs, strict=True)
    )
    print(f"profiles.datatrove.whole\t{100 * same / len(texts):.2f}\t% kept or dropped alike")
    if path := os.environ.get("DISAGREEMENTS"):
        Path(path).write_text("".join(json.dumps(row) + "\n" for row in apart), encoding="utf-8")


def human_labels() -> None:
    from tasks.filter import judge, score

    path = DATA / "quality/dclm-human-annotation/agreement_data.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    scores = score([row["text"] for row in rows])
    good = [row["label"] == 1 for row in rows]
    print(f"profiles.labels.keep\t{sum(good)}\tof {len(good)}")
    for profile in ("fineweb", "dclm", "gopher"):
        kept = [rule is None for rule in judge(scores, profile)["rule"].to_pylist()]
        right = sum(a == b for a, b in zip(kept, good, strict=True)) / len(good)
        of_good = sum(a and b for a, b in zip(kept, good, strict=True)) / sum(good)
        of_bad = sum(a and not b for a, b in zip(kept, good, strict=True)) / (len(good) - sum(good))
        print(
            f"profiles.labels.{profile}\t{right:.3f}\tagree; keeps {of_good:.2f} of the good, {of_bad:.2f} of the bad"
        )


def main() -> None:
    if not DATA.is_dir():
        print(f"profiles\tskipped\tno {DATA}")
        return
    human_labels()
    if "PEERS_PYTHON" in os.environ:
        agreement()
    else:
        print("profiles.datatrove\tskipped\tPEERS_PYTHON is not set")


if __name__ == "__main__":
    main()
