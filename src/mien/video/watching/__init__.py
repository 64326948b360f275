"""Watching a folder or a stream for as long as it goes: what comes in becomes events, told on."""
