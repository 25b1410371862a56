#!/bin/bash
set -eu
cp /solution/retry.py tollgate/retry.py
python3 -B - <<'EOF'
path = "tollgate/client.py"
text = open(path, encoding="utf-8").read()
start = text.index("    def __init__")
end = text.index("    def _get")
text = text[:start] + '''    def __init__(self, transport, retry=None):
        self.transport = transport
        self.retry = retry

    def rate(self, currency):
        """How much of the currency one euro is, in millionths."""
        path = f"/rates/EUR/{currency}"
        return int(self.retry.call(lambda: self._get(path)) if self.retry else self._get(path))

''' + text[end:]
open(path, "w", encoding="utf-8").write(text.replace("import time\n\n", ""))
EOF
