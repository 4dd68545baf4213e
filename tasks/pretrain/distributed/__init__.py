"""Ranks, ZeRO, optimizers and checkpoints."""
