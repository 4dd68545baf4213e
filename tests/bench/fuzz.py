"""Fuzz the readers, the transport, and whatever reads texts: mutated real and made inputs, laws that hold for all.

    python tests/bench/fuzz.py --minutes 60 [--seed 1] [--only warc,score] [--out FOLDER]
    python tests/bench/fuzz.py --case warc:1:4711        one case again, by target, seed and number
    python tests/bench/fuzz.py --replay FOLDER/x.json    a case that was kept

Cases run in child processes, so that an abort, a hang (CPU time) or too much memory is a finding like an exception.
A finding is kept as its input and what is needed to run it again; three of one kind at most. Exit status 1 if there are some.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import itertools
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fuzzing.case import Case  # noqa: E402
from fuzzing.targets import TARGETS, made  # noqa: E402

BATCH_SECONDS = 15.0  # CPU time of a child, its start aside
HANG_SECONDS = 120.0  # CPU time after which a case's process is ended
STALL_SECONDS = 240.0  # after which a case waits for something that doesn't come
MEMORY = 600  # MB that a process may have had at its peak
ADDRESSES = 8 << 30  # bytes of address space: a demand beyond fails rather than being granted on credit
KEPT = 3  # inputs of one kind of finding
_HIGH_WATER = re.compile(r"VmHWM:\s*(\d+)")


# -- in the child


def peak() -> int:
    """MB of resident memory at most since `forget_peak`."""
    found = _HIGH_WATER.search(Path("/proc/self/status").read_text())
    return int(found[1]) >> 10 if found else 0


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def signature(error: BaseException) -> str:
    """What tells one kind of finding from another: the error, and where in the project's own code it came up."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/tasks/" in frame.filename]
    frames = frames or traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    first = str(error).split(":")[0][:60] if isinstance(error, AssertionError) else ""
    return f"{type(error).__name__} {first} {where}".strip()


def examine(case: Case) -> tuple[str | None, float, int]:
    """(kind of finding or None, CPU seconds, peak MB) of one case."""
    target = TARGETS[case.target]
    forget_peak()
    start, kind, text = time.process_time(), None, ""
    try:
        target.check(case)
    except Exception as error:
        kind, text = signature(error), traceback.format_exc()
    seconds, memory = time.process_time() - start, peak()
    allowed = target.seconds + target.per_byte * len(case.data)
    if kind is None and seconds > allowed:  # twice, as a kernel may have been compiled on the way
        start = time.process_time()
        target.check(case)
        seconds = time.process_time() - start
        kind = "slow" if seconds > allowed else None
    if kind is None and memory > MEMORY:
        kind = "memory"
    if kind:
        print(
            json.dumps({"kind": kind, "seconds": round(seconds, 2), "mb": memory, "text": text[-3000:]}),
            flush=True,
        )
    return kind, seconds, memory


