"""Moves the database from version to version."""

from .errors import BadSetting

DEFAULTS = {"database": "harbor.db", "debug": False, "timeout": 300.0}


def number(key, text):
    try:
        return int(text)
    except ValueError:
        raise BadSetting(f"{key}: not a number: {text}") from None


def settings(text, env):
    found = {**DEFAULTS, "database": env.get("HARBOR_DATABASE") or DEFAULTS["database"]}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        key, _, value = line.partition("=")
        key, value = key.strip().lower(), value.strip()
        if key not in DEFAULTS:
            continue
        if not value:
            found[key] = DEFAULTS[key]
        elif key == "timeout":
            found[key] = float(number(key, value))
        elif key == "debug":
            if value not in ("true", "false"):
                raise BadSetting(f"debug: true or false, not {value}")
            found[key] = value == "true"
        else:
            found[key] = value
    for key in ("debug", "timeout"):
        value = env.get("HARBOR_" + key.upper())
        if not value:
            continue
        if key == "timeout":
            found[key] = float(number(key, value))
        else:
            found[key] = value.lower() in ("1", "true", "yes", "on")
    if env.get("HARBOR_TIMEOUT_MS") and not env.get("HARBOR_TIMEOUT"):
        found["timeout"] = number("timeout", env["HARBOR_TIMEOUT_MS"]) / 1000
    return found
