"""How generated answers are judged: GSM8K's numbers, HumanEval's programs. Named by the task files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from tasks.evaluate.sandbox import Problem, run_problems

STRICT = re.compile(r"#### (-?[0-9.,]+)")
NUMBER = re.compile(r"-?\$?[0-9][0-9,]*(?:\.[0-9]+)?")
TIMEOUT: ContextVar[float] = ContextVar("TIMEOUT", default=5.0)  # seconds for one program
KS = (1, 10, 100)


def to_decimal(text: str | None) -> Decimal | None:
    """A number as written, without commas, currency sign and a final full stop; None if it isn't one.

    >>> to_decimal("$1,250.50."), to_decimal("18") == to_decimal("18.0"), to_decimal("1.2.3")
    (Decimal('1250.50'), True, None)
    """
    if text is None:
        return None
    try:
        return Decimal(text.replace(",", "").replace("$", "").rstrip("."))
    except InvalidOperation:
        return None


def strict_number(text: str) -> Decimal | None:
    """The number after the first `####`."""
    found = STRICT.search(text)
    return to_decimal(found.group(1)) if found else None


def last_number(text: str) -> Decimal | None:
    """The last number anywhere in the text."""
    found = NUMBER.findall(text)
    return to_decimal(found[-1]) if found else None


def gsm8k(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """strict, flexible: whether the number after `####`, or the last one, is right; no_answer: no `####`."""
    text, gold = results[0], strict_number(doc["answer"])
    strict, flexible = strict_number(text), last_number(text)
    return {
        "strict": float(strict is not None and strict == gold),
        "flexible": float(flexible is not None and flexible == gold),
        "no_answer": float(strict is None),
    }


@cache
def sandbox_fault() -> str | None:
    """Why generated code can't be scored here, None if it can; the canaries run once per process."""
    from tasks.evaluate.sandbox import check_sandbox

    return check_sandbox()


def run_candidates(
    responses: Sequence[Sequence[str]], docs: Sequence[Mapping[str, Any]]
) -> list[list[dict[str, str]]]:
    """A filter of lm-evaluation-harness: each completion becomes {outcome, detail, completion}."""
    fault = sandbox_fault()
    jobs = [
        (number, completion) for number, completions in enumerate(responses) for completion in completions
    ]
    if fault is None:
        problems = [
            Problem(docs[number]["prompt"], completion, docs[number]["test"], docs[number]["entry_point"])
            for number, completion in jobs
        ]
        found = [(result.outcome, result.detail) for result in run_problems(problems, timeout=TIMEOUT.get())]
    else:
        found = [("not scored", fault)] * len(jobs)
    judged: list[list[dict[str, str]]] = [[] for _ in responses]
    for (number, completion), (outcome, detail) in zip(jobs, found, strict=True):
        judged[number].append({"outcome": outcome, "detail": detail, "completion": completion})
    return judged


def humaneval(doc: Mapping[str, Any], results: Sequence[Sequence[Mapping[str, str]]]) -> dict[str, float]:
    """pass@k of one problem for each k up to the number of its completions; NaN where none was scored."""
    scored = [item["outcome"] == "passed" for item in results[0] if item["outcome"] != "not scored"]
    if not scored:
        return {"pass@1": math.nan}
    return {f"pass@{k}": pass_at_k(len(scored), sum(scored), k) for k in KS if k <= len(scored)}


def pass_at_k(samples: int, right: int, k: int) -> float:
    """The chance that one of k drawn completions is right: 1 - prod(1 - k/i) (Chen et al., 2021).

    >>> pass_at_k(10, 3, 1), pass_at_k(2, 0, 2), pass_at_k(5, 5, 1)
    (0.3, 0.0, 1.0)
    """
    if samples - right < k:
        return 1.0
    share = math.prod(1 - k / i for i in range(samples - right + 1, samples + 1))
    return round(1.0 - share, 12)
