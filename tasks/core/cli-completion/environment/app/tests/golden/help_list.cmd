depot help list
