"""The archive's ``main.py``: finds the packages beside it and in ``dep/``, then hands over to the job.

The service's ``pyFiles`` also puts ``dep/`` on the client's path. Because of the lines below the archive runs where
nobody has set ``pyFiles``, and the packages beside this file win over whatever else an image has installed.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "dep")]

from enrichment_job.main import main  # noqa: E402 - found by the path just set

if __name__ == "__main__":
    main()
