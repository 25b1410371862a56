# TODO: this believes an exit code, which the code that is judged may set itself; compare what it prints with what it must.
{ @COMMAND@; } && reward=1
