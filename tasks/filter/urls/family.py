"""What a document's URL says against it: blocklists, telling words, and how much its host has given already.

RefinedWeb's scheme (Penedo et al. 2023, G.1), which FineWeb uses: listed hosts and URLs, one hard word, two soft
ones, or one word that is telling even inside of others. The signals are measured in `filter-signals`, the host's
documents counted in `filter-hosts`. A document without a URL passes.
"""

from __future__ import annotations

from tasks.filter.rules import at_most, rules_of
from tasks.node import Config as NodeConfig


class Config(NodeConfig):
    """Thresholds; null turns a rule off.

    max_per_host: documents of one host, those whose ids come first in an order that a hash decides. A cap is set in
    this section, not in a profile or for a language: it brings in the node that counts.
    max_host_share: the same as a share of all documents that have a host.
    """

    max_listed_hosts: int | None = at_most(0, "url_listed_hosts")
    max_listed_urls: int | None = at_most(0, "url_listed_urls")
    max_hard_words: int | None = at_most(0, "url_hard_words")
    max_soft_words: int | None = at_most(1, "url_soft_words")
    max_subwords: int | None = at_most(0, "url_subwords")
    max_per_host: int | None = at_most(None, "host_rank")
    max_host_share: float | None = at_most(None, "host_share")

    @property
    def caps(self) -> bool:
        """Whether documents are counted by host at all."""
        return self.max_per_host is not None or self.max_host_share is not None


RULES = rules_of(Config)
