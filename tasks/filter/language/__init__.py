"""Language identification."""

from tasks.filter.language.identification import detect

__all__ = ["detect"]
