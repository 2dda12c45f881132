"""Makes Java trust the CAs that the image's CA bundle has beyond Debian's own list, such as that of a company's proxy.

Used while the image is built, for Maven. If the bundle is Debian's, there is nothing to do.
"""

import re
import ssl
import subprocess
from pathlib import Path

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
DEBIANS = Path("/usr/share/ca-certificates")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


def certificates(text: str) -> dict[bytes, str]:
    """DER → PEM of every certificate in the text."""
    return {ssl.PEM_cert_to_DER_cert(pem): pem for pem in _CERTIFICATE.findall(text)}


def main() -> None:
    known: set[bytes] = set()
    for file in DEBIANS.rglob("*.crt"):
        known |= certificates(file.read_text()).keys()
    extra = [pem for der, pem in certificates(BUNDLE.read_text()).items() if der not in known]
    for number, pem in enumerate(extra):
        command = ["keytool", "-importcert", "-noprompt", "-cacerts", "-storepass", "changeit"]
        subprocess.run([*command, "-alias", f"bundle-{number}"], input=pem, text=True, check=True, capture_output=True)
    print(f"{len(extra)} certificates beyond Debian's")


if __name__ == "__main__":
    main()
