"""Lines and personal data that are taken out of texts before they are judged."""
