"""`python -m sprechstunde.simulator`: run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import sys

from sprechstunde.simulator.config import from_environment
from sprechstunde.simulator.server import server


def main() -> int:
    try:
        config = from_environment()
    except ValueError as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    running = server(config)
    running.run()
    return 0 if running.started else 1


if __name__ == "__main__":
    sys.exit(main())
