"""Figures, charts and text as people read them."""
