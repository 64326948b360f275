"""Faces over time: tracks, timelines, signals."""
