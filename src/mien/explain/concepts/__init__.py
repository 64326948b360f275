"""Concepts: named attributes that together say what a score or a unit of a template follows."""
