"""The transformer. It knows nothing of data, DeepSpeed or Prefect."""
