"""The counts of `passes`, said slowly and plainly. Tests hold the kernel to it; nothing else calls it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import product

from tasks.filter.text_signals import reference_splits
from tasks.filter.text_signals.characters import EDGE, LETTER, LOWER, SYMBOL, TERMINAL, UPPER
from tasks.filter.text_signals.counts import NGRAM_WORDS
from tasks.filter.text_signals.reference_splits import is_a, small
from tasks.filter.text_signals.stop_words import STOP_WORDS

_WWW = {"".join(three) for three in product("wW", repeat=3)}
_NOT = re.compile("[nN]['’][tT]")
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


def words(text: str) -> list[str]:
    """The words of a text, as `characters` defines them."""
    return [word for chunk in text.split() for word in _chunk_words(chunk)]


def counts(text: str, ngram_words: int = NGRAM_WORDS, language: str = "en") -> dict[str, int]:
    """Every count of `counts.COUNTS`."""
    return {
        **_character_counts(text),
        **_word_counts(text, ngram_words, language),
        **_split_line_counts(text),
        **_line_counts(text, ngram_words),
        **_paragraph_counts(text, ngram_words),
        **reference_splits.counts(text, ngram_words),
    }


def _chunk_words(chunk: str) -> list[str]:
    start, end = 0, len(chunk)
    while start < end and is_a(chunk[start], EDGE):
        start += 1
    while end > start and is_a(chunk[end - 1], EDGE):
        end -= 1
    return _marks(chunk[:start]) + _core_words(chunk[start:end]) + _marks(chunk[end:])


def _marks(marks: str) -> list[str]:
    return re.findall(r"\.+|[^.]", marks)


def _core_words(core: str) -> list[str]:
    if not core:
        return []
    if _is_url(core) or _NOT.fullmatch(core):
        return [core]
    clitic = re.search(rf"(?:(?<=.){_NOT.pattern}|(?<=.)['’][^'’]|(?<=.)['’][^'’]{{2}})$", core, re.DOTALL)
    if clitic and all(is_a(c, LETTER) for c in clitic.group() if c not in "'’"):
        return [*_infix_words(core[: clitic.start()], core), clitic.group()]
    return _infix_words(core, core)


def _is_url(core: str) -> bool:
    scheme, mark, rest = core.partition("://")
    by_scheme = bool(scheme and mark and rest) and all(is_a(c, LETTER) for c in scheme)
    return by_scheme or (len(core) > 4 and core[3] == "." and core[:3] in _WWW)


def _infix_words(head: str, core: str) -> list[str]:
    """Cuts `head`, the core without its clitic."""
    found, start, at = [], 0, 1
    while at < len(head):
        mark = _infix(head, at)
        if mark:
            found += [head[start:at], mark]
            start = at + len(mark)
            at = start
        at += 1
    return [*found, head[start:]] if start < len(head) else found


def _infix(head: str, at: int) -> str:
    """The infix mark that starts at a position; empty if none does."""
    before, rest = head[at - 1], head[at:]
    run = rest[: len(rest) - len(rest.lstrip(rest[0]))]
    after, behind_run = rest[1:2], rest[len(run) :][:1]

    def letter(c: str) -> bool:
        return bool(c) and is_a(c, LETTER)

    def digit(c: str) -> bool:
        return bool(c) and unicodedata.category(c)[0] == "N"

    if rest[0] == "…":
        return "…"
    if rest[0] == ".":
        capital = bool(behind_run) and is_a(behind_run, UPPER)
        return run if len(run) > 1 or (is_a(before, LOWER) and capital) else ""
    if rest[0] in "-‐‑–—" and letter(before) and letter(behind_run):
        return run
    if rest[0] == "," and letter(before) and letter(after):
        return ","
    if rest[0] in ":<>=/" and (letter(before) or digit(before)) and letter(after):
        return rest[0]
    if rest[0] in "+-*^" and digit(before) and digit(after):
        return rest[0]
    return ""


def _character_counts(text: str) -> dict[str, int]:
    letters = sum(is_a(c, LETTER) for c in text)
    return {
        "characters": len(text),
        "spaces": sum(c.isspace() for c in text),
        "letters": letters,
        "alphanumerics": letters + sum(unicodedata.category(c)[0] == "N" for c in text),
        "hashes": text.count("#"),
        "ellipses": text.count("...") + text.count("…"),
        "newlines": text.count("\n"),
    }


def _word_counts(text: str, ngram_words: int, language: str) -> dict[str, int]:
    found = words(text)
    real = [word for word in found if not all(is_a(c, SYMBOL) for c in word)]
    taken = found[:ngram_words]
    return {
        "words": len(found),
        "real_words": len(real),
        "real_word_characters": sum(map(len, real)),
        "alphabetic_words": sum(any(is_a(c, LETTER) for c in word) for word in found),
        "stop_words": len(set(STOP_WORDS.get(language, "").split()) & set(found)),
        "ngram_characters": len(text) if len(taken) == len(found) else _end_of(taken, text),
        **{f"top_{n}gram": _top_ngram(taken, n) for n in (2, 3, 4)},
        **{f"duplicate_{n}gram": _duplicate_ngrams(taken, n) for n in range(5, 11)},
    }


def _end_of(found: Sequence[str], text: str) -> int:
    """Where the last of these words ends in the text."""
    end = 0
    for word in found:
        end = text.index(word, end) + len(word)
    return end


def _top_ngram(found: Sequence[str], size: int) -> int:
    ngrams = [tuple(found[i : i + size]) for i in range(len(found) - size + 1)]
    if not ngrams:
        return 0
    best, times = Counter(ngrams).most_common(1)[0]
    return len(" ".join(best)) * times


def _duplicate_ngrams(found: Sequence[str], size: int) -> int:
    seen, total, i = set(), 0, 0
    while i <= len(found) - size:
        ngram = tuple(found[i : i + size])
        if ngram in seen:
            total += sum(map(len, ngram))
            i += size
        else:
            seen.add(ngram)
            i += 1
    return total


def _duplicates(items: Sequence[str], known: set[str]) -> tuple[int, int]:
    """Second and later copies of those that are known, and their characters."""
    copies = [item for item, times in Counter(items).items() if item in known for _ in range(times - 1)]
    return len(copies), sum(map(len, copies))


def _known(items: Sequence[str], most: int) -> set[str]:
    """The first so many different ones."""
    return set(list(dict.fromkeys(items))[:most])


def _split_line_counts(text: str) -> dict[str, int]:
    lines = text.splitlines()
    found = {
        "split_lines": len(lines),
        "split_line_characters": sum(map(len, lines)),
        "max_line_length": max(map(len, lines), default=0),
        "bullet_lines": sum(line.lstrip().startswith(("•", "-")) for line in lines),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines),
    }
    keys = ("long_word", "few_words", "no_terminal", "javascript", "policy", "lorem_ipsum", "curly_bracket")
    found |= {f"c4_{key}_lines": 0 for key in keys} | {"c4_sentences": 0}
    for line in lines:
        for key in _c4_line(line.strip()):
            found[f"c4_{key}"] += 1
    return found


def _c4_line(line: str) -> list[str]:
    """What C4 counts of a stripped line; `sentences` as often as there are."""
    ends = line.endswith((".", "?", "!", '"', "'")) and not line.endswith("...")
    found = [] if ends else ["no_terminal_lines"]
    lowered = small(line)
    if any(len(word) > 1000 for word in line.split()):
        return [*found, "long_word_lines"]
    if len(line.split()) < 3:
        return [*found, "few_words_lines"]
    if "lorem ipsum" in lowered:
        found.append("lorem_ipsum_lines")
    if "javascript" in lowered:
        return [*found, "javascript_lines"]
    if "{" in line:
        found.append("curly_bracket_lines")
    if any(phrase in lowered for phrase in POLICY):
        return [*found, "policy_lines"]
    return found + ["sentences"] * _sentences(line)


def _sentences(line: str) -> int:
    """Chunks that end in a terminal mark, edge marks after it aside, end a sentence; what is left is one."""
    chunks = line.split()
    ended = [_ends_sentence(chunk) for chunk in chunks]
    return sum(ended) + (not ended[-1])


def _ends_sentence(chunk: str) -> bool:
    """Whether only edge marks stand behind some terminal mark."""
    at = len(chunk)
    while at > 0 and is_a(chunk[at - 1], EDGE | TERMINAL):
        at -= 1
        if is_a(chunk[at], TERMINAL) and all(is_a(c, EDGE) for c in chunk[at + 1 :]):
            return True
    return False


def _line_counts(text: str, most: int) -> dict[str, int]:
    lines = [line for line in text.split("\n") if line.strip()]
    runs = re.split("\n+", text)
    told = _known([run for run in runs if run], most)
    duplicate_lines, duplicate_characters = _duplicates(runs, told | {""})
    return {
        "lines": len(lines),
        "terminal_lines": sum(is_a(line[-1], TERMINAL) for line in lines),
        "short_lines": sum(len(line) <= 30 for line in lines),
        "repeated_line_characters": _duplicates(lines, told)[1],
        "line_runs": len(runs),
        "duplicate_lines": duplicate_lines,
        "duplicate_line_characters": duplicate_characters,
    }


def _paragraph_counts(text: str, most: int) -> dict[str, int]:
    paragraphs = re.split("\n{2,}", text.strip())
    duplicate, characters = _duplicates(paragraphs, _known(paragraphs, most))
    return {
        "paragraphs": len(paragraphs),
        "duplicate_paragraphs": duplicate,
        "duplicate_paragraph_characters": characters,
    }
