"""Where things lie in a checkout. Everything that is made goes below ``build/``, which is not versioned."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
JARS = BUILD / "jars"
KAFKA_JARS = JARS / "kafka"
CONNECTOR_JAR = JARS / "connector.jar"
SERVICE_JAR = JARS / "service.jar"
LAKE_JAR = JARS / "lake.jar"
LAKE_SERVICE_JAR = JARS / "lake-service.jar"
S3_JARS = JARS / "s3"
CLASS_ARCHIVES = BUILD / "cds"
GEOIP = BUILD / "geoip"
STACK = BUILD / "stack"
PIDS = STACK / "pids"
POMS = PROJECT / "deploy" / "build" / "maven"
JAVA_SOURCES = PROJECT / "common" / "flink" / "java" / "main"
SERVICE_POM = POMS / "pom.xml"
REFERENCE = PROJECT / "deploy" / "application_properties.json"
LAKE_REFERENCE = PROJECT / "deploy" / "lake_properties.json"
