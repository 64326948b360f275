"""Perception by machines and people: causes, agreement, and the shape of similarity."""
