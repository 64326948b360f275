"""What explanations beyond one map are worth: counterfactuals, examples, concepts, guidance."""
