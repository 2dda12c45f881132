"""The servers of the pipeline as local processes, without Docker: Kafka, Redis, the lookup service and Flink.

``with LocalStack(StackOptions(run_dir=...)) as stack`` is the library, ``python -m local_stack up`` the command. Every
server listens on 127.0.0.1 only and dies with the process that started it.
"""