def work(target: str, seed: int, number: int, progress: Path) -> None:
    """Runs cases from `number` on until a batch's time is over; writes down which one it is at."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    handle = os.open(progress, os.O_WRONLY)
    for extra in range(8):  # whatever is imported or compiled on first use
        with contextlib.suppress(Exception):
            TARGETS[target].check(made(target, 0, extra))
    size = int(re.search(r"VmSize:\s*(\d+)", Path("/proc/self/status").read_text())[1]) << 10  # type: ignore[index]
    resource.setrlimit(resource.RLIMIT_AS, (size + ADDRESSES, size + ADDRESSES))
    deadline = time.process_time() + BATCH_SECONDS
    while time.process_time() < deadline:
        os.pwrite(handle, number.to_bytes(8, "little"), 0)
        case = made(target, seed, number)
        signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
        faulthandler.dump_traceback_later(STALL_SECONDS, exit=True)
        kind, _, memory = examine(case)
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_PROF, 0)
        if kind:
            print(json.dumps({"number": number}), flush=True)
        number += 1
        if memory > MEMORY:  # what it holds on to would be blamed on the next ones
            break
    os.pwrite(handle, number.to_bytes(8, "little"), 8)
    os.close(handle)


# -- in the parent


@dataclass
class Campaign:
    """What has been done: cases and CPU seconds by target, findings by target and kind."""

    out: Path
    seed: int
    next: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    found: dict[str, Counter[str]] = field(default_factory=dict)

    def batch(self, target: str) -> None:
        """One child's time for a target."""
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            progress = Path(folder) / "progress"
            progress.write_bytes(bytes(16))
            before = _children()
            child = subprocess.Popen(
                [sys.executable, __file__, "--child", target, "--seed", str(self.seed),
                 "--number", str(self.next[target]), "--progress", str(progress)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": folder},
            )  # fmt: skip
            try:
                out, errors = child.communicate()
            except KeyboardInterrupt:
                child.kill()
                child.communicate()
                raise
            end = (
                signal.Signals(-child.returncode).name
                if child.returncode < 0
                else f"status {child.returncode}"
            )
            self.seconds[target] += round(_children() - before)
            at, done = (int.from_bytes(progress.read_bytes()[a : a + 8], "little") for a in (0, 8))
        report: dict[str, Any] = {}
        for line in out.splitlines():
            about = json.loads(line)
            if "number" in about:
                self.keep(target, about["number"], report)
            else:
                report = about
        if child.returncode:
            kind = "hang" if end == "SIGPROF" else "waits" if "Timeout (" in errors else end
            self.keep(target, at, {"kind": kind, "text": errors[-3000:]})
            done = at + 1
        self.next[target] = max(done, self.next[target])

    def keep(self, target: str, number: int, report: dict[str, Any]) -> None:
        kinds = self.found.setdefault(target, Counter())
        kinds[report["kind"]] += 1
        if kinds[report["kind"]] > KEPT:
            return
        name = re.sub(r"[^\w.-]+", "_", f"{target}-{report['kind']}")[:100] + f"-{self.seed}-{number}"
        made(target, self.seed, number).save(self.out, name)
        (self.out / f"{name}.txt").write_text(json.dumps(report, indent=1).replace("\\n", "\n"))
        print(
            f"FOUND {target}:{self.seed}:{number} {report['kind']} ({report.get('seconds')} s, {report.get('mb')} MB)",
            flush=True,
        )


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def run(minutes: float, seed: int, names: list[str], out: Path) -> int:
    """Goes round the targets by their weights until the time is over or it is interrupted."""
    campaign = Campaign(out, seed)
    start = time.monotonic()
    try:
        for name in itertools.cycle(turns(names)):
            if time.monotonic() - start > 60 * minutes:
                break
            campaign.batch(name)
            print(
                f"{(time.monotonic() - start) / 60:6.1f}  {name}: {campaign.next[name]:,} cases", flush=True
            )
    except KeyboardInterrupt:
        pass
    print(f"\n{(time.monotonic() - start) / 60:.1f} minutes, of them CPU:", end="")
    print(f"\n{'target':12}{'cases':>10}{'minutes':>9}  findings")
    for name in names:
        found = ", ".join(f"{kind} × {count}" for kind, count in campaign.found.get(name, Counter()).items())
        print(f"{name:12}{campaign.next[name]:>10,}{campaign.seconds[name] / 60:>9.1f}  {found or 'none'}")
    print(f"{'all':12}{sum(campaign.next.values()):>10,}{sum(campaign.seconds.values()) / 60:>9.1f}")
    return int(any(campaign.found.values()))


def turns(names: list[str]) -> list[str]:
    """A round: each target as often as its weight says, evenly spread."""
    places = [
        ((turn + 0.5) / TARGETS[name].weight, name) for name in names for turn in range(TARGETS[name].weight)
    ]
    return [name for _, name in sorted(places)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3, help="by the clock")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="targets, with commas between them")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "smelt-fuzz")
    parser.add_argument("--case", help="target:seed:number")
    parser.add_argument("--replay", type=Path)
    for hidden, kind in (("--child", str), ("--number", int), ("--progress", Path)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        work(options.child, options.seed, options.number, options.progress)
        return 0
    if options.case or options.replay:
        if options.case:
            target, seed, number = options.case.split(":")
            case = made(target, int(seed), int(number))
        else:
            case = Case.load(options.replay)
        kind, seconds, memory = examine(case)
        print(f"{kind or 'fine'}: {len(case.data):,} bytes, {seconds:.2f} s, {memory} MB")
        return int(kind is not None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = options.only.split(",") if options.only else list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    return run(options.minutes, options.seed, names, options.out)


if __name__ == "__main__":
    sys.exit(main())
