"""Runs in an environment that has datatrove and spaCy, not in smelt's: the filters of datatrove, rule by rule.

    datatrove_rules.py verdicts DOCUMENTS.jsonl OUT.jsonl    each rule alone, on every document
    datatrove_rules.py time DOCUMENTS.jsonl                  CPU seconds with every rule evaluated on every document

A document is {"id": ..., "text": ...}, a verdict {"id": ..., "failed": [rules by smelt's names]}.
"""

from __future__ import annotations

import json
import sys
import time
from functools import cache

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    c4_filters,
    fineweb_quality_filter,
    gopher_quality_filter,
    gopher_repetition_filter,
)
from datatrove.utils import text as text_tools

REPETITION = dict.fromkeys(
    ("dup_line_frac", "dup_para_frac", "dup_line_char_frac", "dup_para_char_frac")
) | dict.fromkeys(("top_n_grams", "dup_n_grams"), ())
QUALITY = dict.fromkeys(
    ("min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length", "max_symbol_word_ratio",
     "max_bullet_lines_ratio", "max_ellipsis_lines_ratio", "max_non_alpha_words_ratio", "min_stop_words")
)  # fmt: skip
C4 = dict.fromkeys(("filter_no_terminal_punct", "filter_lorem_ipsum", "filter_curly_bracket"), False)
C4["min_num_sentences"] = -1
FINEWEB = {"line_punct_thr": 0, "short_line_thr": 9, "char_duplicates_ratio": 9, "new_line_ratio": 9e9}
TOP = ((2, 0.2), (3, 0.18), (4, 0.16))
DUPLICATE = ((5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.10))


def rules():
    """smelt's name of a rule -> a filter that has only it, and the reasons that are the rule's."""
    repetition = {
        "duplicate_paragraphs": {"dup_para_frac": 0.3},
        "duplicate_paragraph_characters": {"dup_para_char_frac": 0.2},
        "duplicate_lines": {"dup_line_frac": 0.3},
        "duplicate_line_characters": {"dup_line_char_frac": 0.2},
        **{f"top_{n}gram": {"top_n_grams": ((n, bound),)} for n, bound in TOP},
        **{f"duplicate_{n}grams": {"dup_n_grams": ((n, bound),)} for n, bound in DUPLICATE},
    }
    quality = {
        "min_words": {"min_doc_words": 50},
        "max_words": {"max_doc_words": 100_000},
        "min_mean_word_length": {"min_avg_word_length": 3},
        "max_mean_word_length": {"max_avg_word_length": 10},
        "max_hash_ratio": {"max_symbol_word_ratio": 0.1},
        "max_ellipsis_ratio": {"max_symbol_word_ratio": 0.1},
        "max_bullet_lines": {"max_bullet_lines_ratio": 0.9},
        "max_ellipsis_lines": {"max_ellipsis_lines_ratio": 0.3},
        "min_alphabetic_words": {"max_non_alpha_words_ratio": 0.8},
        "min_stop_words": {"min_stop_words": 2},
    }
    c4 = {
        "max_lorem_ipsum_lines": {"filter_lorem_ipsum": True},
        "max_curly_bracket_lines": {"filter_curly_bracket": True},
        "min_sentences": {"min_num_sentences": 5},
    }
    fineweb = {
        "min_terminal_lines": {"line_punct_thr": 0.12},
        "max_short_lines": {"short_line_thr": 0.67},
        "max_duplicate_line_characters": {"char_duplicates_ratio": 0.01},
        "max_newlines_per_word": {"new_line_ratio": 0.3},
    }
    reasons = {
        "max_hash_ratio": {"gopher_too_many_hashes"},
        "max_ellipsis_ratio": {"gopher_too_many_ellipsis"},
    }
    found = {}
    for family, kind, off, own in (
        ("gopher_repetition", GopherRepetitionFilter, REPETITION, repetition),
        ("gopher_quality", GopherQualityFilter, QUALITY, quality),
        ("c4", C4QualityFilter, C4, c4),
        ("fineweb", FineWebQualityFilter, FINEWEB, fineweb),
    ):
        for key, on in own.items():
            found[f"{family}.{key}"] = (kind(**(off | on)), reasons.get(key))
    return found


def verdicts(documents, out):
    words, sentences = cache(text_tools.split_into_words), cache(text_tools.split_into_sentences)
    for module in (gopher_quality_filter, gopher_repetition_filter, fineweb_quality_filter):
        module.split_into_words = words
    c4_filters.split_into_sentences = sentences
    checks = rules()
    with open(out, "w", encoding="utf-8") as lines:
        for row in documents:
            failed = []
            for name, (check, reasons) in checks.items():
                found = check.filter(Document(text=row["text"], id="0"))
                if found is not True and (reasons is None or found[1] in reasons):
                    failed.append(name)
            lines.write(json.dumps({"id": row["id"], "failed": failed}) + "\n")
            words.cache_clear()
            sentences.cache_clear()


def measure(documents):
    text_tools.split_into_words("load the tokenizer first")
    never = 9e9
    chain = (
        GopherRepetitionFilter(
            never,
            never,
            never,
            never,
            tuple((n, never) for n, _ in TOP),
            tuple((n, never) for n, _ in DUPLICATE),
        ),
        GopherQualityFilter(1e-9, never, 1e-9, never, never, never, never, 1e-9, 1e-9),
        C4QualityFilter(filter_no_terminal_punct=False, filter_lorem_ipsum=False, filter_curly_bracket=False),
        FineWebQualityFilter(
            line_punct_thr=-1, short_line_thr=9, char_duplicates_ratio=9, new_line_ratio=never
        ),
    )
    start = time.process_time()
    for row in documents:
        for check in chain:
            check.filter(Document(text=row["text"], id="0"))
    return time.process_time() - start


def main(mode, path, out=None):
    with open(path, encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    if mode == "verdicts":
        verdicts(documents, out)
    else:
        print(json.dumps({"seconds": measure(documents)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
