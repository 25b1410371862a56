depot complete li; depot complete move b
