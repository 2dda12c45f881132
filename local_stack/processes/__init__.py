"""Child processes: started, watched, stopped, and never left behind."""
