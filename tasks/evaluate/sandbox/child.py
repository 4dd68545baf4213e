"""The sandbox's two processes, a script for `parent.py`: `python -I -S child.py tests|candidate`.

The tests' process is trusted: it holds the prompt, the test code and the expected values. It reaches the
candidate only through a pipe, over which arguments go out and results come back as plain data, built anew
from JSON: an object with an `__eq__` of its own, a patched builtin or a forged line of output stays on the
other side.

The candidate's process limits its memory, time and files, imports the standard modules that the program
names, and then gives up every system call but those on memory, clocks and descriptors that are open already
(seccomp, an allow-list). From there on it can open no file and no socket, start no process or thread, signal
nobody and read no other process's memory, whether or not it runs as root. Only then is the program executed.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
from collections.abc import Callable
from typing import Any

LARGEST_MESSAGE = 16 << 20  # bytes
EXACT_INTEGER = 1 << 53  # larger ones travel in hexadecimal: linear to parse, no limit on digits


class NotPlain(Exception):
    """A value not made of numbers, text, bytes, lists, tuples, dictionaries, sets, True, False, None."""


# Raised inside `all(map(candidate, ...))` they would end it as true.
ENDS_LOOPS = (StopIteration, StopAsyncIteration)

SEQUENCES = {"l": list, "t": tuple, "s": set | frozenset}


class Gone(Exception):
    """The process at the other end has ended, or sends what isn't a message."""


class CandidateError(Exception):
    """The candidate raised something that is no standard exception."""


# ---- plain data


def encode(value: Any) -> Any:
    """A plain value as JSON: scalars as they are, everything else as [tag, content]."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        number = int(value)
        return number if -EXACT_INTEGER < number < EXACT_INTEGER else ["i", hex(number)]
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, complex):
        return ["c", [value.real, value.imag]]
    if isinstance(value, bytes | bytearray):
        return ["b", bytes(value).hex()]
    for tag, kind in SEQUENCES.items():
        if isinstance(value, kind):
            return [tag, [encode(item) for item in value]]
    if isinstance(value, dict):
        return ["d", [[encode(key), encode(item)] for key, item in value.items()]]
    raise NotPlain(type(value).__name__)


def decode(value: Any) -> Any:
    """The inverse of `encode`: objects of the builtin types themselves. Raises NotPlain otherwise."""
    if not isinstance(value, list):
        if isinstance(value, dict):
            raise NotPlain("an object")
        return value
    if len(value) != 2:
        raise NotPlain("a malformed value")
    tag, content = value
    try:
        if tag == "i":
            return int(content, 16)
        if tag == "c":
            return complex(*content)
        if tag == "b":
            return bytes.fromhex(content)
        if tag == "l":
            return [decode(item) for item in content]
        if tag == "t":
            return tuple(decode(item) for item in content)
        if tag == "s":
            return {decode(item) for item in content}
        if tag == "d":
            return {decode(key): decode(item) for key, item in content}
    except (TypeError, ValueError) as error:
        raise NotPlain("a malformed value") from error
    raise NotPlain("a value of unknown kind")


def send(descriptor: int, message: Any) -> None:
    """Writes one message: its length in four bytes, then JSON."""
    data = json.dumps(message).encode("ascii")
    view = memoryview(struct.pack(">I", len(data)) + data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except OSError as error:
            raise Gone from error


def receive(descriptor: int) -> Any:
    """Reads one message. Raises Gone at the end of the stream, and on what can't be a message."""
    size = struct.unpack(">I", _read(descriptor, 4))[0]
    if size > LARGEST_MESSAGE:
        raise Gone("a message over the limit")
    try:
        return json.loads(_read(descriptor, size))
    except (ValueError, RecursionError) as error:
        raise Gone("not a message") from error


def _read(descriptor: int, size: int) -> bytes:
    parts = []
    while size:
        part = os.read(descriptor, min(size, 1 << 20))
        if not part:
            raise Gone
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


# ---- the tests' process


