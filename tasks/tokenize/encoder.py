"""Text to token ids and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from tasks.errors import StageError
from tasks.tokenize.bpe import END_OF_TEXT, PAD
from tasks.tokenize.shards import token_dtype

LONGEST = 1 << 20  # characters encoded in one piece


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

        A text is valid Unicode (no lone surrogates). Long ones are cut where the pattern cuts anyway, so
        memory is bounded and the ids are those of the whole.
        """
        pieces = [list(_pieces(text)) for text in texts]
        flat = self._tokenizer.encode_batch_fast(
            [piece for each in pieces for piece in each], add_special_tokens=False
        )
        found, at = [], 0
        for each in pieces:
            parts = [np.asarray(item.ids, dtype=self.dtype) for item in flat[at : at + len(each)]]
            found.append(parts[0] if len(parts) == 1 else np.concatenate(parts))
            at += len(each)
        return found

    def decode(self, tokens: Sequence[int] | np.ndarray) -> str:
        """The text of ids, special tokens by their names; bytes that aren't UTF-8 become U+FFFD."""
        return str(self._tokenizer.decode([int(token) for token in tokens], skip_special_tokens=False))


def _pieces(text: str, longest: int = LONGEST) -> Iterator[str]:
    """The text in pieces of about `longest` characters, cut only where the split pattern always cuts.

    That is between a newline and what is neither blank nor beyond ASCII (where the engines' ideas of a
    blank may part), or between an ASCII letter and a space before another. A text that has no such place
    stays whole.
    """
    start = 0
    while len(text) - start > longest:
        end = _cut(text, start, start + longest)
        if end is None:
            break
        yield text[start:end]
        start = end
    yield text[start:] if start else text


def _cut(text: str, start: int, wanted: int) -> int | None:
    """The last safe place in start + 1 .. wanted, else the first after it."""
    for places in (range(wanted, start, -1), range(wanted + 1, len(text))):
        for place in places:
            before, after = text[place - 1], text[place]
            if before == "\n" and after.isascii() and not after.isspace():
                return place
            if after == " " and _is_letter(before) and _is_letter(text[place + 1 : place + 2]):
                return place
    return None


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()
