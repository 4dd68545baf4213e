"""Clusters of near-duplicates and their survivors."""
