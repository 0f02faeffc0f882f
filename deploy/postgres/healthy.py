"""Whether this node leads, or streams from the one that does: what its Patroni says."""

import sys
import urllib.request

try:
    with urllib.request.urlopen("http://127.0.0.1:8008/readiness", timeout=3) as answer:
        print(answer.status)
except OSError as error:
    sys.exit(f"not ready: {error}")
