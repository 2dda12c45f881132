"""A subset of the Common Expression Language, translated to Python once when a rule is loaded."""
