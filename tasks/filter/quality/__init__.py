"""The quality classifier."""
