# sections: their names, each once, in order
kind($0) == "section" && !(name($0) in seen) { seen[name($0)] = 1; print name($0) }
