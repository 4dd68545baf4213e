"""Evaluation: bits per byte, benchmarks through lm-evaluation-harness, and a sandbox for generated code."""
