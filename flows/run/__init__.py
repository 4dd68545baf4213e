"""One run: what it would do, doing it, and what is written of it."""
