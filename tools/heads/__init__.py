"""Small heads on frozen face embeddings: trained, calibrated, measured by one command."""
