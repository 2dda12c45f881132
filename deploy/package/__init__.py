"""The application archive for Managed Service for Apache Flink: ``python -m deploy.package``, or ``make package``."""
