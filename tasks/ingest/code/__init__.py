"""Source code in folders and Git repositories."""
