"""Features at past instants, computed from a table of events by SQL that is made from the declarations.

An implementation of its own: it shares the declarations with the online one, and the library of sketches, but nothing
that counts. So a comparison of the two says something.
"""
