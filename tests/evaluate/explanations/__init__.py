"""Judging explanations."""
