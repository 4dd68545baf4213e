"""Bytes from wherever they lie: local files, HTTP, object stores; containers and compression."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.io import inflate
    from tasks.io.archive import BadArchive, open_archive, read_member
    from tasks.io.container import Damage, chunks
    from tasks.io.location import RealPath, file_name, is_http, is_pattern, is_remote, join, root_of, shown
    from tasks.io.object_version import Version
    from tasks.io.remote_file import RemotePath, digest_of, fetch, located, place
    from tasks.io.remote_listing import listing
    from tasks.io.streams import Pieces, TooLong, charset_of, in_utf8, lines, pieces, probed
else:
    __getattr__ = hand_on(__name__)
