from contextvars import ContextVar

inside_work: ContextVar[bool] = ContextVar("inside_work", default=False)
"""True while a unit of work is open: the door to the network refuses to be used then."""
