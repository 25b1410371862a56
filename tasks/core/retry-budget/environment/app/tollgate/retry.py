"""How often and when a call is made again: docs/retry.md."""


class Budget:
    pass


class Retry:
    pass
