"""Text to token ids and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from tasks.errors import StageError
from tasks.text import batches
from tasks.tokenize.bpe import END_OF_TEXT, PAD, pieces
from tasks.tokenize.shards import token_dtype

BATCH = 1 << 20  # characters handed to the library at a time


class Encoder:
    """A tokenizer.json, given as a path (a folder that holds one will do).

    vocab_size: ids are below it; end: the id of `<|endoftext|>`; pad: that of `<|pad|>`; dtype: uint16 where
    the vocabulary allows, otherwise int32. Text is only ever text: the name of a special token inside a
    document becomes the tokens of its characters. Raises StageError if the file is missing or isn't such a
    tokenizer.
    """

    def __init__(self, tokenizer_json: str | Path):
        path = Path(tokenizer_json)
        path = path / "tokenizer.json" if path.is_dir() else path
        if not path.is_file():
            raise StageError(f"{path}: there is no tokenizer here")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing more precise
            raise StageError(f"{path}: not a readable tokenizer.json ({error})") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._tokenizer.encode_special_tokens = True
        self.vocab_size = max(self._tokenizer.get_vocab(with_added_tokens=True).values()) + 1
        self.dtype = token_dtype(self.vocab_size)
        self.end, self.pad = (self._special(name, path) for name in (END_OF_TEXT, PAD))

    def _special(self, name: str, path: Path) -> int:
        number = self._tokenizer.token_to_id(name)
        if number is None:
            raise StageError(f"{path}: the vocabulary has no token {name}")
        return int(number)

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The ids of each text and nothing else: no separator, no special tokens. Quicker in large batches.

        A text is valid Unicode (no lone surrogates). Long ones are encoded in `pieces`, about 1 MB at a time,
        which bounds memory.
        """
        cut = [list(pieces(text)) for text in texts]
        ids = self._encode(piece for each in cut for piece in each)
        found = []
        for each in cut:
            parts = [next(ids) for _ in each]
            found.append(parts[0] if len(parts) == 1 else np.concatenate(parts))
        return found

    def _encode(self, texts: Iterable[str]) -> Iterator[np.ndarray]:
        for batch in batches(texts, BATCH):
            for item in self._tokenizer.encode_batch_fast(batch, add_special_tokens=False):
                yield np.asarray(item.ids, dtype=self.dtype)

    def decode(self, tokens: Sequence[int] | np.ndarray) -> str:
        """The text of ids, special tokens by their names; bytes that aren't UTF-8 become U+FFFD."""
        return str(self._tokenizer.decode([int(token) for token in tokens], skip_special_tokens=False))
