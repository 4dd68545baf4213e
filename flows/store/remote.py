"""Remote inputs: asked about by a run, remembered by the store for plans, which never use the network.

<store>/.remote/known.json    address without secrets -> [digest, time of the answer]; patterns -> addresses
<store>/.remote/<digest>      copies of small files (a crawl's list of paths)
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.provenance import now
from flows.store.store import write_atomically
from tasks.errors import NotAskedYet
from tasks.io import shown

log = logging.getLogger("smelt")
UNKNOWN = "unknown until the run"  # the digest, in a plan, of a file that no run has asked about
AT_ONCE = 16  # questions; each waits for its server most of the time
COPY_BYTES = 256 << 20


class RemoteInputs:
    """What is known about remote files. online: whether it may ask; else what it remembers has to do.

    unknown: addresses, as they may be shown, that were wanted and never asked about.
    recalled: time of the oldest remembered answer that was given out, None if none was.
    """

    def __init__(self, folder: Path, online: bool):
        self._folder, self._online = folder, online
        self._asked: dict[str, str] = {}
        self.unknown: list[str] = []
        self.recalled: str | None = None

    @cached_property
    def _memory(self) -> dict[str, dict[str, Any]]:
        try:
            memory = json.loads((self._folder / "known.json").read_text())
            return {"files": dict(memory["files"]), "patterns": dict(memory["patterns"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"files": {}, "patterns": {}}

    def digest(self, address: str) -> str:
        """What identifies a remote file now: its version, or why it can't be had."""
        if address not in self._asked:
            if self._online:
                self.ask([address])
            else:
                return self._recall(address)
        return self._asked[address]

    def ask(self, addresses: Sequence[str]) -> None:
        """Asks about many files at once. Raises TransientError for one that can't be had now; see `digest_of`."""
        wanted = [address for address in dict.fromkeys(addresses) if address not in self._asked]
        if not self._online or not wanted:
            return
        from tasks.io import digest_of

        if len(wanted) > 1000:
            log.info("asking for the versions of %s remote files", f"{len(wanted):,}")
        pool = ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="ask")
        try:
            self._note(dict(zip(wanted, pool.map(digest_of, wanted), strict=True)))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def glob(self, pattern: str) -> list[str]:
        """The addresses that a pattern matches, or that lie below a folder (`.../`), sorted."""
        if not self._online:
            if (known := self._memory["patterns"].get(_key(pattern))) is None:
                raise NotAskedYet(f"{shown(pattern)}: {UNKNOWN}, a plan uses no network")
            return list(known)
        from tasks.io import listing

        found = listing(pattern)
        self._memory["patterns"][_key(pattern)] = found
        self._save()
        return found

    def copy(self, address: str) -> Path:
        """A local copy of a small file; a run fetches it again when its version is another."""
        digest = self.digest(address)
        if digest == UNKNOWN:
            raise NotAskedYet(f"{shown(address)}: {UNKNOWN}, a plan uses no network")
        path = self._folder / hashlib.sha256(f"{_key(address)} {digest}".encode()).hexdigest()[:24]
        if not path.exists():
            if not self._online:
                raise NotAskedYet(f"{shown(address)}: {UNKNOWN}, a plan uses no network")
            from tasks.io import fetch

            data = fetch(address, digest, COPY_BYTES)
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(data)
            fresh.rename(path)
        return path

    def _recall(self, address: str) -> str:
        if (known := self._memory["files"].get(_key(address))) is None:
            self.unknown.append(shown(address))
            return UNKNOWN
        self.recalled = min(self.recalled or known[1], known[1])
        return str(known[0])

    def _note(self, answers: dict[str, str]) -> None:
        self._asked |= answers
        moment = now()
        self._memory["files"] |= {_key(address): [digest, moment] for address, digest in answers.items()}
        self._save()

    def _save(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self._folder / "known.json", json.dumps(self._memory))


def _key(address: str) -> str:
    """An address without its secrets; a few digits of a hash keep those apart that differ in their query only."""
    query = address.partition("?")[2]
    return shown(address) + (f" {hashlib.sha256(query.encode()).hexdigest()[:8]}" if query else "")
