"""Questions to the last run: why a document went, what other thresholds would do."""
