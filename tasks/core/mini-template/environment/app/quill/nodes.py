"""The tree of a template."""

from .errors import TemplateError


def escape(text):
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("&", "&amp;")


FILTERS = {"upper": str.upper, "raw": str}


class Node:
    def __init__(self, token):
        self.token = token

    def fail(self, why):
        raise TemplateError(why, self.token.line, self.token.column)

    def look_up(self, name, data):
        value = data
        for part in name.split("."):
            if not isinstance(value, dict) or part not in value:
                self.fail(f"there is no {name}")
            value = value[part]
        return value


class Text(Node):
    def render(self, data):
        return self.token.text


class Value(Node):
    def __init__(self, token, name, filters):
        super().__init__(token)
        self.name = name
        self.filters = filters

    def render(self, data):
        value = self.look_up(self.name, data)
        text = "" if value is None else str(value)
        for name in self.filters:
            text = FILTERS[name](text)
        return text if "raw" in self.filters else escape(text)


class Block(Node):
    """The root, and what the others have in common."""

    def __init__(self, token):
        super().__init__(token)
        self.children = []

    def render(self, data):
        return "".join(child.render(data) for child in self.children)


class If(Block):
    def __init__(self, token, name, negated):
        super().__init__(token)
        self.name = name
        self.negated = negated
        self.otherwise = None

    def render(self, data):
        if bool(self.look_up(self.name, data)) != self.negated:
            return super().render(data)
        return self.otherwise.render(data) if self.otherwise else ""


class For(Block):
    def __init__(self, token, variable, name):
        super().__init__(token)
        self.variable = variable
        self.name = name

    def render(self, data):
        found = []
        for value in self.look_up(self.name, data):
            data[self.variable] = value
            found.append(super().render(data))
        return "".join(found)
