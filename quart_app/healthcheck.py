"""`python -m quart_app.healthcheck`: whether the Chronos in this container may be sent requests, for its engine to ask.

Reads PORT (8000 without it). Exit code 0 when /health/ready answers 200, else 1 with the reason on standard output,
where engines keep it. Imports nothing of ours: it runs every few seconds, and is done in a tenth of one.
"""

import http.client
import os
import sys

SECONDS = 3.0


def main() -> int:
    port = int(os.environ.get("PORT") or os.environ.get("CHRONOS_PORT") or 8000)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        words = answer.read(1000).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException) as error:
        sys.stdout.write(f"Chronos does not answer on port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    sys.stdout.write(f"{words}\n")
    return 0 if answer.status == http.client.OK else 1


if __name__ == "__main__":
    sys.exit(main())
