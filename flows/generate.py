"""Text from a trained model, piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.errors import ConfigError, StageError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

END = "<|endoftext|>"


def stream(model_folder: Path, prompt: str, *, max_new_tokens: int, **sampling: Any) -> Iterator[str]:
    """The model's continuation of `prompt` in whole characters, up to where the model ends the text.

    model_folder: Hugging Face layout with its tokenizer, as training leaves it. The prompt begins a document;
    what doesn't fit into the model's window beside the new tokens is cut at its beginning; the text ends
    where the window is full. sampling: temperature, top_k, top_p, seed, as `model.generate` takes them.
    ConfigError where there is no model, StageError where it can't be read.
    """
    folder = Path(model_folder)
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ConfigError(
                f"{folder}: there is no {name}: give the folder of a model, or train one with `smelt run`"
            )
    return _stream(folder, prompt, max_new_tokens, sampling)


def _stream(folder: Path, prompt: str, most: int, sampling: dict[str, Any]) -> Iterator[str]:
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
    stop = () if end is None else (end,)
    steps = generate(model, [start], most, stop=stop, **sampling)
    yield from pieces(tokenizer, (token for (token,) in steps if token is not None and token != end))


def pieces(tokenizer: Tokenizer, tokens: Iterable[int]) -> Iterator[str]:
    """The text of tokens, as soon as whole characters are there; bytes that never become one are U+FFFD at last."""
    from tokenizers.decoders import DecodeStream

    decoder, made, said = DecodeStream(skip_special_tokens=False), list[int](), 0
    for token in tokens:
        made.append(token)
        if piece := decoder.step(tokenizer, token):
            said += len(piece)
            yield piece
    if rest := tokenizer.decode(made, skip_special_tokens=False)[said:]:
        yield rest
