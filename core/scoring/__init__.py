"""Models as they are declared in ``model.yaml``, and the row of numbers that a model gets for its features.

Pure. The lookup service scores by it and training makes its data by it, so both give a model the same inputs.
"""
