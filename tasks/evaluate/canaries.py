"""Programs whose verdict is known, run before any generated code is scored: the sandbox is trusted only if each holds.

An exploit is a completion of `PROMPT` that can only pass when something that the sandbox forbids has worked.
"""

from __future__ import annotations

from tasks.evaluate.sandbox import Problem, Result, run_problems

PROMPT = 'def add(a, b):\n    """The sum of a and b."""\n'
TEST = "def check(candidate):\n    assert candidate(2, 3) == 5\n    assert candidate(-1, 1) == 0\n"
CANONICAL = "    return a + b\n"


def only_if(attempt: str) -> str:
    """A completion that answers rightly once `attempt` has run without an exception, wrongly otherwise."""
    body = "\n".join(f"        {line}" for line in attempt.strip().splitlines())
    return f"    try:\n{body}\n    except BaseException:\n        return None\n    return a + b\n"


ALWAYS_EQUAL = (
    "{name}({base}):\n    def __eq__(self, other):\n        return True\n    def __ne__(self, other):\n"
    "        return False\n    __hash__ = None\n"
)

EXPLOITS: dict[str, str] = {
    # answers that compare equal to everything
    "always equal object": "    return Equal()\nclass " + ALWAYS_EQUAL.format(name="Equal", base="object"),
    "always equal text": "    return Equal()\nclass " + ALWAYS_EQUAL.format(name="Equal", base="str"),
    "always equal list": "    return Equal()\nclass " + ALWAYS_EQUAL.format(name="Equal", base="list"),
    # leaving before the verdict
    "exit when loaded": "    return None\nraise SystemExit(0)\n",
    "exit when called": "    raise SystemExit(0)\n",
    "exit at once": "    import os\n    os._exit(0)\n",
    "end of iteration": "    raise StopIteration\n",
    # changing how it is judged
    "patched builtins": "    return None\nimport builtins\nbuiltins.AssertionError = builtins.Exception = type('E', (), {})\n"
    "builtins.all = lambda *a: True\n",
    "another check": "    return None\ndef check(candidate):\n    pass\n",
    "forged output": "    import os, sys\n    for out in (1, 2):\n        os.write(out, b'passed\\n')\n"
    "    print('passed', flush=True)\n    os._exit(0)\n",
    "forged verdict": "    import json, os, struct\n    data = json.dumps(['passed', '']).encode()\n"
    "    for out in range(3, 64):\n        try:\n            os.write(out, struct.pack('>I', len(data)) + data)\n"
    "        except OSError:\n            pass\n    os._exit(0)\n",
    "answers from the caller's frames": "    import sys\n    frame = sys._getframe()\n    while frame:\n"
    "        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):\n"
    "            if isinstance(value, dict) and 'test' in value:\n                return a + b\n"
    "        frame = frame.f_back\n    return None\n",
    "answers from the heap": "    import gc\n    for thing in gc.get_objects():\n"
    "        if isinstance(thing, dict) and 'assert candidate' in str(thing.get('test', '')):\n"
    "            return a + b\n    return None\n",
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
    "a system call of its own": only_if(
        "import ctypes\nlibc = ctypes.CDLL(None)\nif libc.ptrace(16, libc.getppid(), 0, 0) or libc.socket(1, 1, 0) < 0:\n"
        "    raise OSError"
    ),
    # using the machine up
    "memory": only_if("x = bytearray(4 << 30)"),
    "memory, bit by bit": "    x = [0]\n    while True:\n        x = x + x\n",
    "an endless loop": "    while True:\n        pass\n",
    "an endless loop when loaded": "    return a + b\nwhile True:\n    pass\n",
    "a loop that catches everything": "    while True:\n        try:\n            while True:\n                pass\n"
    "        except BaseException:\n            pass\n",
    "sleep": "    import time\n    time.sleep(1000)\n",
    "a flood of output": "    import os\n    while True:\n        os.write(1, b'x' * 65536)\n",
    "an answer without end": "    x = []\n    for _ in range(100000):\n        x = [x]\n    return x\n",
    # not a program
    "no function": "    return None\ndel add\n",
    "a syntax error": "    return (\n",
}


SLOW = {  # they take the whole timeout or most of it: tried by the tests of this repository, not on every run
    "an endless loop when loaded",
    "a loop that catches everything",
    "sleep",
    "a flood of output",
    "memory, bit by bit",
}


def check_sandbox(timeout: float = 1.0) -> str | None:
    """None when the sandbox holds: the canonical solution passes and no exploit does; otherwise what is wrong."""
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
    unscored = [f"{name} ({result.detail})" for name, result in exploits.items() if result.outcome == "not scored"]
    return f"exploits could not be tried: {', '.join(unscored)}" if unscored else None
