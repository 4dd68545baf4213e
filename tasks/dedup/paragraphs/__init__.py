"""Paragraphs that stand in several documents."""
