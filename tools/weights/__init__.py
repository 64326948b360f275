"""Rebuild every shipped weight file from its source package, and prove it equal to the original."""
