"""The worker for the queue."""

from .errors import BadSetting

DEFAULTS = {"queue": "berths", "workers": 2, "debug": False, "timeout": 30.0}


def number(key, text):
    try:
        return int(text)
    except ValueError:
        raise BadSetting(f"{key}: not a number: {text}") from None


def settings(text, env):
    found = dict(DEFAULTS)
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        key, _, value = line.partition("=")
        key, value = key.strip().lower(), value.strip()
        if key not in DEFAULTS:
            continue
        if not value:
            found[key] = DEFAULTS[key]
        elif key == "workers":
            found[key] = number(key, value)
        elif key == "timeout":
            found[key] = float(number(key, value))
        elif key == "debug":
            if value not in ("true", "false"):
                raise BadSetting(f"debug: true or false, not {value}")
            found[key] = value == "true"
        else:
            found[key] = value
    for key in DEFAULTS:
        value = env.get("HARBOR_WORKER_" + key.upper()) or env.get("HARBOR_" + key.upper())
        if not value:
            continue
        if key == "workers":
            # one is taken by the server
            found[key] = max(1, number(key, value))
        elif key == "timeout":
            found[key] = float(number(key, value))
        elif key == "debug":
            found[key] = value.lower() in ("1", "true", "yes", "on")
        else:
            found[key] = value
    if env.get("HARBOR_TIMEOUT_MS") and not env.get("HARBOR_WORKER_TIMEOUT") and not env.get("HARBOR_TIMEOUT"):
        found["timeout"] = number("timeout", env["HARBOR_TIMEOUT_MS"]) / 1000
    return found
