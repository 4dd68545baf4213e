"""What several stages do with text: words, folding, n-grams, character sets, batches of UTF-8."""
