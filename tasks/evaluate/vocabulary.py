"""A model's tokenizer as evaluation needs it: text to ids as in training, ids to text, the end-of-text token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tasks.errors import StageError

END_OF_TEXT = "<|endoftext|>"


class Vocabulary:
    """tokenizer.json. `end` is the id of `<|endoftext|>`, which stands before and between documents in training."""

    def __init__(self, path: str | Path):
        from tokenizers import Tokenizer

        path = Path(path)
        if not path.is_file():
            raise StageError(f"{path}: the model's tokenizer.json is missing")
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        # Text that looks like a special token is text, as it was in training.
        self._tokenizer.encode_special_tokens = True
        end = self._tokenizer.token_to_id(END_OF_TEXT)
        if end is None:
            raise StageError(f"{path}: has no token {END_OF_TEXT}, which starts every document")
        self.end: int = end

    def encode(self, text: str) -> list[int]:
        """The ids of a text, without special tokens."""
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of many texts."""
        return [item.ids for item in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids; special tokens are left out, and bytes that are no UTF-8 (yet) become U+FFFD."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True)
