"""Access logs of web servers, load balancers and content networks: one module per layout, a line in, a request out.

:class:`producers.access_log.reader.LogReader` reads a log whatever its layout is.
"""
