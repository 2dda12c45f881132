"""Rules as files: their model, reading them, and the rule set that is compiled from them."""
