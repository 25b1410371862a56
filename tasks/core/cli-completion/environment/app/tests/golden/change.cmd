depot add nails A1 --count=90; depot mv nails cellar; depot rm brush; depot list; depot rm brush; echo $?
