"""fastText classifiers of whole texts: trained on one thread, checked for sound memory, and asked for a score."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import StageError

if TYPE_CHECKING:
    import numpy as np

PREFIX = "__label__"
POSITIVE, NEGATIVE = "positive", "negative"


def line_of(text: str | None, prefix: int) -> str:
    """The text as one line of at most `prefix` characters, as a classifier is shown it, in training and scoring.

    Line ends become spaces, as DCLM does. What fastText would not read as text is broken up: NUL and lone
    surrogates, a word that is a label, and `</s>`, at which it would stop reading.

    >>> line_of("Tea\\nand __label__positive\\n", 100)
    'Tea and label__positive'
    """
    whole = (text or "")[:prefix].encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
    line = " ".join(whole.strip().splitlines())
    return (
        line.replace(PREFIX, "label__").replace("</s>", "< /s>") if "__" in line or "</s>" in line else line
    )


class Classifier:
    """A fastText classifier and its positive label. Holds the whole model in memory."""

    def __init__(self, model: Any, positive_label: str):
        self.label = PREFIX + positive_label.removeprefix(PREFIX)
        self._model = model
        labels = model.get_labels()
        if self.label not in labels:
            shown = ", ".join(name.removeprefix(PREFIX) for name in labels[:10])
            raise StageError(
                f"the quality classifier has no label {positive_label!r}, it has {shown}"
                f"{' ...' if len(labels) > 10 else ''}: correct filter.quality.positive_label"
            )
        self._labels = len(labels)

    def score(self, texts: Iterable[str | None], prefix: int) -> np.ndarray:
        """The probability of the positive label for each text, float64 from 0 to 1 in steps of 1e-4.

        A text without a word gets 0.
        """
        import numpy as np

        # The method that is bound in C++: `predict` of fasttext 0.9.3 breaks with numpy 2.
        predict, label, labels = self._model.f.predict, self.label, self._labels
        found = []
        for text in texts:
            line = line_of(text, prefix)
            answers = predict(line + "\n", labels, 0.0, "replace") if line and not line.isspace() else ()
            found.append(next((score for score, name in answers if name == label), 0.0))
        return np.round(np.clip(np.array(found, dtype=np.float64), 0.0, 1.0), 4)


@lru_cache(maxsize=1)
def load(path: str, positive_label: str) -> Classifier:
    """The classifier of a file. Raises StageError if it is none or lacks the label."""
    import fasttext

    try:
        model = fasttext.load_model(path)
    except (ValueError, RuntimeError, MemoryError) as error:
        raise StageError(f"{path} is not a fastText model ({error}); see filter.quality.model") from error
    return Classifier(model, positive_label)


def enough_epochs(examples: int) -> int:
    """fastText's own 5, or as many as it takes to see 50,000 examples, but no more than 100.

    Of a few hundred texts, five rounds leave all probabilities near a half.
    """
    return min(100, max(5, -(-50_000 // examples)))


def train(examples: Path, *, seed: int, word_ngrams: int, dimension: int, buckets: int, epochs: int,
          learning_rate: float, min_count: int) -> Any:  # fmt: skip
    """A fastText model of the examples, a line each that begins with its label.

    One thread: with more of them the weights depend on who came first. Raises StageError where this build of
    fastText doesn't clear its memory, and where the weights become no numbers.
    """
    import fasttext

    if not clears_memory():
        raise StageError(UNSOUND)
    try:
        return fasttext.train_supervised(
            str(examples), wordNgrams=word_ngrams, dim=dimension, bucket=buckets, epoch=epochs, lr=learning_rate,
            minCount=min_count, seed=seed % (1 << 31), thread=1, verbose=0,
        )  # fmt: skip
    except RuntimeError as error:
        raise StageError(
            f"the quality classifier could not be trained ({error}): a lower filter.quality.learning_rate, or a "
            "higher filter.quality.min_count where the vocabulary is empty or too large, may help"
        ) from error


UNSOUND = (
    "this build of fastText trains on memory that it doesn't clear, so that a classifier comes out different every "
    "time: build it with .ci/install, or name a classifier that is trained already in filter.quality.model"
)


@lru_cache(maxsize=1)
def clears_memory() -> bool:
    """Whether fastText's training starts from cleared memory.

    fastText 0.9.3 as it comes from its package writes a tenth of the first weights and takes the rest as the
    memory was. The probe leaves dirty holes of a matrix's size on the heap and trains with a rate of next to 0:
    all weights must then still be what initialisation makes of them, at most 1 / dimension.
    """
    import tempfile

    import fasttext
    import numpy as np

    dimension, buckets = 16, 1000
    size = (buckets + 3) * dimension * 4
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "examples.txt"
        path.write_text(f"{PREFIX}one tea pot\n{PREFIX}two tea cup\n" * 5, encoding="utf-8")
        for _ in range(2):
            # Every second block stays, so that the others are holes between them and not the heap's rest.
            blocks = [np.full(size + 4096, 0x7F, dtype=np.uint8) for _ in range(256)]
            del blocks[::2]
            try:
                model = fasttext.train_supervised(
                    str(path),
                    dim=dimension,
                    bucket=buckets,
                    wordNgrams=2,
                    epoch=1,
                    lr=1e-9,
                    thread=1,
                    verbose=0,
                )
            except RuntimeError:  # "Encountered NaN"
                return False
            for weights in (model.get_input_matrix(), model.get_output_matrix()):
                if not (np.abs(weights) <= 1.01 / dimension).all():
                    return False
    return True
