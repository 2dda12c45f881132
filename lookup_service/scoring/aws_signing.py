"""Signs requests to SageMaker by botocore, with the credentials of the environment, a profile, or the machine."""

import math
import time
from collections.abc import Mapping
from typing import Final

from lookup_service.scoring.runtime import UnusableModelError
from lookup_service.scoring.sagemaker import Signer

NONE_S: Final = 60.0
"""So long nobody looks again where there were no credentials: to look asks the machine's metadata service, which takes
a second where there is none.
"""
_SERVICE: Final = "sagemaker"


def aws_signer(region: str) -> Signer:
    """Raises UnusableModelError without the extra ``scoring``. Finds the credentials when the first request is signed,
    and renews those that expire.
    """
    try:
        from botocore.auth import SigV4Auth  # noqa: PLC0415  # the extra is only needed by whoever has such a model
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415
    except ImportError as error:
        raise UnusableModelError("the extra scoring is not installed") from error
    session = Session()
    none_until = -math.inf

    def sign(url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str] | None:
        nonlocal none_until
        if time.monotonic() < none_until:
            return None
        credentials = session.get_credentials()
        if credentials is None:
            none_until = time.monotonic() + NONE_S
            return None
        request = AWSRequest("POST", url, data=body, headers=dict(headers))
        SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, region).add_auth(request)
        return dict(request.headers.items())

    return sign
