"""Fail unless every line and 95 % of the branches of chopin_mw ran; say nothing if they did."""

import json
import subprocess
import sys

BRANCHES_WANTED = 95.0

report = subprocess.run(
    [sys.executable, "-m", "coverage", "json", "-q", "-o", "-"],
    capture_output=True,
    check=True,
)
totals = json.loads(report.stdout)["totals"]
branches = 100.0 * totals["covered_branches"] / totals["num_branches"]
if totals["missing_lines"] or branches < BRANCHES_WANTED:
    sys.exit(
        f"coverage: {totals['missing_lines']} lines did not run (0 allowed), "
        f"{branches:.1f} % of the branches did ({BRANCHES_WANTED:.0f} wanted)"
    )
