depot list; depot list --format csv --shelf cellar --shelf A1; depot check
