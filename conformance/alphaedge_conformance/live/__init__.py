"""Traffic judged as it passes: a proxy between clients and a server, and the mock behind a gateway."""
