"""The artifact store: artifacts by fingerprint, locks, what is known of files outside."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from flows.store.closure import source_closure
    from flows.store.fingerprint import FileDigests, digest, package_version
    from flows.store.locks import FileLock
    from flows.store.remote import RemoteInputs
    from flows.store.store import FORMAT, MANIFEST, Miss, Store, link, output_of, seal, write_atomically
else:
    __getattr__ = hand_on(__name__)
