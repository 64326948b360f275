"""Networks for mien that were trained on research-only or unclear data."""

from pathlib import Path


def zoo_path() -> Path:
    """Return the folder of specs and weights; mien finds it by entry point."""
    return Path(__file__).parent / "zoo"
