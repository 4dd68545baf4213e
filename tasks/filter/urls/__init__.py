"""What URLs tell: blocklists, words, canonical forms."""
