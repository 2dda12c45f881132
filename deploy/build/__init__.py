"""Application archives for Managed Service for Apache Flink: ``python -m deploy.build``, or ``make package``."""
