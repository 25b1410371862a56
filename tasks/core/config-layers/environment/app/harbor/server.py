"""The web server."""

from .errors import BadSetting

DEFAULTS = {"host": "127.0.0.1", "port": 8080, "prefix": "/harbor", "workers": 4, "debug": False, "timeout": 30.0}
OTHERS = ("queue", "database")


def number(key, text):
    try:
        return int(text)
    except ValueError:
        raise BadSetting(f"{key}: not a number: {text}") from None


def settings(text, env):
    found = dict(DEFAULTS)
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        key, _, value = line.partition("=")
        key, value = key.strip().lower(), value.strip()
        if key in OTHERS:
            continue
        if key not in DEFAULTS:
            raise BadSetting(f"unknown setting: {key}")
        if not value:
            found[key] = DEFAULTS[key]
        elif key == "port":
            found[key] = number(key, value.removeprefix("tcp:"))
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
        value = env.get("HARBOR_" + key.upper())
        if value is None or value == "" and key != "prefix":  # "" is the root
            continue
        if key in ("port", "workers"):
            found[key] = number(key, value)
        elif key == "timeout":
            found[key] = float(number(key, value))
        elif key == "debug":
            found[key] = value.lower() in ("1", "true", "yes", "on")
        else:
            found[key] = value
    if env.get("HARBOR_TIMEOUT_MS") and not env.get("HARBOR_TIMEOUT"):
        found["timeout"] = number("timeout", env["HARBOR_TIMEOUT_MS"]) / 1000
    return found
