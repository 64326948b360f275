"""What explainers of torch models are made of; torch is imported here and nowhere else above."""
