"""Nobody loads the solver who only evaluates rules."""

from __future__ import annotations

import subprocess
import sys


def test_a_service_that_checks_nothing_does_not_load_the_solver() -> None:
    program = "import sys, services.rules.bootstrap; print('z3' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
