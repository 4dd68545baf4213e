"""Source code in folders and Git repositories."""

from typing import TYPE_CHECKING

from tasks.faces import hand_on

if TYPE_CHECKING:
    from tasks.ingest.code import folder, git
    from tasks.ingest.code.files import side_role
else:
    __getattr__ = hand_on(__name__)
