"""Protect people: faces covered so that nobody, human or machine, tells who it was."""
