"""The styles in which a head is covered: each file registers one."""
