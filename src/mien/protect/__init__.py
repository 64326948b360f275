"""Hiding faces, and measuring that they stay hidden."""