def run_tests(
    job: dict[str, Any], to_candidate: int, from_candidate: int, report: Callable[..., None]
) -> None:
    """Runs the test code against the candidate and reports one outcome."""
    limit(job["memory"], job["seconds"])
    told = ("program", "entry_point", "memory", "seconds", "parent")
    send(to_candidate, {name: job[name] for name in told})
    try:
        hello = receive(from_candidate)
    except Gone:
        return report("not scored", "the candidate's process ended before it was sealed")
    if hello != "sealed":
        return report("not scored", str(hello)[:200])
    report("started", "")
    calls = [0]
    try:
        state = receive(from_candidate)
        if state is not None:
            return report("failed", str(state)[:200])
        candidate = proxy(to_candidate, from_candidate, calls)
        namespace: dict[str, Any] = {"__name__": "tests"}
        # The prompt's own helpers, which tests may call.
        exec(compile(whole(job["prompt"]), "<prompt>", "exec"), namespace)
        namespace[job["entry_point"]] = namespace["candidate"] = candidate
        exec(compile(job["test"], "<test>", "exec"), namespace)
        if callable(namespace.get("check")):
            namespace["check"](candidate)
    except Gone as error:
        return report("crashed", str(error) or "the candidate's process ended")
    except BaseException as error:
        return report("failed", f"{type(error).__name__}: {error}"[:200])
    if not calls[0]:
        return report("not scored", "the test never calls the candidate")
    return report("passed", "")


def proxy(to_candidate: int, from_candidate: int, calls: list[int]) -> Callable[..., Any]:
    """A function that calls the candidate in the other process; its exceptions are raised again by name."""

    def candidate(*arguments: Any, **keywords: Any) -> Any:
        calls[0] += 1
        send(to_candidate, [encode(arguments), encode(keywords)])
        answer = receive(from_candidate)
        if not isinstance(answer, list) or len(answer) != 2:
            raise Gone("not an answer")
        kind, content = answer
        if kind == "value":
            try:
                return decode(content)
            except RecursionError as error:
                raise NotPlain("a value nested too deeply") from error
        raise named_error(str(content)[:100])

    return candidate


def named_error(name: str) -> Exception:
    """The standard exception of this name, so that a test may expect it; CandidateError for any other."""
    import builtins

    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception) and kind not in ENDS_LOOPS:
        with contextlib.suppress(TypeError):  # UnicodeDecodeError and its kin want more arguments
            return kind("raised by the candidate")
    return CandidateError(name)


def whole(prompt: str) -> str:
    """A prompt as a program: one that ends in the middle of a function gets an empty body."""
    try:
        compile(prompt, "<prompt>", "exec")
    except SyntaxError:
        return prompt.rstrip() + "\n    pass\n"
    return prompt


# ---- the candidate's process


def run_candidate(requests: int, answers: int) -> None:
    """Seals the process, executes the program and answers calls until the tests' process has enough."""
    job = receive(requests)
    try:
        limit(job["memory"], job["seconds"])
        import_ahead(job["program"])
        die_with(job["parent"])
        seal()
    except Exception as error:
        return send(answers, f"the sandbox can't be had: {type(error).__name__}: {error}")
    send(answers, "sealed")
    namespace: dict[str, Any] = {"__name__": "candidate"}
    try:
        exec(compile(job["program"], "<candidate>", "exec"), namespace)
        function = namespace[job["entry_point"]]
    except BaseException as error:
        return send(answers, f"{type(error).__name__} while the program was loaded")
    send(answers, None)
    while True:
        arguments, keywords = receive(requests)
        try:
            answer = ["value", encode(function(*decode(arguments), **decode(keywords)))]
        except BaseException as error:
            answer = ["error", type(error).__name__]
        send(answers, answer)


def limit(memory: int, seconds: int) -> None:
    """Limits this process: address space in bytes, processor time in seconds, no files, no core, no child."""
    import resource

    def at_most(what: int, value: int) -> None:
        hard = resource.getrlimit(what)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))

    at_most(resource.RLIMIT_AS, memory)
    at_most(resource.RLIMIT_CPU, seconds)
    at_most(resource.RLIMIT_FSIZE, 0)
    at_most(resource.RLIMIT_CORE, 0)
    at_most(resource.RLIMIT_NOFILE, 64)
    at_most(resource.RLIMIT_NPROC, 1)


NOT_AHEAD = {"antigravity", "this", "test", "idlelib", "turtledemo", "turtle", "tkinter", "lib2to3"}
LATER = ("_strptime", "weakref", "types", "copyreg", "linecache", "encodings.ascii", "encodings.latin_1")


