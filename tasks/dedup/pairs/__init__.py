"""Candidate pairs by LSH, verified by exact Jaccard similarity."""
