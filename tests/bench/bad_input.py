"""What bad input costs: for each file of tests/test_bad_input.py, at full size, what becomes of it, seconds and MB.

    python tests/bench/bad_input.py [FOLDER]     FOLDER: where files of up to 1 GB are made, one after the other

Each file is read by the node `ingest` in a process of its own; CPU seconds of the reading and writing (imports and
compilation of engines on first use are in it), peak of resident memory (VmHWM; about 120 MB are Python and Arrow).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from test_bad_input import everything, spaces  # noqa: E402

CHILD = """
import json, re, sys, time
from pathlib import Path
from tasks.ingest.node import process
from tasks.node import Input, Shard
kind, engine, name, path, out = sys.argv[1:]
config = {"kind": kind, "name": "s", **({"engine": engine} if kind == "warc" else {})}
start = time.process_time()
metrics = process(Shard("s", config, {"files": [Input(name, path, "unreadable")]}), Path(out)).metrics
seconds = time.process_time() - start
peak = int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) >> 10
lost = {reason: counts["documents"] for reason, counts in metrics["dropped"].items()}
print(json.dumps([lost, metrics["documents_out"], seconds, peak]))
"""


def main() -> None:
    root = sys.argv[1] if len(sys.argv) > 1 else None
    print(f"{'file':30}{'MB':>7}{'seconds':>9}{'peak MB':>9}  what became of it")
    for bad in everything():
        if "denied" in bad.name:  # nothing to measure
            continue
        source, _, name = bad.name.partition("/")
        kind, _, engine = source.partition("-")
        with tempfile.TemporaryDirectory(dir=root) as folder:
            path = Path(folder) / "input"
            made = bad.make(200 if "line" in name else 1024)
            made = spaces(1024) if name.startswith("spaces") else made
            with path.open("wb") as file:
                file.writelines([made] if isinstance(made, bytes) else made)
            done = subprocess.run(
                [sys.executable, "-c", CHILD, "warc" if kind == "deep" else kind, engine or "fast", name,
                 str(path), folder],
                cwd=ROOT, env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=True,
            )  # fmt: skip
            lost, documents, seconds, peak = json.loads(done.stdout)
            what = [f"{reason} × {count}" for reason, count in lost.items()] + [
                f"{documents} documents"
            ] * bool(documents)
            size = path.stat().st_size / 1e6
        print(f"{bad.name:30}{size:7.1f}{seconds:9.2f}{peak:9}  {', '.join(what)}", flush=True)


if __name__ == "__main__":
    main()
