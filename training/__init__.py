"""Offline: features at past instants from the lake, training sets, and the models that are trained on them."""
