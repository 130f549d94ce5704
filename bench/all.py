"""All benchmarks, one after the other, and at the end what has to hold and whether it does.

make bench                      or: python bench/all.py [--million]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from _bars import MARK

HERE = Path(__file__).parent
MILLION = {"mining": ["--lines", "10000,100000,1000000"]}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--million", action="store_true", help="a million lines to mine, too")
    given = options.parse_args()
    bars, failed = [], []
    for name in sorted(p.stem for p in HERE.glob("[a-z]*.py") if p.stem != "all"):
        print(f"== bench/{name}.py", flush=True)
        command = [sys.executable, str(HERE / f"{name}.py"), *(MILLION.get(name, []) if given.million else [])]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout or ():
                if line.startswith(MARK):
                    bars.append(line.removeprefix(MARK).strip())
                else:
                    print(line, end="", flush=True)
        if child.returncode:
            failed.append(name)
        print()
    print("== what has to hold, on this machine and in this run")
    print("\n".join(bars))
    if failed:
        sys.exit(f"These benchmarks failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
