"""Explainers of torch models."""
