"""The rules of `tasks.decontaminate.search`, slow and plain: for texts without markup, hyphens, numbered lines, and
items whose folded words don't depend on how punctuation is treated."""

import math
from collections.abc import Sequence

from tasks.benchmarks.benchmark import Item
from tasks.decontaminate import Config
from tasks.text.words import folded

Words = Sequence[str]


def found(text: str, items: Sequence[Item], config: Config) -> set[tuple[str, str]]:
    """(benchmark, item) of the items in a text."""
    texts = [[folded(part).split() for part in item.texts] for item in items]
    held = [set().union(*(telling(part, config.ngram) for part in parts)) for parts in texts]
    words = folded(text).split()
    present = telling(words, config.ngram)
    hits = set()
    for item, parts, own in zip(items, texts, held, strict=True):
        rivals = [n for n, other in enumerate(items) if other.benchmark == item.benchmark]
        counted = {gram for gram in own if sum(gram in held[n] for n in rivals) <= config.template}
        grams = [telling(part, config.ngram) & counted for part in parts]
        if not parts:
            continue
        by_answer = any(
            len(part & counted & present) >= max(1, math.ceil(len(part) * config.answer_share))
            for part in (telling(part, config.ngram) for part in parts[1:])
        )
        if grams[0]:
            by_question = bool(grams[0] & present)
        else:
            sharing = sum(texts[n][:1] == parts[:1] for n in rivals)
            by_question = phrase(words, parts, sharing, config)
        if by_question or by_answer:
            hits.add((item.benchmark, item.item))
    return hits


def telling(words: Words, ngram: int) -> set[tuple[str, ...]]:
    runs = {tuple(words[i : i + ngram]) for i in range(len(words) - ngram + 1)}
    return {run for run in runs if different(run) >= 5}


def different(words: Words) -> int:
    return len({word for word in words if len(word) >= 2 and not word[0].isdigit()})


def places(words: Words, wanted: Words, start: int, stop: int) -> list[int]:
    last = min(stop, len(words)) - len(wanted)
    return [i for i in range(start, last + 1) if list(words[i : i + len(wanted)]) == list(wanted)]


def phrase(words: Words, parts: Sequence[Words], sharing: int, config: Config) -> bool:
    own, others = parts[0], [part for part in parts[1:] if part]
    if not own:
        return False
    starts = places(words, own, 0, len(words))
    if len(own) >= config.phrase and different(own) >= 5 and sharing <= 2:
        return bool(starts)
    if not others:
        return False
    letters = sum(len(" ".join(part)) for part in [own, *others])
    if letters < 16:
        labelled = [
            *own,
            *(word for label, part in zip("abcdefghij", others, strict=False) for word in (label, *part)),
        ]
        joined = [*own, *(word for part in others for word in part)]
        return bool(len(others) > 1 and places(words, labelled, 0, len(words))) or bool(
            len("".join(joined)) >= 10 and places(words, joined, 0, len(words))
        )
    window = 2 * sum(len(part) for part in [own, *others]) + 32
    for start in starts:
        after = start + len(own)
        if all(places(words, part, after, start + window) for part in others):
            return True
        for part in others:
            close = places(words, part, after, after + 4 + len(part))
            if close and len(own) + len(part) >= 8 and different([*own, *part]) >= 5:
                return True
    return False
