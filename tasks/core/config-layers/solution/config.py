"""Settings: what each program has, and the layers that they come from."""

from .errors import BadSetting

TRUE = ("1", "true", "yes", "on")
COMMON = {"debug": False, "timeout": 30.0}
DEFAULTS = {
    "server": {"host": "127.0.0.1", "port": 8080, "prefix": "/harbor", "workers": 4, **COMMON},
    "worker": {"queue": "berths", "workers": 2, **COMMON},
    "migrate": {"database": "harbor.db", **COMMON, "timeout": 300.0},
}
PREFIXES = {"server": ("HARBOR_",), "worker": ("HARBOR_WORKER_", "HARBOR_"), "migrate": ("HARBOR_",)}
ELSEWHERE = ("queue", "database")  # of the other programs; the server refuses everything else that it doesn't know


def settings(program, text, env):
    """The settings of a program."""
    return {key: value for key, (value, _) in _layers(program, text, env).items()}


def explain(program, text, env):
    """Where each setting of a program comes from."""
    return {key: source for key, (_, source) in _layers(program, text, env).items()}


def _layers(program, text, env):
    found = {key: (value, "default") for key, value in DEFAULTS[program].items()}
    if program == "migrate":
        # On the hosts the variable names the replica, so the file goes before it.
        _environment(found, program, env, ["database"])
        _file(found, program, text)
        _environment(found, program, env, ["debug", "timeout"])
    else:
        _file(found, program, text)
        _environment(found, program, env, list(found))
    return found


def _file(found, program, text):
    defaults = DEFAULTS[program]
    for number, line in enumerate(text.splitlines(), 1):
        key, _, value = line.split("#")[0].strip().partition("=")
        key, value = key.strip().lower(), value.strip()
        if key in defaults:
            found[key] = (_from_file(key, value), f"file, line {number}") if value else (defaults[key], "default")
        elif program == "server" and line.split("#")[0].strip() and key not in ELSEWHERE:
            raise BadSetting(f"unknown setting: {key}")


def _from_file(key, value):
    if key == "debug":
        if value not in ("true", "false"):
            raise BadSetting(f"debug: true or false, not {value}")
        return value == "true"
    return _typed(key, value.removeprefix("tcp:") if key == "port" else value)


def _environment(found, program, env, keys):
    for key in keys:
        for prefix in PREFIXES[program]:
            name = prefix + key.upper()
            # An empty prefix is the root; any other empty variable is none.
            if env.get(name) or key == "prefix" and name in env:
                found[key] = (_from_variable(program, key, env[name]), name)
                break
    old = "HARBOR_TIMEOUT_MS"
    if "timeout" in keys and env.get(old) and not any(env.get(prefix + "TIMEOUT") for prefix in PREFIXES[program]):
        found["timeout"] = (_number("timeout", env[old]) / 1000, old)


def _from_variable(program, key, value):
    if key == "debug":
        return value.lower() in TRUE
    typed = _typed(key, value)
    return max(1, typed) if (program, key) == ("worker", "workers") else typed


def _typed(key, value):
    if key in ("port", "workers"):
        return _number(key, value)
    return float(_number(key, value)) if key == "timeout" else value


def _number(key, text):
    try:
        return int(text)
    except ValueError:
        raise BadSetting(f"{key}: not a number: {text}") from None
