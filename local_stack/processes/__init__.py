"""Child processes: how they are started, watched and stopped, and that none outlives its run."""
