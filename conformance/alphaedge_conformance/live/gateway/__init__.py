"""What a gateway does to requests and answers: the mock stands behind it, the kit speaks to it."""
