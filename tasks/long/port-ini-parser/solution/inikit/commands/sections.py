"""sections: their names, each once, in order"""

from ..common import walk


def run(args, lines):
    return list(dict.fromkeys(at for _, _, what, at in walk(lines) if what == "section")), 0
