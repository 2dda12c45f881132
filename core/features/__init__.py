"""Features: what they are declared as, what an entity's state keeps of its events, and their values at any instant.

Pure, and shared by the jobs that compute them, the lookup service that serves them, and the offline computation.
"""
