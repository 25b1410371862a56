python3 -I /tests/run.py "$work" @MODE@ @TESTS@ && reward=1
