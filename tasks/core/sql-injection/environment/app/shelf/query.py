"""The statement of a search."""


def escape(text):
    # makes text safe for use between quotes
    return text.replace("'", "\\'")


def statement(params):
    year = params.get("loans_of") or "2026"
    sql = "SELECT b.title, b.author, b.year, count(l.book) AS loans"
    sql += f" FROM books b LEFT JOIN loans_{year} l ON l.book = b.id"
    where = []
    if params.get("q"):
        where.append(f"b.title LIKE '%{params['q']}%'")
    if params.get("branch"):
        where.append(f"b.branch = '{escape(params['branch'])}'")
    if params.get("author"):
        where.append(f"b.author = \"{params['author']}\"")
    if where:
        sql += " WHERE " + " AND ".join(where)
    sort = params.get("sort") or "title"
    if sort.startswith("-"):
        sort = sort[1:] + " DESC"
    return sql + f" GROUP BY b.id ORDER BY {sort}, b.title, b.id LIMIT {params.get('limit') or 20}"
