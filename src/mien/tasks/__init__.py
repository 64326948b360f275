"""Perception: each task in one file, and the pipeline that runs them."""
