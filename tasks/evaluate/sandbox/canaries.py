"""Programs whose verdict is known, run before generated code is scored: a sandbox that fails one is not used.

An exploit is a completion of `PROMPT` that can only pass when something that the sandbox forbids has worked.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from tasks.evaluate.sandbox.parent import Problem, Result, run_problems

PROMPT = 'def add(a, b):\n    """The sum of a and b."""\n'
TEST = "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(-1, 1) == 0\n"
CANONICAL = "    return a + b\n"


def only_if(attempt: str) -> str:
    """A completion that answers rightly once `attempt` has run without an exception, wrongly otherwise."""
    body = "\n".join(f"        {line}" for line in attempt.strip().splitlines())
    return f"    try:\n{body}\n    except BaseException:\n        return None\n    return a + b\n"


_TOLD = yaml.safe_load(Path(__file__).with_name("exploits.yaml").read_text("utf-8"))
EXPLOITS: dict[str, str] = _TOLD["programs"] | {
    name: only_if(lines) for name, lines in _TOLD["attempts"].items()
}
SLOW = frozenset(_TOLD["slow"])


def check_sandbox(timeout: float = 1.0) -> str | None:
    """None when a right solution passes and no exploit does; otherwise what is wrong."""
    names = [name for name in EXPLOITS if name not in SLOW]
    canonical = run_problems([Problem(PROMPT, CANONICAL, TEST, "add")], timeout=30)[0]
    if not canonical.passed:
        return judge(canonical, {})
    exploits = run_problems([Problem(PROMPT, EXPLOITS[name], TEST, "add") for name in names], timeout=timeout)
    return judge(canonical, dict(zip(names, exploits, strict=True)))


def judge(canonical: Result, exploits: dict[str, Result]) -> str | None:
    """The verdict over canaries: None, or one sentence."""
    if not canonical.passed:
        return f"a right solution did not pass: {canonical.outcome} ({canonical.detail})"
    through = [name for name, result in exploits.items() if result.passed]
    if through:
        return f"exploits passed: {', '.join(through)}"
    unscored = [
        f"{name} ({result.detail})" for name, result in exploits.items() if result.outcome == "not scored"
    ]
    return f"exploits could not be tried: {', '.join(unscored)}" if unscored else None
