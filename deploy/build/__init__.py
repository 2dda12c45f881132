"""The application archive for Managed Service for Apache Flink: ``python -m deploy.build``, or ``make package``."""
