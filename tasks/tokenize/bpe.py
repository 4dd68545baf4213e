"""Training a byte-level BPE vocabulary, and the files in which Hugging Face libraries read it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split
from tokenizers.trainers import BpeTrainer

from tasks.errors import StageError

END_OF_TEXT = "<|endoftext|>"
PAD = "<|pad|>"
SPECIAL = (END_OF_TEXT, PAD)  # ids 0 and 1
SMALLEST = 256 + len(SPECIAL)  # every byte, and the special tokens

# Where BPE may not merge across, in the style of GPT-4's: English contractions; letters with at most one
# other character before them; one to three digits; runs of other signs, with the line ends that follow;
# line ends with the blanks before them; blanks, the last of which goes to the word that follows.
PATTERN = "|".join(
    (
        r"(?i:'(?:[sdmt]|ll|ve|re))",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


LONGEST = 1 << 18  # characters: the library needs more than 100 bytes for each


def pieces(text: str, longest: int = LONGEST) -> Iterator[str]:
    """The text in pieces of at most `longest` characters, cut where `PATTERN` cuts in any case.

    The tokens of the pieces are those of the whole. Such a place is between a newline and what is neither
    blank nor beyond ASCII (where engines' ideas of a blank may part), or between an ASCII letter and a
    space before another. Only where `longest` characters have no such place is the cut anywhere. The
    pattern's engine gives up (panics) on a run of ten million blanks.
    """
    start = 0
    while len(text) - start > longest:
        end = _cut(text, start, start + longest)
        yield text[start:end]
        start = end
    yield text[start:] if start else text


def _cut(text: str, start: int, wanted: int) -> int:
    """The last safe place in start + 1 .. wanted, or `wanted`."""
    for place in range(wanted, start, -1):
        before, after = text[place - 1], text[place]
        if before == "\n" and after.isascii() and not after.isspace():
            return place
        if after == " " and _is_letter(before) and _is_letter(text[place + 1 : place + 2]):
            return place
    return wanted


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def train_bpe(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """A vocabulary of vocab_size tokens: special ones, the 256 bytes, and merges seen at least twice.

    Raises StageError if the texts don't have that many.
    """
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = Sequence(
        [Split(Regex(PATTERN), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = ByteLevelDecoder()
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=list(SPECIAL),
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((piece for text in texts for piece in pieces(text)), trainer)
    found = tokenizer.get_vocab_size()
    if found < vocab_size:
        raise StageError(
            f"tokenize: the sample of the corpus fills a vocabulary of {found} tokens, not {vocab_size}: "
            f"set tokenize.vocab_size to at most {found}, or give it more text"
        )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Writes tokenizer.json and tokenizer_config.json, which `transformers.AutoTokenizer` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True) + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END_OF_TEXT,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1_000_000_000,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
