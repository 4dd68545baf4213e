"""Text from a trained model, piece by piece."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from tasks.errors import ConfigError, StageError

END = "<|endoftext|>"


def stream(
    model_folder: Path,
    prompt: str,
    *,
    max_new_tokens: int,
    temperature: float = 0.8,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 1,
) -> Iterator[str]:
    """The model's continuation of `prompt` in whole characters, up to where the model ends the text.

    model_folder: Hugging Face layout with its tokenizer, as training leaves it. The prompt begins a document;
    what doesn't fit into the model's window beside the new tokens is cut at its beginning; the text ends
    where the window is full. ConfigError where there is no model, StageError where it can't be read.
    """
    folder = Path(model_folder)
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ConfigError(
                f"{folder}: there is no {name}: give the folder of a model, or train one with `smelt run`"
            )
    return _stream(folder, prompt, max_new_tokens, temperature, top_k, top_p, seed)


def _stream(folder: Path, prompt: str, most: int, temperature: float, top_k: int | None, top_p: float | None,
            seed: int) -> Iterator[str]:  # fmt: skip
    from tokenizers import Tokenizer

    from model import convert, generate

    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        model = convert.from_huggingface(folder)
    except Exception as error:  # whatever a damaged file makes the readers raise
        raise StageError(f"{folder}: the model can't be read: {error}") from error
    model.eval()
    end = tokenizer.token_to_id(END)
    window = model.config.max_sequence_length
    text = prompt.encode("utf-8", "replace").decode()  # an argument that wasn't UTF-8 has lone surrogates
    start = ([] if end is None else [end]) + tokenizer.encode(text, add_special_tokens=False).ids or [0]
    start = start[-max(1, min(window - 1, window - min(most, window // 2))) :]
    pieces = Decoder(tokenizer)
    stop = () if end is None else (end,)
    for (token,) in generate(
        model, [start], most, temperature=temperature, top_k=top_k, top_p=top_p, seed=seed, stop=stop
    ):
        if token is None or token == end:
            break
        piece = pieces.add(token)
        if piece:
            yield piece
    rest = pieces.finish()
    if rest:
        yield rest


class Decoder:
    """Tokens of a byte-level vocabulary to text, as soon as whole characters are there."""

    def __init__(self, tokenizer: object):
        self._name = tokenizer.id_to_token  # type: ignore[attr-defined]
        added = tokenizer.get_added_tokens_decoder()  # type: ignore[attr-defined]
        self._special = {number: token.content for number, token in added.items()}
        self._bytes = {letter: byte for byte, letter in byte_letters().items()}
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int) -> str:
        """The text that this token completes; bytes of a character that isn't whole yet are held back."""
        if token in self._special:
            return self._decode.decode(self._special[token].encode())
        letters = self._name(token) or ""
        return self._decode.decode(bytes(self._bytes[letter] for letter in letters if letter in self._bytes))

    def finish(self) -> str:
        """What was held back; bytes that never became a character are U+FFFD."""
        return self._decode.decode(b"", final=True)


def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's table).

    Printable Latin-1 stands for itself, the rest for the code points from 256 on, in order.
    """
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in kept]
    return {byte: chr(byte) for byte in kept} | {byte: chr(256 + n) for n, byte in enumerate(others)}
