"""Orchestration: settings, the artifact store, plans, Prefect flows, the `smelt` command."""
