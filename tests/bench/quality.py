"""The quality classifier against human judgements, and what it costs.

Human labels: 281 Common Crawl texts that several people unanimously said to keep or to drop (DCLM, MIT licence).
1. Trained on four fifths of the labelled texts, tested on the fifth (5 folds by hash).
2. Trained without them: positives are CCNet head documents and wikitext articles, negatives are Common Crawl
   documents; tested on all labelled texts. This is how the pipeline would use it.
3. The verdicts of the filter's profiles on the same texts.

    python tests/bench/quality.py [FOLDER OF THE DATA]
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tasks.filter import verdicts  # noqa: E402
from tasks.filter.classifier import TRAINING  # noqa: E402
from tasks.filter.quality.family import Config  # noqa: E402
from tasks.filter.quality.model import Classifier, line_of, train  # noqa: E402
from tasks.filter.quality.ranking import accuracy, auc  # noqa: E402

DEFAULTS = Config()
FOLDS = 5


def jsonl(path: Path) -> list[dict]:
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).decode().split("\n")
    return [json.loads(line) for line in lines if line]


def articles(path: Path) -> list[str]:
    """The articles of a wikitext file: a line ` = Title = ` begins one."""
    return [part for part in re.split(r"\n(?= = [^=].*? = \n)", path.read_text()) if len(part) > 500]


def fold_of(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % FOLDS


def learn(positives: Iterable[str], negatives: Iterable[str], **changes: float) -> Classifier:
    """A classifier of balanced examples, as the node trains it."""
    sides = {"positive": list(positives), "negative": list(negatives)}
    count = min(map(len, sides.values()))
    lines = sorted(
        (hashlib.sha256(text.encode()).hexdigest(), f"__label__{label} {line_of(text, DEFAULTS.prefix)}\n")
        for label, texts in sides.items()
        for text in sorted(texts, key=lambda text: hashlib.sha256(text.encode()).hexdigest())[:count]
    )
    settings = {name: getattr(DEFAULTS, name) for name in TRAINING} | changes
    if settings["epochs"] is None:
        from tasks.filter.quality.model import enough_epochs

        settings["epochs"] = enough_epochs(len(lines))
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.writelines(line for _, line in lines)
        file.flush()
        return Classifier(train(Path(file.name), seed=1, **settings), "positive")


def told(name: str, scores: np.ndarray, labels: np.ndarray) -> None:
    positives, negatives = scores[labels == 1], scores[labels == 0]
    best = max(((scores >= limit) == labels).mean() for limit in np.unique(scores))
    spread = np.quantile(scores, [0.05, 0.5, 0.95])
    print(
        f"{name:<58} AUC {auc(positives, negatives):.3f}  balanced accuracy at 0.5 {accuracy(positives, negatives):.3f}"
        f"  accuracy at the best threshold {best:.3f}  scores 5/50/95 % {spread[0]:.3f} {spread[1]:.3f} {spread[2]:.3f}"
    )


def cross_validated(texts: list[str], labels: np.ndarray, **changes: float) -> np.ndarray:
    folds = np.array([fold_of(text) for text in texts])
    scores = np.zeros(len(texts))
    for fold in range(FOLDS):
        rows = [row for row in range(len(texts)) if folds[row] != fold]
        found = learn(
            [texts[r] for r in rows if labels[r]], [texts[r] for r in rows if not labels[r]], **changes
        )
        tested = np.nonzero(folds == fold)[0]
        scores[tested] = found.score([texts[row] for row in tested], DEFAULTS.prefix)
    return scores


def main(data: Path) -> None:
    rows = jsonl(data / "quality" / "dclm-human-annotation" / "agreement_data.jsonl")
    texts, labels = [row["text"] for row in rows], np.array([row["label"] for row in rows])
    print(
        f"{len(texts)} labelled texts, {labels.sum()} to keep; always dropping is right on {1 - labels.mean():.3f}"
    )
    variants = [
        {},
        {"epochs": 5},
        {"learning_rate": 0.1},
        {"epochs": 5, "learning_rate": 0.1},
        {"word_ngrams": 1},
    ]
    for changes in variants:
        told(
            f"5 folds of the labelled texts {changes or ''}",
            cross_validated(texts, labels, **changes),
            labels,
        )

    corpora = data / "corpora"
    crawl = [row["text"] for row in jsonl(next((corpora / "cc-main-2019").glob("*.jsonl.gz")))]
    head = [
        row["text"]
        for path in sorted((corpora / "cc-net-head").rglob("cc_en_head*.jsonl"))
        for row in jsonl(path)
    ]
    wiki = [text for name in ("valid", "test") for text in articles(corpora / "wikitext-2" / f"{name}.txt")]
    print(
        f"{len(head)} CCNet head documents, {len(wiki)} wikitext articles, {len(crawl)} Common Crawl documents"
    )
    for changes in variants:
        for name, good in (("CCNet head", head), ("wikitext", wiki), ("both", head + wiki)):
            told(
                f"{name} against Common Crawl {changes or ''}",
                learn(good, crawl, **changes).score(texts, 20_000),
                labels,
            )

    from tasks.filter import judge, score
    from tasks.filter.language import identification

    signals = score(texts)
    found = identification.detect(texts)
    signals = signals.append_column("language", found["language"]).append_column(
        "language_score", found["score"]
    )
    config = verdicts.Config()
    for profile in config.profiles:
        kept = np.array([verdict == "kept" for verdict in judge(signals, profile)["verdict"].to_pylist()])
        right, wrong = kept[labels == 1].mean(), kept[labels == 0].mean()
        print(f"profile {profile:<50} keeps {right:.3f} of those to keep, {wrong:.3f} of those to drop, "
              f"accuracy {(kept == labels).mean():.3f}, balanced {(right + 1 - wrong) / 2:.3f}")  # fmt: skip

    classifier = learn(head + wiki, crawl)
    many = crawl * 5
    size = sum(len(text.encode()) for text in many)
    rates = []
    for _ in range(3):
        start = time.process_time()
        classifier.score(many, DEFAULTS.prefix)
        rates.append(size / (time.process_time() - start) / 1e6)
    print(f"scoring: {sorted(rates)[1]:.1f} MB/s CPU, {size / 1e6:.0f} MB of Common Crawl")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
