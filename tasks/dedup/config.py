"""What is compared of each document: n-grams, permutations, bands."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from tasks import node
from tasks.dedup.banding import choose_bands
from tasks.text import Ngram


class Config(node.Config):
    """ngram: words in a shingle, or "13 characters". bands, rows: two documents of similarity s meet with
    1 - (1 - s^rows)^bands. recall: the least probability with which a pair of similarity `threshold` meets; bands
    and rows follow from it (`tasks.dedup.banding.choose_bands`), whatever they say. seed: draws the permutations.
    sketches: whether sketches are kept, for other programs that compare by datasketch."""

    ngram: Ngram = 5
    bands: int = Field(default=14, ge=1)
    rows: int = Field(default=8, ge=1)
    recall: float | None = Field(default=None, gt=0, lt=1)
    threshold: float = Field(default=0.75, gt=0, le=1)
    seed: int = 1
    sketches: bool = False

    @model_validator(mode="after")
    def _reachable(self) -> Config:
        self.identity()
        return self

    def identity(self) -> dict[str, Any]:
        """Bands and rows as they are used; what they were chosen from is no part of it."""
        bands, rows = choose_bands(self.threshold, self.recall) if self.recall else (self.bands, self.rows)
        known = {
            name: value for name, value in super().identity().items() if name not in ("recall", "threshold")
        }
        return {**known, "bands": bands, "rows": rows}

    def resolved(self) -> Config:
        """The same with bands and rows as they are used."""
        known = self.identity()
        return Config(**{name: known[name] for name in Config.model_fields if name in known})
