"""Data about addresses for trying things out, and the image that has it for Docker Compose.

Nothing here needs a package, so that the image converts with Python alone.
"""
