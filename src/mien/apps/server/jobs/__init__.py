"""Work that outlives a request: jobs are stored, run one after another, resumed after a kill."""
