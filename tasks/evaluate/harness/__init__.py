"""lm-evaluation-harness, run on our model."""