def import_ahead(program: str) -> None:
    """Imports the standard modules that a program names, while files can still be opened."""
    import ast
    import importlib

    names = list(LATER)
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # the program's own failure, found again when it is executed
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    for name in names:
        top = name.split(".")[0]
        if top in sys.stdlib_module_names and top not in NOT_AHEAD:
            # `from module import function` names no module; a wrong name fails again when it is executed.
            with contextlib.suppress(ImportError):
                importlib.import_module(name)


# System calls that stay: memory, clocks, descriptors that are open already, signals to oneself, the end.
# fmt: off
X86_64 = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "poll": 7, "lseek": 8, "mmap": 9, "mprotect": 10,
    "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "writev": 20,
    "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60, "uname": 63,
    "gettimeofday": 96, "getrusage": 98, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107,
    "getegid": 108, "getppid": 110, "sigaltstack": 131, "gettid": 186, "time": 201, "futex": 202,
    "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230,
    "exit_group": 231, "getrandom": 318, "membarrier": 324, "rseq": 334,
}
AARCH64 = {
    "read": 63, "write": 64, "close": 57, "fstat": 80, "ppoll": 73, "lseek": 62, "mmap": 222,
    "mprotect": 226, "munmap": 215, "brk": 214, "rt_sigaction": 134, "rt_sigprocmask": 135,
    "rt_sigreturn": 139, "writev": 66, "sched_yield": 124, "mremap": 216, "madvise": 233, "nanosleep": 101,
    "getpid": 172, "exit": 93, "uname": 160, "gettimeofday": 169, "getrusage": 165, "times": 153,
    "getuid": 174, "getgid": 176, "geteuid": 175, "getegid": 177, "getppid": 173, "sigaltstack": 132,
    "gettid": 178, "futex": 98, "restart_syscall": 128, "clock_gettime": 113, "clock_getres": 114,
    "clock_nanosleep": 115, "exit_group": 94, "getrandom": 278, "membarrier": 283, "rseq": 293,
}
# fmt: on
# machine -> (AUDIT_ARCH, numbers)
ALLOWED = {
    "x86_64": (0xC000003E, tuple(X86_64.values())),
    "aarch64": (0xC00000B7, tuple(AARCH64.values())),
}
REFUSED = 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM
PERMITTED = 0x7FFF0000
KILLED = 0x80000000


def die_with(parent: int) -> None:
    """Has the kernel kill this process when its parent ends. Raises OSError if that is gone already."""
    import ctypes

    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGKILL
    if os.getppid() != parent:
        raise OSError("the parent is gone")


def seal() -> None:
    """Gives up all system calls but `ALLOWED`, for good. Raises OSError or KeyError if it can't."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4

    def prctl(*arguments: int) -> None:
        if libc.prctl(*arguments, *[0] * (5 - len(arguments))):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    prctl(4, 0)  # PR_SET_DUMPABLE
    prctl(38, 1)  # PR_SET_NO_NEW_PRIVS
    program = filter_program(*ALLOWED[os.uname().machine])
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    described = Program(len(program) // 8, ctypes.addressof(buffer))
    prctl(22, 2, ctypes.addressof(described))  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    try:
        os.listdir("/")
    except PermissionError:
        return
    raise OSError("the filter has no effect")


def filter_program(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """The allow-list as BPF: eight bytes per instruction (code, jump if true, if false, constant)."""
    load, equal, answer = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, KILLED), (load, 0, 0, 0)]
    for position, number in enumerate(numbers):
        steps.append((equal, len(numbers) - position, 0, number))
    steps += [(answer, 0, 0, REFUSED), (answer, 0, 0, PERMITTED)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def main() -> None:
    """Arguments: role, descriptors to write to and to read from; the tests' job is on standard input."""
    role, outgoing, incoming = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sys.argv = [""]
    if role == "candidate":
        with contextlib.suppress(Gone):
            run_candidate(incoming, outgoing)
        return
    job = json.loads(sys.stdin.buffer.read())
    die_with(job["parent"])
    verdicts = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    run_tests(job, outgoing, incoming, lambda outcome, detail: send(verdicts, [outcome, detail]))


if __name__ == "__main__":
    main()
