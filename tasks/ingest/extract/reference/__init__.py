"""Slow and plain forms of the kernels of extraction, for their tests."""
