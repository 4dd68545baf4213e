"""The ranks' processes: what they find, how one's failure ends all, and who can reach them."""

import ipaddress
import json
import os
import sys
from pathlib import Path

import psutil
import pytest
import small_pipeline as small

from tasks.pretrain.distributed import ranks

FAILING = """
import os, signal, sys
if os.environ["RANK"] == "0":
    signal.pause()
print("the cause", flush=True)
sys.exit(3)
"""


def run_python(code: str, count: int, meeting: Path) -> tuple[ranks.Failure | None, list[str]]:
    said: list[str] = []
    failed = ranks.run([sys.executable, "-c", code], os.environ, count, meeting, said.append)
    return failed, said


def test_each_rank_finds_its_number_and_a_meeting_place_that_only_its_user_can_enter(tmp_path):
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", ranks.STORE)
    code = f"""
import json, os, pathlib
mode = pathlib.Path(os.environ[{ranks.STORE!r}]).parent.stat().st_mode & 0o777
print(json.dumps([*map(os.environ.get, {names!r}), mode]))
"""
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    (meeting / "store").write_text("what a killed run left")
    failed, said = run_python(code, 2, meeting)
    assert failed is None
    found = sorted(json.loads(line) for line in said)
    assert found == [[rank, rank, "2", str(meeting / "store"), 0o700] for rank in ("0", "1")]
    assert not meeting.exists()


def test_a_rank_that_fails_ends_the_others_and_its_last_words_are_told(tmp_path):
    failed, said = run_python(FAILING, 2, tmp_path / "meeting")
    assert failed == ranks.Failure(rank=1, status=3, last="the cause\n")
    assert said == ["the cause\n"]


def test_no_rank_is_left_when_its_output_cannot_be_stored(tmp_path):
    def full(line: str) -> None:
        raise OSError("no space left on device")

    code = "import os, signal\nprint(os.getpid(), flush=True)\nsignal.pause()"
    with pytest.raises(OSError, match="no space left"):
        ranks.run([sys.executable, "-c", code], os.environ, 2, tmp_path / "meeting", full)
    assert psutil.Process().children() == []


def listening(process: psutil.Process) -> list[str]:
    """The addresses on which a process or one below it listens."""
    processes = [process, *process.children(recursive=True)]
    found = [connection for one in processes for connection in one.net_connections("inet")]
    return [connection.laddr.ip for connection in found if connection.status == psutil.CONN_LISTEN]


@pytest.mark.parametrize("processes", [1, 2])
def test_what_listens_during_training_listens_on_loopback(processes, make_job, start):
    job = make_job(processes=processes, steps=1_000_000, optimizer={"name": "adamw"})
    trainer = start(job)
    assert any(line.startswith("step 4: checkpoint") for line in trainer.stdout)
    addresses = listening(psutil.Process(trainer.pid))
    assert len(addresses) >= processes  # gloo's own
    assert all(ipaddress.ip_address(address).is_loopback for address in addresses), addresses


def test_a_trainer_dies_with_who_started_it_while_it_still_imports(make_job, start):
    def trainers() -> list[psutil.Process]:
        return [one for one in psutil.Process(node.pid).children() if "tasks.pretrain.train" in one.cmdline()]

    node = start(make_job())
    assert small.wait_until(trainers, 60)
    (trainer,) = trainers()
    node.kill()
    assert small.wait_until(lambda: not small.lives(trainer), 4)
