"""Rules of Managed Service for Apache Flink, runtime FLINK-2_2, that local clusters enforce, too."""

PROGRAM_MAY_SET = (
    "execution.runtime-mode",
    "pipeline.auto-generate-uids",
    "pipeline.auto-watermark-interval",
    "pipeline.cached-files",
    "pipeline.classpaths",
    "pipeline.closure-cleaner-level",
    "pipeline.force-avro",
    "pipeline.force-kryo",
    "pipeline.generic-types",
    "pipeline.global-job-parameters",
    "pipeline.jars",
    "pipeline.jobvertex-parallelism-overrides",
    "pipeline.max-parallelism",
    "pipeline.name",
    "pipeline.object-reuse",
    "pipeline.operator-chaining.chain-operators-with-different-max-parallelism",
    "pipeline.operator-chaining.enabled",
    "pipeline.serialization-config",
    "pipeline.vertex-description-mode",
    "pipeline.vertex-name-include-index-prefix",
    "pipeline.watermark-alignment.allow-unaligned-source-splits",
    "python.execution-mode",
    "python.operator-chaining.enabled",
    "python.job-options",
    "python.internal.archives-key-map",
    "python.internal.files-key-map",
    "python.internal.requirements-file-key",
    "table.exec.mini-batch.enabled",
    "__table.query-start.epoch-time__",
    "__table.query-start.local-time__",
    "__table.query-start.current-database__",
)
"""What the service allows in application code; most of its ``table.*`` keys are left out here.

The ``__table`` keys are not in the service's list. Flink's planner sets them for every Table program, so a service that
runs Table programs must allow them.
"""
