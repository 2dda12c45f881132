"""Models: loaded from a folder, run here or elsewhere, scored with the features of the store, and logged."""
