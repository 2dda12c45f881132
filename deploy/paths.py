"""Folders of a checkout. Everything that the programs make goes below ``build/``, which is not versioned."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
CDS_ARCHIVES = BUILD / "cds"
GEOIP = BUILD / "geoip"
STACK = BUILD / "stack"
PIDS = STACK / "pids"
FEATURES_FILE = PROJECT / "deploy" / "features.yaml"
"""The declarations of features."""
