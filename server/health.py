"""`python -m server.health [PORT]`: whether the web process of this container answers.

Owns one question over loopback, asked as the TLS proxy would. It says nothing of PostgreSQL or
Redis on purpose: a web process outlives their absence, and must not be restarted for it.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

SECONDS = 2.0
PATH = "/alive/"


def answers(port: int, host: str) -> bool:
    """Whether GET /alive/ is answered with 200 within two seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", PATH, headers={"Host": host, "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    sys.exit(not answers(port, urlsplit(os.environ.get("THIRDS_ORIGIN", "")).netloc))
