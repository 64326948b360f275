"""How good mien is on labelled pictures: one file a capability, one command for all.

Each file has a TITLE, a line on the PROTOCOL, and ``measure(data) -> list[Row]``.
"""
