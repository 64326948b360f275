"""What jobs can do, one file a kind; each registers itself with ``register``."""
