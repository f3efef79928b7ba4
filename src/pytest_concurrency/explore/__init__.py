"""The pipeline: observe, confirm, explore, minimise."""
