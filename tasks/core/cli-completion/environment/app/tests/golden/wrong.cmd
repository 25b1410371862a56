depot fly; echo $?; depot list --format xml; depot move a; depot add a b --size 3; depot
