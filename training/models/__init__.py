"""Two small models, trained on generated streams: which listings suit a browser, and whether a sign-in is a take-over.

The rows are made as the jobs and the lookup service make them, by :mod:`core.features` and :mod:`core.scoring`. Each
row has only what was known before its event.
"""
