"""The published audits: for whom the shipped models work less well, on research pictures."""
