"""Runs in an environment that has datasketch, rensa and xxhash: CPU seconds of their sketches from text, as JSON.

sign_peers.py TEXTS.json    a list of texts
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import xxhash
from datasketch import MinHash
from rensa import RMinHash

WORDS = re.compile(r"\w+")


def shingles(text: str) -> list[str]:
    words = WORDS.findall(text.lower())
    return [" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))]


def datasketch(texts: list[str]) -> None:
    permutations = MinHash(num_perm=112).permutations
    for text in texts:
        sketch = MinHash(
            num_perm=112, permutations=permutations, scheme="affine32", hashfunc=xxhash.xxh32_intdigest
        )
        sketch.update_batch([shingle.encode() for shingle in shingles(text)])


def rensa(texts: list[str]) -> None:
    RMinHash.from_token_sets([shingles(text) for text in texts], num_perm=112, seed=42)


def seconds(work: Callable[[list[str]], None], texts: list[str]) -> float:
    work(texts[:5])
    start = time.process_time()
    work(texts)
    return time.process_time() - start


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps({work.__name__: seconds(work, given) for work in (datasketch, rensa)}))
