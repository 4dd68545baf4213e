"""The artifact store: artifacts by fingerprint, locks, what is known of files outside."""
