"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

# pytest imports tests by their files and puts no folder on the path: `fixtures` is found beside this file.
sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["fixtures.embedded_aws"]
