"""The statement of a search, and its values."""

from .errors import BadRequest

YEARS = ("2024", "2025", "2026")
COLUMNS = {"title": "b.title", "author": "b.author", "year": "b.year", "loans": "loans"}


def statement(params):
    """Names in the statement are ours alone; whatever comes from outside is a value."""
    values = []
    year = params.get("loans_of") or "2026"
    if year not in YEARS:
        raise BadRequest(f"loans_of: {year}")
    sql = "SELECT b.title, b.author, b.year, count(l.book) AS loans"
    sql += f" FROM books b LEFT JOIN loans_{year} l ON l.book = b.id"
    where = []
    if params.get("q"):
        where.append(r"b.title LIKE ? ESCAPE '\'")
        values.append("%" + params["q"].replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%")
    for key in ("branch", "author"):
        if params.get(key):
            where.append(f"b.{key} = ?")
            values.append(params[key])
    if where:
        sql += " WHERE " + " AND ".join(where)
    sort = params.get("sort") or "title"
    column = COLUMNS.get(sort.removeprefix("-"))
    if column is None:
        raise BadRequest(f"sort: {sort}")
    limit = params.get("limit") or "20"
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= 100):
        raise BadRequest(f"limit: {limit}")
    values.append(int(limit))
    return sql + f" GROUP BY b.id ORDER BY {column}{' DESC' if sort[0] == '-' else ''}, b.title, b.id LIMIT ?", values
