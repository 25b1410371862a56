#!/bin/bash
set -eu
cp /solution/query.py shelf/query.py
sed -i 's/db.execute(statement(params))/db.execute(*statement(params))/' shelf/app.py
cat >shelf/words.py <<'EOF'
"""What people search for."""


def note(db, word):
    db.execute("INSERT INTO searches VALUES (?)", (word,))


def often(db):
    """The five most frequent searches, with their counts."""
    sql = "SELECT word, count(*) FROM searches GROUP BY word ORDER BY count(*) DESC, word LIMIT 5"
    return [tuple(row) for row in db.execute(sql)]
EOF
sed -i "s/reader = '%s' AND name = '%s'\" % (reader, name))/reader = ? AND name = ?\", (reader, name))/" shelf/saved.py
cat >>tests/test_shelf.py <<'EOF'

    def test_what_is_typed_is_text(self):
        for key, value, want in [("q", "100%", 1), ("q", "_", 1), ("branch", "St. Mary's", 2), ("author", "Flann O'Brien", 1), ("author", "title", 0)]:
            self.assertEqual(len(app.handle(self.db, {key: value})), want, value)
        self.assertEqual(len(words.often(self.db)), 2)
EOF
