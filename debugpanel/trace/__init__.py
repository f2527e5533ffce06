"""What a trace is: the data type in the middle, its context, its limits and its stored form."""
