"""Parses access logs of web servers, load balancers and CDNs: one module per layout, from a line to a request.

:class:`producers.access_log.reader.LogReader` reads a log of any layout.
"""
