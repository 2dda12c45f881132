"""OpenTelemetry traces of the job, the lookup service and the producers.

Only :mod:`common.telemetry.provider` needs OpenTelemetry's SDK, and it is imported only if tracing is on.
"""
