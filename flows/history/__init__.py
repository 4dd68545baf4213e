"""What past runs left, read again."""
