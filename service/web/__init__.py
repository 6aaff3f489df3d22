"""Pages for people: what a browser shows of the service, from files in this package alone."""
