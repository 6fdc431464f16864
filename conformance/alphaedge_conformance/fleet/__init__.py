"""Many targets, again and again: judged on any executor, kept in a history, and what has changed since.

`lanes` reads targets.toml; `work` is what a worker does with some targets, and `coordinator` hands that out to the
`workers`; `settling` says which changes are news; `history` keeps it all, and `changes`, `page`, `openmetrics`, `ctrf`
and `statement` show it.
"""
