"""Where the job runs: the application archive, the infrastructure, and what size it takes."""
