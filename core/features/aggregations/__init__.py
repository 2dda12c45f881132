"""What a tile keeps of the values that a feature has seen, one module for each kind."""
