"""What can be said about a text by itself: user agents, referring pages, campaigns. Pure functions from text to a
lookup value, the same for the job and for the lookup service; no input makes them raise. The first call of some
compiles patterns, which takes most of a second: call them once before time matters. None of them caches answers.
"""
