"""A broker that requires TLS and a password: the tools log in with the file of client settings only."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from common.kafka.client_config import VARIABLE
from deploy.paths import PROJECT
from local_stack.kafka.broker import Kafka
from local_stack.processes.ports import HOST

PASSWORD = "of-this-test-alone"  # noqa: S105


def _certificate() -> tuple[str, str]:
    """A self-signed certificate for the loopback address, and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM).decode(), private.decode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    chain, key = _certificate()
    path = tmp_path_factory.mktemp("tls") / "broker.pem"
    path.write_text(chain)
    return path, key


@pytest.fixture(scope="module")
def servers(certificate: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path, key = certificate
    login = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_tool="{PASSWORD}";'
    broker = Kafka(
        tmp_path_factory.mktemp("secured"),
        heap_mb=256,
        extra={
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_SSL",
            "inter.broker.listener.name": "PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "listener.name.plaintext.plain.sasl.jaas.config": login,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": path.read_text().replace("\n", "\\n"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.certificates": path.read_text().replace("\n", "\\n"),
            "ssl.keystore.key": key.replace("\n", "\\n"),
        },
    )
    try:
        broker.start()
        yield broker.bootstrap_servers
    finally:
        broker.stop()


def _run(*command: str, config: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    if config is not None:
        environment[VARIABLE] = str(config)
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _config(tmp_path: Path, certificate: Path, password: str) -> Path:
    path = tmp_path / "client.properties"
    path.write_text(
        f"security.protocol=SASL_SSL\nssl.ca.location={certificate}\n"
        f"sasl.mechanism=PLAIN\nsasl.username=tool\nsasl.password={password}\n"
    )
    return path


def test_the_tools_log_in(servers: str, certificate: tuple[Path, str], tmp_path: Path) -> None:
    config = _config(tmp_path, certificate[0], PASSWORD)
    made = _run("deploy.topics", "--bootstrap-servers", servers, "--partitions", "1", config=config)
    assert made.returncode == 0, made.stderr
    sent = _run("producers", "generate", "--bootstrap-servers", servers, "--events", "50", config=config)
    assert sent.returncode == 0, sent.stderr
    assert "delivered=50" in sent.stderr
    audited = _run(
        "assurance.reconciliation", "audit", "--bootstrap-servers", servers, "--wait-idle", "0", config=config
    )
    # Without a job the records have no outcome. The report shows that the ledger could read them.
    assert audited.returncode == 1, audited.stderr
    assert "50" in audited.stdout


def test_a_wrong_password_is_named_as_the_cause(servers: str, certificate: tuple[Path, str], tmp_path: Path) -> None:
    config = _config(tmp_path, certificate[0], "wrong")
    audited = _run("assurance.reconciliation", "audit", "--bootstrap-servers", servers, config=config)
    assert audited.returncode == 2
    assert audited.stderr == f"ledger: no answer from the Kafka broker at {servers}: _AUTHENTICATION\n"
    sent = _run("producers", "generate", "--bootstrap-servers", servers, "--events", "1", config=config)
    assert sent.returncode == 2
    assert "Authentication failed" in sent.stderr
    assert PASSWORD not in sent.stderr + audited.stderr


def test_an_unknown_setting_is_named(servers: str, tmp_path: Path) -> None:
    config = tmp_path / "client.properties"
    config.write_text("sasl.pasword=x\n")
    for command in (("assurance.reconciliation", "audit"), ("producers", "generate"), ("deploy.topics",)):
        ended = _run(*command, "--bootstrap-servers", servers, config=config)
        assert ended.returncode == 2
        assert "sasl.pasword" in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
