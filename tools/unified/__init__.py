"""What the unified model learns from: chips, labels and teachers' outputs, in one folder."""
