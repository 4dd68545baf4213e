"""A whole pipeline that is small enough for a test: real sources, every stage, a model of a few thousand weights."""

import importlib.metadata
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psutil
import yaml

PACKAGES = (
    "json",
    "email",
    "http",
    "logging",
    "html",
    "urllib",
    "collections",
    "wsgiref",
    "concurrent",
    "dbm",
)
SETTINGS = {
    "store": "store",
    "execution": {"workers": 2},
    "ingest": {
        "sources": [
            {
                "kind": "jsonl",
                "name": "web",
                "paths": ["web.jsonl"],
                "columns": {"text": "text", "url": "url", "id": "id"},
                "document_kind": "web",
            },
            {
                "kind": "code",
                "name": "stdlib",
                "paths": ["stdlib"],
                "extensions": [".py"],
                "group": r"^stdlib/(\w+)",
            },
        ],
        "shard_bytes": 200_000,
    },
    "filter": {
        "profiles": {"fineweb": ["language", "gopher_quality", "c4"], "code": ["code"], "books": ["books"]},
        "gopher_quality": {"min_words": 20},
        "c4": {"min_sentences": 2},
        "language": {"min_score": 0.3},
    },
    "tokenize": {"vocab_size": 512, "validation_fraction": 0.1},
    "pretrain": {
        "model": {"hidden_size": 32, "layers": 2, "heads": 2},
        "sequence_length": 64,
        "batch_size": 4,
        "steps": 30,
        "compile": False,
        "checkpoint_every": 5,
        "validation_every": 15,
        "validation_batches": 1,
        "threads": 1,
        "micro_batch_size": 4,
        "tensorboard": False,
        "dtype": "fp32",
    },
    "evaluate": {
        "benchmarks": [
            {"name": "mmlu_mini", "limit": 4},
            {"name": "gsm8k_mini", "limit": 2},
            {"name": "humaneval_mini", "limit": 2},
        ],
        "bits_per_byte": {"max_bytes": 20_000},
        "generate": {"prompts": ["def "], "max_new_tokens": 8},
        "threads": 1,
    },
}
# As the console script does, and unlike `python -m`, -P takes no code from the folder that the command runs in.
COMMAND = (sys.executable, "-P", "-m", "flows.cli")
IMPOSTOR = "open({record!r}, 'a').write(__name__ + '\\n')\nraise ImportError(__file__)\n"
NAMES = [
    "the baker",
    "a miller",
    "the farmer's daughter",
    "our old neighbour",
    "the village teacher",
    "a travelling singer",
]
VERBS = [
    "has to carry",
    "wanted to sell",
    "could not find",
    "will be happy to bring",
    "thought of",
    "came with",
]
THINGS = [
    "bread",
    "fresh water",
    "a basket of apples",
    "the wooden cart",
    "a letter from the city",
    "flour and salt",
    "honey",
]
WHERE = [
    "to the market",
    "before the rain",
    "in the early morning",
    "at the end of the road",
    "for that long winter",
    "on Sunday",
]


def tale(n: int) -> str:
    """Thirty sentences of plain English, the same for a number every time."""
    draw = random.Random(n)
    parts = [[draw.choice(words) for words in (NAMES, VERBS, THINGS, WHERE)] for _ in range(30)]
    return "\n".join(f"{' '.join(part)}."[:1].upper() + f"{' '.join(part)}."[1:] for part in parts)


def write(root: Path, **changes: object) -> Path:
    """Writes the sources and pipeline.yaml into a folder; `changes` replace whole sections or their keys."""
    root.mkdir(parents=True, exist_ok=True)
    documents = [
        {"id": f"page-{n}", "url": f"https://bakery.example/{n}", "text": tale(n)} for n in range(60)
    ]
    documents.append({**documents[0], "id": "copy-of-page-0", "url": "https://mirror.example/0"})
    documents.append({"id": "short", "url": "https://bakery.example/short", "text": "Too short."})
    (root / "web.jsonl").write_text("".join(json.dumps(row) + "\n" for row in documents) + "{broken\n")
    library = Path(sysconfig.get_paths()["stdlib"])
    for name in PACKAGES:
        shutil.copytree(
            library / name,
            root / "stdlib" / name,
            ignore=shutil.ignore_patterns("__pycache__", "test*"),
            dirs_exist_ok=True,
        )
    settings = json.loads(json.dumps(SETTINGS))
    for section, values in changes.items():
        settings[section] = {**settings[section], **values} if isinstance(values, dict) else values
    file = root / "pipeline.yaml"
    file.write_text(yaml.safe_dump(settings, sort_keys=False))
    return file


def write_impostors(root: Path) -> None:
    """Puts a module beside pipeline.yaml for each that smelt could import; who imports one is told and fails."""
    installed = importlib.metadata.packages_distributions()
    for name in {*sys.stdlib_module_names, *installed, "flows", "tasks", "model"}:
        if name.isidentifier():
            (root / f"{name}.py").write_text(IMPOSTOR.format(record=str(root / "imported.txt")))


def imported_impostors(root: Path) -> list[str]:
    """The names under which impostors have been imported so far."""
    record = root / "imported.txt"
    return record.read_text().split() if record.exists() else []


def environment(**extra: str) -> dict[str, str]:
    """Of a smelt command in a test: single-threaded, without a standing Prefect server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "160", **extra}


def smelt(
    root: Path, *arguments: str, timeout: float = 300, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command in a folder to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=root,
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def record(root: Path) -> dict:
    """The last run's record."""
    return json.loads((root / "store/.runs/latest/run.json").read_text())


def digests(root: Path) -> dict[str, dict[str, str]]:
    """Content digests of the last run's artifacts: node -> output -> digest."""
    found = {}
    for entry in record(root)["nodes"]:
        manifest = json.loads(
            (root / "store" / entry["node"] / entry["fingerprint"] / "manifest.json").read_text()
        )
        found[entry["node"]] = {name: output["digest"] for name, output in manifest["outputs"].items()}
    return found


def processes_with(token: str) -> list[int]:
    """Ids of the living processes in whose environment SMELT_TOKEN is this token."""
    mark, found = f"SMELT_TOKEN={token}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if mark in (folder / "environ").read_bytes().split(b"\0") and state != "Z":
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def lives(process: psutil.Process) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about yet doesn't."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, seconds: float) -> bool:
    """Whether a condition comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


class Running:
    """A `smelt run` in the background, in a process group of its own."""

    def __init__(self, root: Path, *arguments: str, token: str):
        self.root, self.token = root, token
        self.output = open(root / f"output-{time.monotonic_ns()}.txt", "w")  # noqa: SIM115 (the child writes on)
        self.process = subprocess.Popen(
            [*COMMAND, "run", *arguments],
            cwd=root,
            start_new_session=True,
            env=environment(SMELT_TOKEN=token),
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )

    def at(self, stage: str) -> bool:
        """Whether this run is working on a node of a stage, or has ended."""
        if self.process.poll() is not None:
            return True
        try:
            data = record(self.root)
        except (OSError, ValueError):
            return False
        return data["status"] == "running" and any(
            node["stage"] == stage and node["status"] == "running" for node in data["nodes"]
        )

    def kill_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_parent(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)
