"""The stages of the pipeline: plain functions over files. Nothing in here imports Prefect."""
