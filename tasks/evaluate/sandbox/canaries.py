"""Programs whose verdict is known, run before generated code is scored: a sandbox that fails one is not used.

An exploit is a completion of `PROMPT` that can only pass when something that the sandbox forbids has worked.
"""

from __future__ import annotations

from tasks.evaluate.sandbox.parent import Problem, Result, run_problems

PROMPT = 'def add(a, b):\n    """The sum of a and b."""\n'
TEST = "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(-1, 1) == 0\n"
CANONICAL = "    return a + b\n"


def only_if(attempt: str) -> str:
    """A completion that answers rightly once `attempt` has run without an exception, wrongly otherwise."""
    body = "\n".join(f"        {line}" for line in attempt.strip().splitlines())
    return f"    try:\n{body}\n    except BaseException:\n        return None\n    return a + b\n"


ALWAYS_EQUAL = """
    return Equal()
class Equal({base}):
    def __eq__(self, other):
        return True
    def __ne__(self, other):
        return False
    __hash__ = None
"""

EXPLOITS: dict[str, str] = {
    # answers that compare equal to everything
    "always equal object": ALWAYS_EQUAL.format(base="object"),
    "always equal text": ALWAYS_EQUAL.format(base="str"),
    "always equal list": ALWAYS_EQUAL.format(base="list"),
    # leaving before the verdict
    "exit when loaded": """
    return None
raise SystemExit(0)
""",
    "exit when called": """
    raise SystemExit(0)
""",
    "exit at once": """
    import os
    os._exit(0)
""",
    "end of iteration": """
    raise StopIteration
""",
    # changing how it is judged
    "patched builtins": """
    return None
import builtins
builtins.AssertionError = builtins.Exception = type("E", (), {})
builtins.all = lambda *a: True
""",
    "another check": """
    return None
def check(candidate):
    pass
""",
    "forged output": """
    import os
    for out in (1, 2):
        os.write(out, b"passed\\n")
    print("passed", flush=True)
    os._exit(0)
""",
    "forged verdict": """
    import json, os, struct
    data = json.dumps(["passed", ""]).encode()
    for out in range(3, 64):
        try:
            os.write(out, struct.pack(">I", len(data)) + data)
        except OSError:
            pass
    os._exit(0)
""",
    "answers from the caller's frames": """
    import sys
    frame = sys._getframe()
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if isinstance(value, dict) and "test" in value:
                return a + b
        frame = frame.f_back
    return None
""",
    "answers from the heap": """
    import gc
    for thing in gc.get_objects():
        if isinstance(thing, dict) and "assert candidate" in str(thing.get("test", "")):
            return a + b
    return None
""",
    # reaching out
    "reading a file": only_if("open('/proc/self/status').read()"),
    "reading the tests' memory": only_if("import os\nopen(f'/proc/{os.getppid()}/mem', 'rb').read(0)"),
    "listing a folder": only_if("import os\nos.listdir('/')"),
    "writing a file": only_if("open('left-behind', 'w').write('x')"),
    "a socket": only_if("import socket\nsocket.socket()"),
    "a local socket": only_if("import socket\nsocket.socketpair()"),
    "another process": only_if("import os\nif os.fork() == 0:\n    os._exit(0)"),
    "another program": only_if("import subprocess\nsubprocess.run(['true'], check=True)"),
    "replacing itself": only_if("import os\nos.execv('/bin/true', ['true'])"),
    "a thread": only_if("import threading\nthreading.Thread(target=int).start()"),
    "a signal to the parent": only_if("import os\nos.kill(os.getppid(), 0)"),
    "raising its limits": only_if("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (900, 900))"),
    "tracing its parent": only_if(
        "import ctypes, os\nif ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0):\n    raise OSError"
    ),
    "a socket without Python": only_if(
        "import ctypes\nif ctypes.CDLL(None).socket(1, 1, 0) < 0:\n    raise OSError"
    ),
    # using the machine up
    "memory": only_if("x = bytearray(4 << 30)"),
    "memory, bit by bit": """
    x = [0]
    while True:
        x = x + x
""",
    "an endless loop": """
    while True:
        pass
""",
    "an endless loop when loaded": """
    return a + b
while True:
    pass
""",
    "a loop that catches everything": """
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
    "sleep": """
    import time
    time.sleep(1000)
""",
    "a flood of output": """
    import os
    while True:
        os.write(1, b"x" * 65536)
""",
    "an answer without end": """
    x = []
    for _ in range(100000):
        x = [x]
    return x
""",
    # not a program
    "no function": """
    return None
del add
""",
    "a syntax error": """
    return (
""",
}

SLOW = {  # they take the whole timeout or most of it: tried by the tests of this repository, not on every run
    "an endless loop when loaded",
    "a loop that catches everything",
    "sleep",
    "a flood of output",
    "memory, bit by bit",
}


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
