"""What a server that starts does not import: what takes long, and only few of its calls need."""

from __future__ import annotations

import os
import subprocess
import sys

LATER = ("scipy.stats", "lightgbm", "sklearn", "pandas", "pyarrow", "dask", "z3", "holidays", "rich")


def test_a_server_starts_without_what_few_calls_need() -> None:
    program = f"import sys, services.__main__; print(*[name for name in {LATER} if name in sys.modules])"
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=paths)
    assert ran.stdout.split() == []
