"""python3 -m harbor PROGRAM"""

import os
import sys
from pathlib import Path

from . import migrate, server, worker

program = {"server": server, "worker": worker, "migrate": migrate}[sys.argv[1]]
path = Path("harbor.conf")
text = path.read_text(encoding="utf-8") if path.exists() else ""
for key, value in sorted(program.settings(text, dict(os.environ)).items()):
    print(f"{key} = {value}")
