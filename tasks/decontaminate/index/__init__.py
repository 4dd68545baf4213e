"""The index of benchmark items."""
