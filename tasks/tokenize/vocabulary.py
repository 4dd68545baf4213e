"""What training needs to know of a `tokenizer.json`: how many ids there are, and the bytes of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def read_tokenizer(folder: str | Path) -> dict[str, Any]:
    """The parsed tokenizer.json of a folder."""
    return json.loads((Path(folder) / "tokenizer.json").read_text(encoding="utf-8"))


def vocabulary_size(tokenizer: dict[str, Any]) -> int:
    """The largest id and one."""
    added = [entry["id"] for entry in tokenizer.get("added_tokens", ())]
    return 1 + max([*tokenizer["model"]["vocab"].values(), *added])


def special_ids(tokenizer: dict[str, Any]) -> dict[str, int | None]:
    """end_token and pad_token: the ids of <|endoftext|> and <|pad|>, None for one that isn't there."""
    ids = {entry["content"]: entry["id"] for entry in tokenizer.get("added_tokens", ())}
    return {"end_token": ids.get("<|endoftext|>"), "pad_token": ids.get("<|pad|>")}


def token_bytes(tokenizer: dict[str, Any]) -> np.ndarray:
    """UTF-8 bytes of each id's text in a byte-level BPE, int64 (ids,); 0 for special tokens.

    A byte-level vocabulary writes every byte as one character.
    """
    lengths = np.zeros(vocabulary_size(tokenizer), np.int64)
    for token, index in tokenizer["model"]["vocab"].items():
        lengths[index] = len(token)
    for entry in tokenizer.get("added_tokens", ()):
        lengths[entry["id"]] = 0 if entry["special"] else len(entry["content"].encode())
    return lengths
