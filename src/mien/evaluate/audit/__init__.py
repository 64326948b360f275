"""Audits: for whom a model works less well, how sure that is, and what the data cannot tell."""
