"""A long text through a short window: each token is predicted once, with as much before it as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tasks.evaluate.logprobs import Row


def windows(length: int, window: int, stride: int) -> Iterator[tuple[int, int, int]]:
    """(start, first, end): the model reads [start, end) and is judged on what follows each of [first, end).

    The judged ranges cover [0, length) once; every window but the first is full and advances by `stride` or
    less.

    >>> list(windows(10, 4, 2))
    [(0, 0, 4), (2, 4, 6), (4, 6, 8), (6, 8, 10)]
    """
    if not 1 <= stride <= window:
        raise ValueError(f"a stride of {stride} is not between 1 and the window of {window}")
    if length <= 0:
        return
    end = min(window, length)
    yield 0, 0, end
    while end < length:
        first, end = end, min(end + stride, length)
        yield max(0, end - window), first, end


def rolling_rows(tokens: Sequence[int], end_of_text: int, window: int, stride: int) -> list[Row]:
    """The rows that score every token of one document, which `<|endoftext|>` precedes as context."""
    read = [end_of_text, *tokens]
    return [
        Row(read[start:end], range(first - start, end - start), tokens[first:end])
        for start, first, end in windows(len(tokens), window, stride)
    ]
