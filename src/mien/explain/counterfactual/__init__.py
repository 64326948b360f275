"""Counterfactuals: the fewest regions that must change for a decision to be another one."""
