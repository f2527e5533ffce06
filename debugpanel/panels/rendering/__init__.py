"""What panels share: numbers in words, coloured code, the tree of a trace's spans."""
