from pathlib import Path

import yaml

from local_stack.flink.config import FlinkOptions, as_yaml, cluster_settings


def _settings(options: FlinkOptions) -> dict[str, str]:
    return cluster_settings(options, run_dir=Path("/run/it's"), rpc_port=1, rest_port=2, python="/venv/bin/python")


def test_the_file_is_yaml_that_keeps_every_value_a_text() -> None:
    settings = _settings(FlinkOptions())
    assert yaml.safe_load(as_yaml(settings)) == settings


def test_everything_listens_on_loopback() -> None:
    settings = _settings(FlinkOptions())
    hosts = {key: value for key, value in settings.items() if key.endswith((".host", "-host", "address"))}
    assert hosts
    assert set(hosts.values()) == {"127.0.0.1"}


def test_a_restricted_cluster_lets_a_job_set_the_execution_mode_and_not_the_checkpoints() -> None:
    settings = _settings(FlinkOptions())
    assert settings["execution.program-config.enabled"] == "false"
    allowed = settings["execution.program-config.wildcards"].split(";")
    assert "python.execution-mode" in allowed
    assert not [key for key in allowed if key.startswith(("execution.checkpointing", "python.fn-execution"))]


def test_rocksdb_gets_managed_memory_and_hashmap_next_to_none() -> None:
    assert _settings(FlinkOptions(state_backend="rocksdb"))["taskmanager.memory.managed.size"] == "256m"
    assert _settings(FlinkOptions())["taskmanager.memory.managed.size"] == "32m"


def test_extra_settings_win() -> None:
    assert _settings(FlinkOptions(extra={"heartbeat.timeout": "9"}))["heartbeat.timeout"] == "9"


def test_a_folder_with_a_blank_is_named_as_it_is() -> None:
    """Flink does not decode: of ``my%20dir`` it makes a directory of that name, outside the checkout."""
    run_dir = Path("/home/me/my dir/run")
    settings = cluster_settings(FlinkOptions(), run_dir=run_dir, rpc_port=1, rest_port=2, python="/venv/bin/python")
    assert settings["execution.checkpointing.dir"] == "file:///home/me/my dir/run/checkpoints"
    assert settings["execution.checkpointing.savepoint-dir"] == "file:///home/me/my dir/run/savepoints"
