"""What the jobs write about features, and what others read of it."""
