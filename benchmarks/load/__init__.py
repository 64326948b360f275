"""The server under load: what it is asked with, and what it is measured beside."""
