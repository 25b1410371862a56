"""CSV in and out."""

import csv
import io

from . import refs


def read(file, corner):
    """The texts of a CSV file, by cell, the first one at the corner. What begins with = is a text here, not a formula."""
    row, column = refs.position(corner)
    texts = {}
    for down, fields in enumerate(csv.reader(file)):
        for right, field in enumerate(fields):
            text = field.strip()
            texts[refs.name_at(row + down, column + right)] = "'" + text if text.startswith("=") else text
    return texts


def write(sheet, area):
    """What the cells of a range show, as CSV."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    for names in refs.cells(area):
        writer.writerow([sheet.shown(name) for name in names])
    return file.getvalue()
