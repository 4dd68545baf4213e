"""The rule families, one a file."""
