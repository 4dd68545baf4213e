"""What a document's URL says against it: blocklists, telling words, and how much its host has given already.

RefinedWeb's scheme (Penedo et al. 2023, G.1), which FineWeb uses: listed hosts and URLs, one hard word, two soft
ones, or one word that is telling even inside of others. The signals are measured in `filter-signals`, the host's
documents counted in `filter-hosts`. A document without a URL passes.
"""

from __future__ import annotations

from tasks.filter.rules import at_most
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off.

    max_per_host: documents of one host, those whose ids come first in an order that a hash decides. A cap is set in
    this section, not in a profile or for a language: it brings in the node that counts.
    max_host_share: the same as a share of all documents that have a host.
    """

    max_listed_hosts: int | None = 0
    max_listed_urls: int | None = 0
    max_hard_words: int | None = 0
    max_soft_words: int | None = 1
    max_subwords: int | None = 0
    max_per_host: int | None = None
    max_host_share: float | None = None

    @property
    def caps(self) -> bool:
        """Whether documents are counted by host at all."""
        return self.max_per_host is not None or self.max_host_share is not None


RULES = (
    at_most("max_listed_hosts", "url_listed_hosts"),
    at_most("max_listed_urls", "url_listed_urls"),
    at_most("max_hard_words", "url_hard_words"),
    at_most("max_soft_words", "url_soft_words"),
    at_most("max_subwords", "url_subwords"),
    at_most("max_per_host", "host_rank"),
    at_most("max_host_share", "host_share"),
)
